import { BlockReader } from "./block-reader.ts";
import { renderBlocks, type MarkdownContext } from "./render-blocks.ts";
import { plainText } from "./plain-text.ts";
import { type SourceMark, withMarks } from "./source-marks.ts";

const noMarks: readonly SourceMark[] = [];

/** One reply in its visible form and in its spoken form, which may be further ahead. */
export class MarkdownReply {
  readonly #shown = new BlockReader();
  readonly #spoken = new BlockReader();
  /** The last text, with the numbers of its sources, so that a text at rest costs nothing. */
  #marked: { text: string; whole: boolean; marks: readonly SourceMark[]; result: string } | undefined;

  /** @returns a value that lit renders */
  render(text: string, whole: boolean, context: MarkdownContext): unknown {
    const marks = context.sources?.marks ?? noMarks;
    return renderBlocks(this.#shown.read(this.#withMarks(text, whole, marks), whole), context);
  }

  plainText(text: string, whole: boolean): string {
    return this.#spoken.read(text, whole).map(plainText).join("\n");
  }

  #withMarks(text: string, whole: boolean, marks: readonly SourceMark[]): string {
    const last = this.#marked;
    if (last?.text === text && last.whole === whole && last.marks === marks) return last.result;
    const result = withMarks(text, marks, whole);
    this.#marked = { text, whole, marks, result };
    return result;
  }
}
