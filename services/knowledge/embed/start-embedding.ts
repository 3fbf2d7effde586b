import type { Pool } from "pg";
import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import { exponentialBackoffMs } from "../../../shared/async/backoff.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { pause } from "../../../shared/async/pause.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import {
  type ClaimedPassage,
  claimPassages,
  completeSite,
  readKnownVectors,
  readSitesToEmbed,
  releasePassages,
  type SiteToEmbed,
  storeVectors,
} from "../../../shared/db/knowledge/embedding-work.ts";
import { dropUnusedVectors } from "../../../shared/db/knowledge/vector-garbage.ts";
import type { EmbeddingModel } from "../../../shared/knowledge/embeddings/embedding-client.ts";
import { EmbeddingError } from "../../../shared/knowledge/embeddings/embedding-error.ts";
import type { EmbedForSite } from "../../../shared/knowledge/embeddings/metered-embeddings.ts";
import { codeOfPacked, packVector } from "../../../shared/knowledge/embeddings/vectors.ts";
import type { Logger } from "../../../shared/logger.ts";
import { embedPassagesMs, vectorGraceMs } from "../../../shared/tunables.ts";
import { embedTexts } from "./embed-texts.ts";
import { ModelHold } from "./model-hold.ts";

/** Passages claimed at once. */
const passagesAtOnce = 32;
/** Interval at which a process looks for passages without a vector. */
const lookEveryMs = 1000;
/** Pause after a failure: 2, 4, 8 … seconds, a minute at most, unless the endpoint asks for more. */
const failurePause = { firstMs: 2000, longestMs: 60_000 };
const logEveryMs = 60_000;

interface Embedding {
  pool: Pool;
  log: Logger;
  embed: EmbedForSite;
  model: EmbeddingModel;
  /** True while sources are read: they go first. */
  isLooking: () => boolean;
}

/**
 * Gives passages their vectors, in the background: one request at a time, and with pauses as long as its work while
 * sources are read. All progress is in rows, so that any process goes on where another ended.
 * @returns a function that ends it
 */
export function startEmbedding(embedding: Embedding): () => Promise<void> {
  const closing = new AbortController();
  const hold = new ModelHold(embedding);
  const running = run(embedding, hold, closing.signal);
  // On its own: vectors of deleted pages go while the endpoint is down, and while many others are made.
  const stopCleaning = repeat(vectorGraceMs, () => clean(embedding));
  const stopHolding = hold.keep();
  return async () => {
    closing.abort();
    await Promise.all([running, stopCleaning(), stopHolding()]);
  };
}

async function clean({ pool, log }: Embedding): Promise<void> {
  try {
    await dropUnusedVectors(pool);
  } catch (error) {
    log.warn({ err: error }, "could not delete vectors without a passage; retrying");
  }
}

async function run(embedding: Embedding, hold: ModelHold, closing: AbortSignal): Promise<void> {
  const { pool, log } = embedding;
  const mayLog = atMostEvery(logEveryMs);
  let failures = 0;
  while (!closing.aborted) {
    let waitMs = lookEveryMs;
    try {
      const modelId = await hold.take();
      const sites = modelId === undefined ? [] : await readSitesToEmbed(pool, modelId);
      await eachSite(sites, (site) => embedSite(embedding, { ...site, hold }, closing));
      failures = 0;
    } catch (error) {
      failures += 1;
      const asked = error instanceof EmbeddingError ? (error.retryAfterMs ?? 0) : 0;
      waitMs = Math.max(exponentialBackoffMs(failures, failurePause), asked);
      if (!closing.aborted && mayLog()) log.warn({ err: error }, "could not get vectors of passages; retrying");
    }
    await pause(waitMs, closing);
  }
}

/** A site that has spent its tokens of the day holds up no other one. */
async function eachSite(sites: readonly SiteToEmbed[], work: (site: SiteToEmbed) => Promise<void>): Promise<void> {
  let spent: EmbeddingError | undefined;
  for (const site of sites) {
    try {
      await work(site);
    } catch (error) {
      if (!(error instanceof EmbeddingError && error.code === "spent")) throw error;
      spent = error;
    }
  }
  if (spent) throw spent;
}

async function embedSite(
  embedding: Embedding,
  { hold, ...site }: SiteToEmbed & { hold: ModelHold },
  closing: AbortSignal,
): Promise<void> {
  const { pool, log, model } = embedding;
  const { siteId, revision } = site;
  // Passages that come meanwhile are those of the next round: a site that always changes would never be whole.
  let after = { revision: site.done, id: maxId };
  for (;;) {
    closing.throwIfAborted();
    const began = performance.now();
    const modelId = await hold.take();
    if (modelId === undefined) return;
    const passages = await claimPassages(pool, { siteId, modelId, after, until: revision, limit: passagesAtOnce });
    const last = passages.at(-1);
    if (!last) {
      const isWhole = await completeSite(pool, { ...site, modelId });
      if (isWhole && site.done === "0") log.info({ siteId, model: model.name }, "all passages of a site have vectors");
      return;
    }
    await embedPassages(embedding, { siteId, passages, modelId }, closing);
    after = last;
    if (embedding.isLooking()) await pause(performance.now() - began, closing);
  }
}

/** Highest id: a cursor behind all passages of a revision. */
const maxId = "9223372036854775807";

async function embedPassages(
  { pool, embed, model }: Embedding,
  { siteId, passages, modelId }: { siteId: string; passages: readonly ClaimedPassage[]; modelId: number },
  closing: AbortSignal,
): Promise<void> {
  const hashes = passages.map(({ textHash }) => textHash);
  try {
    const known = await readKnownVectors(pool, modelId, hashes);
    const packed = new Map(known.map(({ textHash, vector }) => [textHash.toString("hex"), vector ?? undefined]));
    const texts = new Map(passages.map(({ textHash, text }) => [textHash.toString("hex"), text]));
    const missing = [...texts].filter(([hash]) => !packed.has(hash));
    const ask = async (some: readonly string[]) => {
      using limit = new LinkedAbort(closing);
      limit.abortAfter(embedPassagesMs);
      return await embed(some, { siteId, model, signal: limit.signal });
    };
    const vectors = await embedTexts(
      ask,
      missing.map(([, text]) => text),
    );
    for (const [at, [hash]] of missing.entries()) {
      const vector = vectors[at];
      packed.set(hash, vector && packVector(vector));
    }
    const embedded = passages.map(({ id, textHash }) => {
      const vector = packed.get(textHash.toString("hex"));
      return { id, textHash, vector, code: vector && codeOfPacked(vector) };
    });
    await storeVectors(pool, modelId, embedded);
  } catch (error) {
    await releasePassages(
      pool,
      modelId,
      passages.map(({ id }) => id),
    ).catch(() => undefined);
    throw error;
  }
}
