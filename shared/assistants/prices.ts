import { z } from "zod";
import { parseFile, readRequiredJsonFile } from "../config/json-file.ts";

const usd = z.number().min(0);

/** USD per million tokens. */
const priceSchema = z.strictObject({
  input: usd,
  /** Price of tokens read from the provider's cache. Defaults to `input`. */
  cachedInput: usd.optional(),
  /** Price of tokens written to the provider's cache. Defaults to `input`. */
  cacheWrite: usd.optional(),
  output: usd,
});
export type Price = z.output<typeof priceSchema>;

/** Prices by model name, as sent to the provider. A model without an entry has no known cost. */
export type Prices = ReadonlyMap<string, Price>;

export const pricesPath = "config/prices.json";

/** @throws {ConfigError} naming the file, the path in it and what was expected there */
export async function readPrices(path: string): Promise<Prices> {
  const prices = z.record(z.string(), priceSchema);
  return new Map(Object.entries(parseFile(prices, await readRequiredJsonFile(path), { path, subject: "The prices" })));
}

interface Tokens {
  inputTokens: number;
  cachedInputTokens?: number;
  cacheWriteTokens?: number;
  outputTokens: number;
}

const million = 1_000_000;

/** @returns maximum cost of the tokens in USD, whatever the provider's cache does with the prompt */
export function highestCostOf(price: Price, { inputTokens, outputTokens }: Tokens): number {
  const { input, cachedInput = 0, cacheWrite = 0 } = price;
  return costOf(
    { input: Math.max(input, cachedInput, cacheWrite), output: price.output },
    { inputTokens, outputTokens },
  );
}

/** @returns USD */
export function costOf(
  price: Price,
  { inputTokens, cachedInputTokens = 0, cacheWriteTokens = 0, outputTokens }: Tokens,
) {
  const plain = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
  return (
    (plain * price.input +
      cachedInputTokens * (price.cachedInput ?? price.input) +
      cacheWriteTokens * (price.cacheWrite ?? price.input) +
      outputTokens * price.output) /
    million
  );
}
