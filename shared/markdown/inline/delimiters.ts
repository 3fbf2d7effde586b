import { isEastAsian, isPunctuationMark, visibleAfter, visibleBefore } from "./characters.ts";
import type { Delimiter } from "./emphasis.ts";

const run = /\*+|_+|~+/y;

/**
 * Reads a run of `*`, `_` or `~` by CommonMark's rules, with one addition for scripts without spaces: punctuation
 * beside an East Asian character does not keep a run from opening or closing. So `**注意：**请` is bold, and
 * `**Note:**text` is not.
 * @returns the run's marks if they mean nothing
 */
export function readDelimiter(text: string, at: number, open: boolean): Delimiter | string | undefined {
  run.lastIndex = at;
  const [marks] = run.exec(text) ?? [];
  if (marks === undefined) return undefined;
  const end = at + marks.length;
  const last = open && end === text.length;
  if (marks.startsWith("~") && marks.length !== 2) return last ? "" : marks;
  const [before, after] = [visibleBefore(text, at), visibleAfter(text, end)];
  const [spaceBefore, spaceAfter] = [/\s/.test(before), /\s/.test(after)];
  const [markBefore, markAfter] = [isPunctuationMark(before), isPunctuationMark(after)];
  const [easternBefore, easternAfter] = [isEastAsian(before), isEastAsian(after)];
  const left = !spaceAfter && (!markAfter || easternAfter || spaceBefore || markBefore || easternBefore);
  const right = !spaceBefore && (!markBefore || easternBefore || spaceAfter || markAfter || easternAfter);
  const inWord = marks.startsWith("_");
  return {
    type: "delimiter",
    marks,
    opens: left && (!inWord || !right || markBefore),
    closes: right && (!inWord || !left || markAfter),
    last,
  };
}
