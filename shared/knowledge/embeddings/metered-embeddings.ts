import type { Pool } from "pg";
import { reserveEmbedding, settleEmbedding } from "../../db/knowledge/embedding-use.ts";
import type { Logger } from "../../logger.ts";
import type { Embed, EmbeddingModel } from "./embedding-client.ts";
import { EmbeddingError } from "./embedding-error.ts";

/** Asks for vectors of a site's texts, within its limit of a day. */
export type EmbedForSite = (
  texts: readonly string[],
  options: { siteId: string; model: EmbeddingModel; signal: AbortSignal },
) => Promise<Float32Array[]>;

interface Metered {
  pool: Pool;
  embed: Embed;
  log: Logger;
  /** Tokens that a site may take in a UTC day; absent: any number. */
  dailyTokens?: number | undefined;
}

/**
 * Counts requests before they are made, with an upper bound of their tokens, and corrects it by the endpoint's own count
 * afterwards. A process that dies in between leaves the bound.
 * @throws {EmbeddingError} `spent` from each call that would exceed the limit
 */
export function meterEmbeddings({ pool, embed, log, dailyTokens }: Metered): EmbedForSite {
  return async (texts, { siteId, model, signal }) => {
    // A token has one byte at least.
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    const use = await reserveEmbedding(pool, { siteId, texts: texts.length, tokens: bytes, dailyTokens });
    if (!use) throw new EmbeddingError("spent", "the day's EMBEDDINGS_DAILY_TOKENS are spent");
    const settle = (end: { tokens: number; failed: boolean }) => {
      // The vectors are there, whatever becomes of their count.
      settleEmbedding(pool, use, end).catch((error: unknown) =>
        log.warn({ err: error }, "could not count the tokens of vectors"),
      );
    };
    try {
      const { vectors, tokens = bytes } = await embed(texts, { model, signal });
      settle({ tokens, failed: false });
      return vectors;
    } catch (error) {
      // A request that was given up may be charged all the same.
      settle({ tokens: signal.aborted ? bytes : 0, failed: true });
      throw error;
    }
  };
}
