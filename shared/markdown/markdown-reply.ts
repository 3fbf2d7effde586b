import { BlockReader } from "./block-reader.ts";
import { renderBlocks, type MarkdownContext } from "./render-blocks.ts";
import { plainText } from "./plain-text.ts";

/** One reply in its visible form and in its spoken form, which may be further ahead. */
export class MarkdownReply {
  readonly #shown = new BlockReader();
  readonly #spoken = new BlockReader();

  /** @returns a value that lit renders */
  render(text: string, whole: boolean, context: MarkdownContext): unknown {
    return renderBlocks(this.#shown.read(text, whole), context);
  }

  plainText(text: string, whole: boolean): string {
    return this.#spoken.read(text, whole).map(plainText).join("\n");
  }
}
