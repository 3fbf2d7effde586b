import { costOf, highestCostOf, type Price } from "../../../shared/assistants/prices.ts";
import type { Meter } from "../providers/meter.ts";
import { ProviderError, type TokenUsage } from "../providers/provider.ts";

/** Usage of a call. */
export interface Spent {
  usage: TokenUsage;
  /** True if the count is not the provider's own, or not complete. */
  estimated: boolean;
}

/** Upper bounds on the usage of a call. */
export interface TokenLimits {
  inputTokens: number;
  outputTokens: number;
}

export const nothing: Spent = { usage: { inputTokens: 0, outputTokens: 0 }, estimated: true };

/** True if the provider refused the call or never received it, so that it costs nothing. */
export function costsNothing({ begun }: Meter, error: unknown): boolean {
  if (begun || !(error instanceof ProviderError)) return false;
  return error.unsent || error.code === "rejected" || error.code === "overloaded";
}

/** Upper bound of a call's usage: the provider's counts as far as it sent them, and the call's limits for the rest. */
export function mostSpent({ whole, usage, bytes }: Meter, limits: TokenLimits): Spent {
  if (usage && whole) return { usage, estimated: false };
  // A call that was cut may have been continued, and charged, up to its limit. The end of a whole reply counts as one
  // token more.
  const written = whole && bytes !== undefined ? bytes + 1 : limits.outputTokens;
  const outputTokens = Math.max(usage?.outputTokens ?? 0, Math.min(written, limits.outputTokens));
  return { usage: { ...(usage ?? limits), outputTokens }, estimated: true };
}

/** @returns USD; an upper bound where the provider does not report how its cache was used */
export function costOfSpent(price: Price | undefined, { usage, estimated }: Spent): number | null {
  if (!estimated) return costOfUsage(price, usage);
  // The provider's charge so far, for a call that was cut.
  if (!price) return usage.costUsd ?? null;
  return Math.max(usage.costUsd ?? 0, highestOf(price, usage));
}

/**
 * @returns USD: the provider's own price where it sends one. A price of zero may mean that the provider does not
 * compute one.
 */
export function costOfUsage(price: Price | undefined, usage: TokenUsage): number | null {
  const { costUsd: own } = usage;
  if (own !== undefined && own > 0) return own;
  return price ? costOf(price, usage) : (own ?? null);
}

function highestOf(price: Price, usage: TokenUsage): number {
  const cacheIsKnown = usage.cachedInputTokens !== undefined || usage.cacheWriteTokens !== undefined;
  return cacheIsKnown ? costOf(price, usage) : highestCostOf(price, usage);
}
