/** What a reply is made of, as its text says. */
export type Block =
  | { readonly type: "paragraph"; readonly inline: readonly Inline[] }
  | { readonly type: "heading"; readonly depth: number; readonly inline: readonly Inline[] }
  | { readonly type: "code"; readonly language: string; readonly text: string }
  | { readonly type: "quote"; readonly blocks: readonly Block[] }
  | { readonly type: "list"; readonly start: number | undefined; readonly items: readonly ListItem[] }
  | { readonly type: "table"; readonly head: readonly Cell[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly type: "rule" };

/** A block, and the number of the line after it. */
export interface Parsed {
  readonly block: Block;
  readonly end: number;
}

export interface ListItem {
  /** Of a list of tasks: whether it is done. */
  readonly done: boolean | undefined;
  readonly blocks: readonly Block[];
}

export interface Cell {
  readonly align: "left" | "center" | "right" | undefined;
  readonly inline: readonly Inline[];
}

export type Inline =
  | string
  | { readonly type: "strong" | "em" | "del"; readonly inline: readonly Inline[] }
  | { readonly type: "code"; readonly text: string }
  /** Its address is as it was written: whoever makes a link of it checks where it leads. */
  | { readonly type: "link"; readonly href: string; readonly inline: readonly Inline[] }
  | { readonly type: "break" };
