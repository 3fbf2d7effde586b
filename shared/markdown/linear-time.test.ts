import { readdir, readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { analyse } from "scslre";
import { describe, expect, it } from "vitest";
import { countReads } from "./testing/counted-reads.ts";

const folders = [".", "inline"].map((name) => fileURLToPath(new URL(name, import.meta.url)));

/** Fragments whose repetition makes a naive reader look ahead, or back, from each of them. */
const fragments = [
  ..."[ ![ ] ( ) < > & ; ` ~ * _ | \\ : . @ # - 1. [a]( [a](< [a](b[ a. a@ a@b. a.b@ *a **a _a ~~a `a`` <a <https:// https:// https://a) www. 好a あ_ **好".split(
    " ",
  ),
  '[a](b "',
  "[a](b '",
  "[a](b (",
  "[[a](b) ",
  "![![a](b)",
  "[a [b](c) ",
  "*a b_ ",
  "a* ",
  "> ",
  "- ",
  "- a\n",
  "- a\n  ",
  "- a\n\n",
  "1. a\n",
  "> a\n",
  "|a",
  "|a\n",
  "|-",
  "\n",
  "\n\n",
  " \n",
  "```\n",
  "```a\n",
  "~~~\n```\n",
  "a\n",
  "# a\n",
  "a|b\n",
  "a\\\n",
  "a  \n",
  "&amp;",
  "&#1",
  "`\n",
];
/** Beginnings and ends around the repeated part. */
const frames: readonly (readonly [string, string])[] = [
  ["", ""],
  ["[a](", "x"],
  ["https://a.b/", "x"],
  ["|a|b|\n|-|-|\n", "x"],
  ["- a\n\n  ", "\nx"],
  ["# ", " #x"],
  ["```", "`"],
  ["~~~", "`"],
];

describe("the Markdown reader", () => {
  it("does at most twice the work for twice the text, whatever is repeated in it", { timeout: 600_000 }, async () => {
    const texts = frames.flatMap(([begin, end]) => fragments.map((part) => ({ begin, part, end })));
    const reads = texts.flatMap(({ begin, part, end }) =>
      [200, 400].flatMap((times) =>
        // The limit of brackets within an address adds a little to the first number.
        [true, false].map((whole) => ({ before: [], text: begin + part.repeat(times) + end, whole })),
      ),
    );
    const counts = await countReads(reads);
    const grown = texts.map((text, index) => {
      const [whole = 0, growing = 0, doubleWhole = 0, doubleGrowing = 0] = counts.slice(4 * index, 4 * index + 4);
      return { text, factor: Math.max(doubleWhole / whole, doubleGrowing / growing) };
    });
    expect(Math.min(...counts)).toBeGreaterThan(0);
    const slow = grown.filter(({ factor }) => factor > 2.25);
    expect(slow.map(({ text, factor }) => JSON.stringify([...Object.values(text), factor]))).toEqual([]);
  });

  it.each([
    ["list", "- a *b* c\n"],
    ["numbered list", "1. a *b* c\n"],
    ["table", "| a *b* c |\n"],
    ["code block", "let a;\n"],
    ["sequence of paragraphs", "a *b* c\n\n"],
    ["list of two levels", "- a\n  - *b*\n"],
  ])("does no more work for the next word of a %s of 300 parts than of 30", async (name, part) => {
    const begin = { table: "| a |\n|---|\n", "code block": "```\n" }[name] ?? "";
    const reads = [30, 300].map((times) => {
      const text = begin + part.repeat(times) + part.slice(0, 4);
      return { before: [text], text: `${text}x`, whole: false };
    });
    const [few = 0, many = 0] = await countReads(reads);
    expect(few).toBeGreaterThan(0);
    expect(many).toBe(few);
  });

  it("has no pattern whose time grows faster than the text", async () => {
    const patterns = (await Promise.all(folders.map(patternsIn))).flat();
    expect(patterns.length).toBeGreaterThan(50);
    const slow = patterns.filter(({ source, flags }) => {
      const { reports } = analyse({ source, flags }, { reportTypes: { Move: false } });
      return reports.length > 0;
    });
    expect(slow).toEqual([]);
  });

  it("would find such a pattern", () => {
    for (const source of ["^a+a+$", "^~{3,} *([^`]*)$", "^\\(\\s*(?:\\s+x)?\\s*\\)"]) {
      expect(analyse({ source, flags: "" }, { reportTypes: { Move: false } }).reports).not.toEqual([]);
    }
  });
});

interface Pattern {
  readonly source: string;
  readonly flags: string;
  readonly file: string;
}

/** A literal behind an operator, a bracket or `return`; a comment begins with two signs. */
const literal = /(?<=[=(,:!&|?[\]>]\s*|return )\/(?![*/])((?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\[\n])+)\/([dgimsuvy]*)/g;

/** Lists the patterns written in a folder's code. */
async function patternsIn(folder: string): Promise<Pattern[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const found = names.map(async (file) => {
    const code = await readFile(`${folder}/${file}`, "utf8");
    return Array.from(code.matchAll(literal), ([, source = "", flags = ""]) => ({ source, flags, file }));
  });
  return (await Promise.all(found)).flat();
}
