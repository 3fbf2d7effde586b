import { SiteAnswer } from "../../../../services/worker/knowledge/site-answer.ts";
import { analyzePassage } from "../../../../shared/knowledge/analysis/passage-terms.ts";
import type { SiteIndex } from "../../../../shared/knowledge/ranking/site-index.ts";
import type { FoundPassage } from "../../../../shared/knowledge/retrieval/knowledge-search.ts";
import type { Collection } from "./collection.ts";
import { loadSiteIndex } from "./searchers.ts";

/** Passages that replies are made from. */
const limit = 6;

interface Answered {
  /** Percent of the questions that get a reply without a model while the right passage is there. */
  answered: number;
  /** Percent that get one after the right passage was removed: false answers. */
  falsely: number;
}

/** Asks each question twice, with the right passage and without. Questions have one right passage. */
export async function measureWithoutModel({ passages, questions }: Collection): Promise<Answered> {
  const index = await loadSiteIndex({ passages });
  const texts = new Map(passages.map(({ id, text }) => [id, text]));
  const counts = { answered: 0, falsely: 0 };
  for (const question of questions) if (isAnswered(index, texts, question.text)) counts.answered++;
  for (const { id, text } of passages) {
    index.remove(id);
    for (const question of questions)
      if (question.right.has(id) && isAnswered(index, texts, question.text)) counts.falsely++;
    index.add({ id, source: "bench", terms: analyzePassage(text) });
  }
  const percent = (count: number) => (count / questions.length) * 100;
  return { answered: percent(counts.answered), falsely: percent(counts.falsely) };
}

/** True if a worker without a model answers the question. */
function isAnswered(index: SiteIndex, texts: ReadonlyMap<number, string>, question: string): boolean {
  const { matches, sureness } = index.search(question, { limit, explain: true });
  const found = matches.map(({ id, why = [] }, at): FoundPassage => {
    const text = texts.get(id) ?? "";
    const of = {
      documentId: "",
      sourceId: "",
      kind: "text",
      url: "",
      title: null,
      language: null,
      heading: "",
    } as const;
    return { ...of, id: `${id}`, begins: 0, ends: Buffer.byteLength(text), text, rank: at + 1, why };
  });
  return new SiteAnswer(question, found, sureness).quoting() !== undefined;
}
