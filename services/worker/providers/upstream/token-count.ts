import { z } from "zod";
import type { TokenUsage } from "../provider.ts";

/** Maximum of PostgreSQL's `integer`, the ledger's type of counts. */
const most = 2_147_483_647;

/**
 * A token count from a server. Some servers send fractions, or numbers too large to store. A negative number is no
 * count.
 */
export const tokenCount = z.number().min(0).transform(toStorable);

/** Limits the counts again: a sum can be too large where none of its parts was. */
export function limitUsage(usage: TokenUsage): TokenUsage {
  const { inputTokens, cachedInputTokens: cached, cacheWriteTokens: written, outputTokens, costUsd } = usage;
  return {
    inputTokens: toStorable(inputTokens),
    ...(cached !== undefined && { cachedInputTokens: toStorable(cached) }),
    ...(written !== undefined && { cacheWriteTokens: toStorable(written) }),
    outputTokens: toStorable(outputTokens),
    ...(costUsd !== undefined && { costUsd }),
  };
}

/** @param count not negative */
export function toStorable(count: number): number {
  return Math.min(Math.ceil(count), most);
}
