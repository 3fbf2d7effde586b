import type { TokenUsage } from "../provider.ts";
import { limitUsage, toStorable } from "./token-count.ts";

/** xAI reports its price in ticks. */
const ticksPerUsd = 10_000_000_000;

type Counts = Record<string, unknown>;

/** Names of the tokens read from a cache, in the usage itself and in the details of the prompt. */
const cachedNames = [
  "cached_tokens", // OpenAI (details), Moonshot
  "num_cached_tokens", // Mistral
  "prompt_cache_hit_tokens", // DeepSeek
  "cache_read_input_tokens", // Anthropic's, through gateways
  "cache_read_tokens",
  "prompt_cached_tokens",
  "input_cached_tokens",
  "cached_input_tokens",
  "cached_prompt_tokens",
  "cached_content_token_count",
] as const;
const writtenNames = [
  "cache_write_tokens", // OpenRouter, OpenAI
  "cache_creation_input_tokens", // Anthropic's and Alibaba's, through gateways
  "cache_creation_tokens",
] as const;

/**
 * Reads the usage of chat completions, Responses and runs in the forms of their servers.
 * @returns `undefined` if there is no count, such as zeros only
 */
export function readUsage(value: unknown): TokenUsage | undefined {
  // Fast path: most events have none.
  if (value === undefined || value === null) return undefined;
  const usage = asCounts(value);
  const input = first(usage, ["prompt_tokens", "input_tokens"]);
  const output = first(usage, ["completion_tokens", "output_tokens"]);
  if (input === undefined || output === undefined || input + output === 0) return undefined;
  const details = detailsOf(usage, ["prompt_tokens_details", "prompt_token_details", "input_tokens_details"]);
  const cached = largest([usage, details], cachedNames);
  const written = largest([usage, details], writtenNames);
  // The count of a prompt includes its cached part, unless the cached part is larger.
  const inputTokens = (cached ?? 0) + (written ?? 0) > input ? input + (cached ?? 0) + (written ?? 0) : input;
  const costUsd = readCost(usage);
  return limitUsage({
    inputTokens,
    ...(cached !== undefined && { cachedInputTokens: cached }),
    ...(written !== undefined && { cacheWriteTokens: written }),
    outputTokens: outputOf(usage, inputTokens, output),
    ...(costUsd !== undefined && { costUsd }),
  });
}

/** Returns the output count. Thoughts are billed as output, even where the output count excludes them. */
function outputOf(usage: Counts, input: number, output: number): number {
  const total = first(usage, ["total_tokens"]) ?? 0;
  const details = detailsOf(usage, ["completion_tokens_details", "completion_token_details", "output_tokens_details"]);
  const reasoning = largest([usage, details], ["reasoning_tokens"]) ?? 0;
  // The reasoning count exceeds the output count only if the output count excludes it.
  const withReasoning = reasoning > output ? output + reasoning : output;
  return Math.max(withReasoning, total - input);
}

/** @returns USD, if the server reports its own price */
function readCost(usage: Counts): number | undefined {
  const ticks = amount(usage["cost_in_usd_ticks"]);
  if (ticks !== undefined) return ticks / ticksPerUsd;
  const { cost } = usage;
  // Perplexity and others itemise the cost.
  const itemised = amount(asCounts(cost)["total_cost"]) ?? amount(asCounts(cost)["total"]);
  const charged = amount(cost) ?? itemised ?? amount(usage["total_cost"]) ?? amount(usage["estimated_cost"]);
  // With the operator's own upstream key, OpenRouter charges a fee and the upstream charges the rest.
  if (usage["is_byok"] !== true) return charged;
  const upstream = amount(asCounts(usage["cost_details"])["upstream_inference_cost"]);
  return upstream === undefined ? undefined : (charged ?? 0) + upstream;
}

function detailsOf(usage: Counts, names: readonly string[]): Counts {
  return Object.assign({}, ...names.map((name) => asCounts(usage[name]))) as Counts;
}

function first(usage: Counts, names: readonly string[]): number | undefined {
  for (const name of names) {
    const found = count(usage[name]);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Returns the largest count: servers send the names of other APIs as zero beside their own. */
function largest(places: readonly Counts[], names: readonly string[]): number | undefined {
  const found = places.flatMap((place) => names.flatMap((name) => count(place[name]) ?? []));
  return found.length > 0 ? Math.max(...found) : undefined;
}

/** Without zod: nearly all fields of nearly all events are absent, and each failed parse would build an error. */
function count(value: unknown): number | undefined {
  const found = amount(value);
  return found === undefined ? undefined : toStorable(found);
}

function amount(value: unknown): number | undefined {
  const number = typeof value === "string" && /^\d+(?:\.\d+)?$/.test(value) ? Number(value) : value;
  return typeof number === "number" && Number.isFinite(number) && number >= 0 ? number : undefined;
}

function asCounts(value: unknown): Counts {
  return typeof value === "object" && value !== null ? (value as Counts) : {};
}
