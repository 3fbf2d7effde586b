import type { NewPassage } from "../../../shared/db/knowledge/documents.ts";
import { analyzePassage } from "../../../shared/knowledge/analysis/passage-terms.ts";
import { type CutText, cutPassages, cutWhole } from "../../../shared/knowledge/passages/cut-passages.ts";
import { joinHeadings } from "../../../shared/knowledge/passages/sections.ts";
import type { ExtractedLine } from "../extract/extracted-page.ts";

interface IndexedText {
  text: string;
  passages: NewPassage[];
}

/** Cuts a document into passages, and analyses each below its title and its headings. */
export function indexLines(title: string, lines: readonly ExtractedLine[]): IndexedText {
  return analyze(title, cutPassages(lines));
}

/** Makes one passage of an answer, to be found by its question. */
export function indexAnswer(question: string, answer: string): IndexedText {
  return analyze("", cutWhole(question, answer));
}

function analyze(title: string, { text, passages }: CutText): IndexedText {
  const bytes = Buffer.from(text);
  return {
    text,
    passages: passages.map(({ start, end, heading }) => {
      // A page's first heading usually says its title again.
      const path = title === "" || heading.startsWith(title) ? heading : joinHeadings([title, heading].filter(Boolean));
      const terms = analyzePassage(`${path}\n${bytes.toString("utf8", start, end)}`);
      return { begins: start, ends: end, heading: path, terms };
    }),
  };
}
