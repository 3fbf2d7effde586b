import { BrokenCircuitError, circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen } from "cockatiel";
import { LRUCache } from "lru-cache";
import type { Pool } from "pg";
import { atMostEvery } from "../../async/at-most-every.ts";
import { within } from "../../async/within.ts";
import { boundedMap } from "../../bounded-map.ts";
import { readPassageVectors, readSiteModel, type SiteModel } from "../../db/knowledge/similar-passages.ts";
import type { Logger } from "../../logger.ts";
import { similarWithinMs } from "../../tunables.ts";
import { isNoOutage } from "../embeddings/embedding-error.ts";
import type { EmbedForSite } from "../embeddings/metered-embeddings.ts";
import { cosine, toCodeBytes } from "../embeddings/vectors.ts";
import type { CodeTable } from "./code-table.ts";
import { SiteCodes } from "./site-codes.ts";

/** Passages whose vectors are compared exactly: the nearest ones by their codes. */
const compared = 100;
/**
 * Bytes of the codes that a process keeps: 450,000 passages of 1,024 numbers. The least used sites leave memory. A site that
 * needs more is searched by words alone: a scan of its codes would take half of the time that a search has.
 */
const maxCodeBytes = 64 * 2 ** 20;
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
  /** Newest revision of the site. */
  revision: string;
  queries: readonly string[];
  /** Null: all. */
  sources: readonly string[] | null;
  limit: number;
}

interface VectorSearchOptions {
  pool: Pool;
  embed: EmbedForSite;
  log: Logger;
  /** Told when the process stops asking the endpoint, and when it asks again. */
  onCircuit?: ((isOpen: boolean) => void) | undefined;
  /** Time that a search takes at most. */
  withinMs?: number | undefined;
}

/** Finds passages by vectors, as long as the embeddings endpoint answers in time. A search never waits longer. */
export class VectorSearch {
  readonly #pool: Pool;
  readonly #embed: EmbedForSite;
  readonly #log: Logger;
  readonly #withinMs: number;
  readonly #mayLog = atMostEvery(logEveryMs);
  readonly #vectors = boundedMap<Float32Array>(keptQuestions);
  readonly #codes = new LRUCache<string, SiteCodes>({
    maxSize: maxCodeBytes,
    sizeCalculation: ({ bytes }) => Math.max(bytes, 1),
  });
  readonly #circuit = circuitBreaker(
    handleWhen((error) => !isNoOutage(error)),
    { breaker: new ConsecutiveBreaker(failuresInARow), halfOpenAfter: circuitMs },
  );

  constructor({ pool, embed, log, onCircuit, withinMs = similarWithinMs }: VectorSearchOptions) {
    this.#pool = pool;
    this.#embed = embed;
    this.#log = log;
    this.#withinMs = withinMs;
    this.#circuit.onStateChange((state) => onCircuit?.(state === CircuitState.Open));
  }

  /** @returns a list for each query, the most similar first; none if they did not come in time. It never rejects. */
  async find(to: SimilarTo): Promise<SimilarPassage[][]> {
    try {
      return await within(this.#withinMs, this.#search(to));
    } catch (error) {
      if (!(error instanceof BrokenCircuitError) && this.#mayLog())
        this.#log.warn({ err: error }, "no vectors of a question in time; its words alone are searched for");
      return [];
    }
  }

  async #search(to: SimilarTo): Promise<SimilarPassage[][]> {
    const model = await readSiteModel(this.#pool, to.siteId);
    if (!model) return [];
    // The endpoint alone opens the circuit: a process that loads a site's codes is late once.
    const asking = this.#circuit.execute(() => within(this.#withinMs, this.#vectorsOf(to, model)));
    const [vectors, codes] = await Promise.all([asking, this.#codesOf(to, model)]);
    if (!codes) throw new Error(`the vectors of ${to.siteId} need more memory than ${maxCodeBytes / 2 ** 20} MB`);
    return Promise.all(vectors.map((vector) => this.#nearest(vector, codes, { ...to, modelId: model.id })));
  }

  async #codesOf({ siteId, revision }: SimilarTo, model: SiteModel): Promise<CodeTable | undefined> {
    const known = this.#codes.get(siteId);
    const options = { siteId, modelId: model.id, maxBytes: maxCodeBytes };
    const codes = known?.modelId === model.id ? known : new SiteCodes(this.#pool, options);
    this.#codes.set(siteId, codes);
    const table = await codes.at({ revision, embedded: model.revision });
    // Set again, it is measured again.
    if (this.#codes.peek(siteId) === codes) this.#codes.set(siteId, codes);
    return table;
  }

  /** Compares all codes, and of the nearest passages their vectors. */
  async #nearest(
    vector: Float32Array,
    codes: CodeTable,
    { siteId, modelId, sources, limit }: SimilarTo & { modelId: number },
  ): Promise<SimilarPassage[]> {
    const ids = await codes.nearest(toCodeBytes(vector), { sources: sources ?? undefined, limit: compared });
    const near = await readPassageVectors(this.#pool, { siteId, modelId, ids });
    const passages = near.map(({ passageId, textHash, vector: packed }) => {
      return { id: Number(passageId), text: textHash.toString("hex"), similarity: cosine(vector, packed) };
    });
    return eachTextOnce(passages.toSorted((a, b) => b.similarity - a.similarity || a.id - b.id)).slice(0, limit);
  }

  async #vectorsOf({ siteId, queries }: SimilarTo, { id, name, dimensions }: SiteModel): Promise<Float32Array[]> {
    const texts = queries.map((query) => query.slice(-maxChars).toWellFormed());
    const missing = [...new Set(texts)].filter((text) => !this.#vectors.has(`${id} ${text}`));
    if (missing.length > 0) {
      const signal = AbortSignal.timeout(requestMs);
      const vectors = await this.#embed(missing, { siteId, model: { name, dimensions }, signal });
      for (const [at, vector] of vectors.entries()) this.#vectors.set(`${id} ${missing[at] ?? ""}`, vector);
    }
    return texts.flatMap((text) => this.#vectors.get(`${id} ${text}`) ?? []);
  }
}

function eachTextOnce(passages: readonly (SimilarPassage & { text: string })[]): SimilarPassage[] {
  const texts = new Set<string>();
  return passages.flatMap(({ text, ...passage }) => (texts.size < texts.add(text).size ? passage : []));
}
