import type { Assistants } from "./assistants.ts";
import { type Config, ConfigError } from "../config/config.ts";
import type { Prices } from "./prices.ts";
import {
  fallbacksOf,
  isConfigured,
  modelOf,
  type ProviderName,
  providerNames,
  providerOf,
} from "./provider-catalog.ts";

/**
 * Requires a price for every model that a budget may pay for: otherwise the budget cannot be enforced.
 * @throws {ConfigError} naming the assistants and models without one
 */
export function checkBudgets(assistants: Assistants, prices: Prices, config: Config): void {
  const faults = [...assistants].flatMap(([type, assistant]) => {
    if (assistant.budget === undefined) return [];
    const paid = new Set<ProviderName>([providerOf(assistant, config), ...fallbacksOf(assistant, config)]);
    // A request can name any configured provider.
    for (const name of providerNames) if (isConfigured(name, config)) paid.add(name);
    paid.delete("preset");
    return [...paid]
      .filter((name) => isConfigured(name, config))
      .map((name) => modelOf(name, assistant, config))
      .filter((model) => !prices.has(model))
      .map((model) => `  ${type}: no price for ${model}`);
  });
  if (faults.length === 0) return;
  throw new ConfigError(
    `Budgets need the price of every model they pay for (config/prices.json), or must go:\n${faults.join("\n")}`,
  );
}
