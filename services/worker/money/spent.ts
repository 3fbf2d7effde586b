import { costOf, highestCostOf, type Price } from "../../../shared/assistants/prices.ts";
import type { Meter } from "../providers/meter.ts";
import { ProviderError, type TokenUsage } from "../providers/provider.ts";

/** What a call has used. */
export interface Spent {
  usage: TokenUsage;
  /** Not the provider's own count, or not the whole of it. */
  estimated: boolean;
}

/** The most that a call may use. */
export interface Limits {
  inputTokens: number;
  outputTokens: number;
}

export const nothing: Spent = { usage: { inputTokens: 0, outputTokens: 0 }, estimated: true };

/** Whether the provider refused a call, or never saw it: then it costs nothing. */
export function wasTurnedAway({ begun }: Meter, error: unknown): boolean {
  if (begun || !(error instanceof ProviderError)) return false;
  return error.unsent || error.code === "rejected" || error.code === "overloaded";
}

/** The most that a call has used: the provider's counts as far as it sent them, the call's limits for the rest. */
export function mostSpent({ whole, usage, bytes }: Meter, limits: Limits): Spent {
  if (usage && whole) return { usage, estimated: false };
  // One that was cut may have been written on, and charged, up to its limit. The end of a whole one is a token, too.
  const written = whole && bytes !== undefined ? bytes + 1 : limits.outputTokens;
  const outputTokens = Math.max(usage?.outputTokens ?? 0, Math.min(written, limits.outputTokens));
  return { usage: { ...(usage ?? limits), outputTokens }, estimated: true };
}

/** @returns USD; the most that it may be where the provider does not say what its cache did with the prompt */
export function costOfSpent(price: Price | undefined, { usage, estimated }: Spent): number | null {
  if (!estimated) return costOfUsage(price, usage);
  // What the provider has charged so far of a call that was cut.
  if (!price) return usage.costUsd ?? null;
  return Math.max(usage.costUsd ?? 0, highestOf(price, usage));
}

/** @returns USD: the provider's own price where it sends one; zero may mean that it does not reckon */
export function costOfUsage(price: Price | undefined, usage: TokenUsage): number | null {
  const { costUsd: own } = usage;
  if (own !== undefined && own > 0) return own;
  return price ? costOf(price, usage) : (own ?? null);
}

function highestOf(price: Price, usage: TokenUsage): number {
  const cacheIsKnown = usage.cachedInputTokens !== undefined || usage.cacheWriteTokens !== undefined;
  return cacheIsKnown ? costOf(price, usage) : highestCostOf(price, usage);
}
