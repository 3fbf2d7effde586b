/** Syntax tree of a reply. */
export type Block =
  | { readonly type: "paragraph"; readonly inline: readonly Inline[] }
  | { readonly type: "heading"; readonly depth: number; readonly inline: readonly Inline[] }
  | { readonly type: "code"; readonly language: string; readonly text: string }
  | { readonly type: "quote"; readonly blocks: readonly Block[] }
  | { readonly type: "list"; readonly start: number | undefined; readonly items: readonly ListItem[] }
  | { readonly type: "table"; readonly head: readonly Cell[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly type: "rule" };

export interface ListItem {
  /** State of a task in a task list. */
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
  /** The address is unchecked, as written: the renderer of a link checks its target. */
  | { readonly type: "link"; readonly href: string; readonly inline: readonly Inline[] }
  | { readonly type: "break" }
  /** Number of a source that the text before it rests on. */
  | { readonly type: "source"; readonly n: number };
