import type { Pool } from "pg";
import type { Statement } from "../../postgres/statement.ts";
import { query } from "../database.ts";
import type { Columns } from "../schema/tables.ts";

/** A request to an embeddings endpoint that was counted before it is made. */
export interface ReservedUse {
  siteId: string;
  /** UTC day that it counts for. */
  day: string;
  /** Upper bound of its tokens. */
  reserved: number;
}

export const reserveEmbeddingStatement: Statement<{ day: string }> = {
  name: "reserve-embedding",
  // The newest version of the day's row decides, so parallel requests together never exceed the limit.
  text: `
    insert into embedding_days as days (site_id, day, calls, texts, tokens)
    select $1, (now() at time zone 'utc')::date, 1, $2, $3 where $4::bigint is null or $3 <= $4
    on conflict (site_id, day) do update
      set calls = days.calls + 1, texts = days.texts + excluded.texts, tokens = days.tokens + excluded.tokens
      where $4 is null or days.tokens + excluded.tokens <= $4
    returning day::text`,
};

/**
 * Counts a request with the tokens that it may take at most.
 * @param dailyTokens limit of the site for a day, if there is one
 * @returns `undefined` if it would exceed the limit
 */
export async function reserveEmbedding(
  pool: Pool,
  {
    siteId,
    texts,
    tokens,
    dailyTokens,
  }: { siteId: string; texts: number; tokens: number; dailyTokens?: number | undefined },
): Promise<ReservedUse | undefined> {
  const [row] = await query(pool, reserveEmbeddingStatement, [siteId, texts, tokens, dailyTokens]);
  return row && { siteId, day: row.day, reserved: tokens };
}

export const settleEmbeddingStatement: Statement = {
  name: "settle-embedding",
  text: `
    update embedding_days set tokens = tokens + $3, failures = failures + $4 where site_id = $1 and day = $2::date`,
};

/** Puts the tokens that a request took in place of those that were reserved. */
export async function settleEmbedding(
  pool: Pool,
  { siteId, day, reserved }: ReservedUse,
  { tokens, failed }: { tokens: number; failed: boolean },
): Promise<void> {
  await query(pool, settleEmbeddingStatement, [siteId, day, tokens - reserved, failed ? 1 : 0]);
}

/** Requests of all sites and days. */
export type EmbeddingUse = Record<keyof Columns<"embedding_days", "calls" | "texts" | "failures" | "tokens">, number>;

export const embeddingUseStatement: Statement<EmbeddingUse> = {
  name: "embedding-use",
  text: `
    select coalesce(sum(calls), 0)::float8 as calls, coalesce(sum(texts), 0)::float8 as texts,
      coalesce(sum(failures), 0)::float8 as failures, coalesce(sum(tokens), 0)::float8 as tokens
    from embedding_days`,
};

export async function readEmbeddingUse(pool: Pool): Promise<EmbeddingUse> {
  const [use] = await query(pool, embeddingUseStatement, []);
  return use ?? { calls: 0, texts: 0, failures: 0, tokens: 0 };
}
