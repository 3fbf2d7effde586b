import type { Citation } from "../../../shared/db/replies/citations.ts";
import { splitSentences } from "../../../shared/knowledge/passages/sentences.ts";
import type { FoundPassage } from "../../../shared/knowledge/retrieval/knowledge-search.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";
import { nothingFound } from "./atoms.ts";
import { pickQuote } from "./pick-sentences.ts";
import { rootsOf } from "./roots.ts";
import { addressOfQuote } from "./text-fragment.ts";

/** Citations that a reply can have; later ones are dropped. */
const maxCitations = 200;
/** UTF-16 units in which the beginning of a sentence is looked for. */
const maxSentenceUnits = 4000;
const maxTitleChars = 300;
const wordCharacter = /[\p{L}\p{N}]/u;

/** Citations of one reply, as they are found in its growing text. Ranges are sorted, and never overlap. */
export class Citations {
  readonly #passages: readonly FoundPassage[];
  readonly #all: Citation[] = [];
  /** Passages in the order of their first citation. */
  readonly #cited: string[] = [];
  /** UTF-16 units of the text up to the end of the last citation. */
  #end = 0;
  #claim = "";
  #saysNothingFound = false;

  /** @param passages in the order of their numbers in the prompt */
  constructor(passages: readonly FoundPassage[]) {
    this.#passages = passages;
  }

  get all(): readonly Citation[] {
    return this.#all;
  }

  /** True if the reply says that the passages do not hold the answer, and rests on none of them. */
  get isUnanswered(): boolean {
    return this.#saysNothingFound && this.#all.length === 0;
  }

  /**
   * @param text the reply, at least up to the place
   * @returns the citation, unless it is none or repeats the last one
   */
  add({ number, units, bytes }: AtomPlace, text: string): Citation | undefined {
    if (number === nothingFound) this.#saysNothingFound = true;
    const passage = number === nothingFound ? undefined : this.#passages[number - 1];
    const end = this.#end + text.slice(this.#end, units).trimEnd().length;
    if (passage === undefined || end === 0 || this.#all.length === maxCitations) return undefined;
    const ends = bytes - Buffer.byteLength(text.slice(end, units));
    if (this.#all.some((other) => other.ends === ends && other.passageId === passage.id)) return undefined;
    const begin = this.#beginOf(text, end);
    if (begin < end) this.#claim = text.slice(begin, end);
    this.#end = end;
    const citation = this.#describe(passage, { begins: ends - Buffer.byteLength(text.slice(begin, end)), ends });
    this.#all.push(citation);
    return citation;
  }

  /** Beginning of the sentence that ends at a place, or the end of the citation before it. */
  #beginOf(text: string, end: number): number {
    let from = Math.max(this.#end, end - maxSentenceUnits);
    if (from > this.#end && /[\udc00-\udfff]/.test(text.charAt(from))) from += 1;
    const piece = text.slice(from, end);
    if (!wordCharacter.test(piece)) return end;
    return (
      from +
      (splitSentences(piece).findLast((span) => wordCharacter.test(piece.slice(span.start, span.end)))?.start ?? 0)
    );
  }

  #describe(passage: FoundPassage, place: { begins: number; ends: number }): Citation {
    const { id: passageId, sourceId, title, heading, url } = passage;
    if (!this.#cited.includes(passageId)) this.#cited.push(passageId);
    const quote = quoteOf(passage, this.#claim);
    return {
      n: this.#cited.indexOf(passageId) + 1,
      passageId,
      sourceId,
      title: (title || heading).slice(0, maxTitleChars).toWellFormed(),
      url: addressOfQuote(url, quote),
      quote,
      ...place,
    };
  }
}

/** A claim in another language than the passage shares no words with it: then the question's words lead to the sentence. */
function quoteOf({ text, why }: FoundPassage, claim: string): string {
  const wanted = rootsOf(claim);
  const has = [...rootsOf(text)].some((root) => wanted.has(root));
  return pickQuote(text, has ? wanted : rootsOf(why.flatMap(({ words }) => words).join(" ")));
}
