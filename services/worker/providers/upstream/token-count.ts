import { z } from "zod";
import type { TokenUsage } from "../provider.ts";

/** PostgreSQL's `integer`, in which the ledger keeps counts. */
const most = 2_147_483_647;

/** A count as a server sends it: some send fractions, or more than can be stored. What is negative is no count. */
export const tokenCount = z.number().min(0).transform(toStorable);

/** Sums of counts can be too large where none of them was. */
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

function toStorable(count: number): number {
  return Math.min(Math.ceil(count), most);
}
