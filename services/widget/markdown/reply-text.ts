import { BlockReader } from "./block-reader.ts";
import { renderBlocks, type MarkdownContext } from "./markdown.ts";
import { plainText } from "./plain-text.ts";

/** One reply: as it is shown, and as it is read aloud, which may be further on. */
export class ReplyText {
  readonly #shown = new BlockReader();
  readonly #spoken = new BlockReader();

  /** @returns what lit shows */
  render(text: string, whole: boolean, context: MarkdownContext): unknown {
    return renderBlocks(this.#shown.read(text, whole), context);
  }

  plain(text: string, whole: boolean): string {
    return this.#spoken.read(text, whole).map(plainText).join("\n");
  }
}
