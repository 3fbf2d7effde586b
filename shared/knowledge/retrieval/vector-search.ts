import { BrokenCircuitError, circuitBreaker, ConsecutiveBreaker, handleWhen } from "cockatiel";
import type { Pool } from "pg";
import { atMostEvery } from "../../async/at-most-every.ts";
import { within } from "../../async/within.ts";
import { boundedMap } from "../../bounded-map.ts";
import { readNearPassages, readSiteModel, type SiteModel } from "../../db/knowledge/similar-passages.ts";
import type { Logger } from "../../logger.ts";
import { similarWithinMs } from "../../tunables.ts";
import type { Embed } from "../embeddings/embedding-client.ts";
import { isRefused } from "../embeddings/embedding-error.ts";
import { cosine, toBitCode } from "../embeddings/vectors.ts";

/** Passages whose vectors are compared exactly: the nearest ones by their codes. */
const compared = 100;
/** Questions whose vectors a process keeps: 2 MB with 1,024 numbers. */
const keptQuestions = 500;
/** Characters of a question, its end: models take some thousand tokens. */
const maxChars = 4000;
/** Timeout of a request. One that is too late for its own search serves the next one with the same question. */
const requestMs = 2000;
/** Searches in a row without vectors in time, after which searches do not wait for them, and for how long. */
const failuresInARow = 5;
const circuitMs = 30_000;
const logEveryMs = 60_000;

export interface SimilarPassage {
  id: number;
  /** Cosine of its vector and that of the question: 1 for the same meaning. */
  similarity: number;
}

interface SimilarTo {
  siteId: string;
  queries: readonly string[];
  /** Null: all. */
  sources: readonly string[] | null;
  limit: number;
}

interface VectorSearchOptions {
  pool: Pool;
  embed: Embed;
  log: Logger;
  /** Time that a search takes at most. */
  withinMs?: number;
}

/** Finds passages by vectors, as long as the embeddings endpoint answers in time. A search never waits longer. */
export class VectorSearch {
  readonly #pool: Pool;
  readonly #embed: Embed;
  readonly #log: Logger;
  readonly #withinMs: number;
  readonly #mayLog = atMostEvery(logEveryMs);
  readonly #vectors = boundedMap<Float32Array>(keptQuestions);
  readonly #circuit = circuitBreaker(
    handleWhen((error) => !isRefused(error)),
    { breaker: new ConsecutiveBreaker(failuresInARow), halfOpenAfter: circuitMs },
  );

  constructor({ pool, embed, log, withinMs = similarWithinMs }: VectorSearchOptions) {
    this.#pool = pool;
    this.#embed = embed;
    this.#log = log;
    this.#withinMs = withinMs;
  }

  /** @returns a list for each query, the most similar first; none if they did not come in time. It never rejects. */
  async find(to: SimilarTo): Promise<SimilarPassage[][]> {
    try {
      return await this.#circuit.execute(() => within(this.#withinMs, this.#search(to)));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError) && this.#mayLog())
        this.#log.warn({ err: error }, "no vectors of a question in time; its words alone are searched for");
      return [];
    }
  }

  async #search({ siteId, queries, sources, limit }: SimilarTo): Promise<SimilarPassage[][]> {
    const model = await readSiteModel(this.#pool, siteId);
    if (!model) return [];
    const vectors = await this.#vectorsOf(queries, model);
    return Promise.all(
      vectors.map(async (vector) => {
        const nearest = { siteId, modelId: model.id, code: toBitCode(vector), sources, limit: compared };
        const near = await readNearPassages(this.#pool, nearest);
        const passages = near.map(({ passageId, textHash, vector: packed }) => {
          return { id: Number(passageId), text: textHash.toString("hex"), similarity: cosine(vector, packed) };
        });
        return eachTextOnce(passages.toSorted((a, b) => b.similarity - a.similarity || a.id - b.id)).slice(0, limit);
      }),
    );
  }

  async #vectorsOf(queries: readonly string[], { id, name, dimensions }: SiteModel): Promise<Float32Array[]> {
    const texts = queries.map((query) => query.slice(-maxChars).toWellFormed());
    const missing = [...new Set(texts)].filter((text) => !this.#vectors.has(`${id} ${text}`));
    if (missing.length > 0) {
      const signal = AbortSignal.timeout(requestMs);
      const vectors = await this.#embed(missing, { model: { name, dimensions }, signal });
      for (const [at, vector] of vectors.entries()) this.#vectors.set(`${id} ${missing[at] ?? ""}`, vector);
    }
    return texts.flatMap((text) => this.#vectors.get(`${id} ${text}`) ?? []);
  }
}

function eachTextOnce(passages: readonly (SimilarPassage & { text: string })[]): SimilarPassage[] {
  const texts = new Set<string>();
  return passages.flatMap(({ text, ...passage }) => (texts.size < texts.add(text).size ? passage : []));
}
