import type { Pool } from "pg";
import { boundedMap } from "../../bounded-map.ts";
import { type PassageText, readKnowledgeState, readPassageTexts } from "../../db/knowledge/passages.ts";
import type { MatchedTerm } from "../ranking/explain.ts";
import { fuse } from "../ranking/fuse.ts";
import type { SearchOutcome, SiteIndex } from "../ranking/site-index.ts";
import { leastSureness } from "../ranking/sureness.ts";
import { SiteKnowledge } from "./site-knowledge.ts";
import type { SimilarPassage, VectorSearch } from "./vector-search.ts";

/** Sites whose index a process keeps; the least used one leaves memory. */
const maxSites = 50;
/** Passages that are ranked beside the wanted ones, as some may have been removed since. */
const spares = 5;
/** Passages that are ranked where those of one language are wanted. */
const ofOneLanguage = 200;

interface Question {
  siteId: string;
  /** The last message. */
  question: string;
  /** Messages before it: a second query holds them too, and its results are fused by rank. */
  earlier?: readonly string[] | undefined;
  /** Assistant that answers: sources may be for some alone. */
  assistant?: string | undefined;
  /** Only documents in this language. */
  language?: string | undefined;
  limit: number;
}

export interface FoundPassage extends PassageText {
  /** 1 for the best one. */
  rank: number;
  /** Words of the question that it has. */
  why: MatchedTerm[];
  /** Cosine of its vector and that of the question, if it is among the most similar ones. */
  similarity?: number;
}

interface Retrieval {
  /** False if there are none that the assistant may quote, whatever the question. */
  hasPassages: boolean;
  /** Best first. */
  passages: FoundPassage[];
  /** Estimate that the first one answers the question; see `leastSureness`. */
  sureness: number;
}

/** An answer that the owner has written goes first from this place on: pages often repeat the words of a question more. */
const answerPlaces = 3;

/** Finds passages of a site's knowledge. One per process; it holds the indexes of the sites that are asked for. */
export class KnowledgeSearch {
  readonly #pool: Pool;
  readonly #vectors: VectorSearch | undefined;
  readonly #sites = boundedMap<SiteKnowledge>(maxSites);

  /** @param vectors finds passages by their meaning, too; `undefined` without an embeddings endpoint */
  constructor(pool: Pool, vectors?: VectorSearch) {
    this.#pool = pool;
    this.#vectors = vectors;
  }

  /** True if the site's index is in memory, or on its way. */
  isLoaded(siteId: string): boolean {
    return this.#sites.has(siteId);
  }

  /** Finds what can be quoted now: new passages from their commit on, removed ones no more from theirs. */
  async find({ siteId, question, earlier = [], assistant, language, limit }: Question): Promise<Retrieval> {
    const { revision, sources } = await readKnowledgeState(this.#pool, siteId, assistant);
    if (revision === "0") return { hasPassages: false, passages: [], sureness: 0 };
    const site = this.#sites.get(siteId) ?? new SiteKnowledge(this.#pool, siteId);
    this.#sites.set(siteId, site);
    const ranked = language === undefined ? limit + spares : ofOneLanguage;
    const queries = earlier.length === 0 ? [question] : [question, [...earlier, question].join("\n")];
    // They are asked for while the index is loaded and searched.
    const finding = this.#vectors?.find({ siteId, revision, queries, sources, limit: ranked }) ?? [];
    const index = await site.at(revision);
    const options = { limit: ranked, explain: true, ...(sources && { sources }) };
    const outcomes = queries.map((query) => index.search(query, options));
    const similar = await finding;
    const ids = rank(index, outcomes, similar);
    const reasons = new Map(outcomes.flatMap(({ matches }) => matches).map(({ id, why = [] }) => [`${id}`, why]));
    const similarities = new Map(similar.flat().map(({ id, similarity }) => [`${id}`, similarity]));
    const texts = await readPassageTexts(this.#pool, siteId, { ids: ids.map(String), assistant, language });
    const byId = new Map(texts.map((passage) => [passage.id, passage]));
    const passages = answersFirst(ids.flatMap((id) => byId.get(`${id}`) ?? [])).slice(0, limit);
    return {
      hasPassages: index.size > 0 && sources?.length !== 0,
      passages: passages.map((passage, at) => {
        const similarity = similarities.get(passage.id);
        const why = reasons.get(passage.id) ?? [];
        return { ...passage, rank: at + 1, why, ...(similarity !== undefined && { similarity }) };
      }),
      sureness: outcomes[0]?.sureness ?? 0,
    };
  }
}

/**
 * Fuses what words and vectors found, by rank. A passage that its words make sure of stays the first: vectors hardly tell an
 * order number from another.
 */
function rank(index: SiteIndex, outcomes: readonly SearchOutcome[], similar: readonly SimilarPassage[][]): number[] {
  const matched = outcomes.map(({ matches }) => matches.map(({ id }) => id));
  const fused = fuse([...matched, ...similar.map((list) => list.map(({ id }) => id))]);
  if (similar.length === 0) return fused;
  const ids = index.dropCopies(fused, new Set(matched.flat()));
  const sure = (outcomes[0]?.sureness ?? 0) >= leastSureness ? outcomes[0]?.matches[0]?.id : undefined;
  return sure === undefined ? ids : [sure, ...ids.filter((id) => id !== sure)];
}

function answersFirst(passages: readonly PassageText[]): PassageText[] {
  return [...passages.filter(isAnswer), ...passages.filter((passage, at) => !isAnswer(passage, at))];
}

function isAnswer({ kind }: PassageText, at: number): boolean {
  return kind === "question" && at < answerPlaces;
}
