import { ConfigError } from "../config/config.ts";
import type { ProviderInfo } from "../protocol/service.ts";
import type { Assistants } from "./assistants.ts";
import type { Prices } from "./prices.ts";

/**
 * Requires a price for every model that a budget may pay for: otherwise the budget cannot be enforced. A request can
 * name any available provider, so their models count for each assistant.
 * @throws {ConfigError} naming the assistants and models without one
 */
export function checkBudgets(assistants: Assistants, prices: Prices, providers: readonly ProviderInfo[]): void {
  const paid = providers.filter(({ name, available }) => available && name !== "preset");
  const faults = [...assistants].flatMap(([type, assistant]) => {
    if (assistant.budget === undefined) return [];
    return paid
      .map(({ name, model }) =>
        assistant.provider === name && assistant.model !== undefined ? assistant.model : model,
      )
      .filter((model) => !prices.has(model))
      .map((model) => `  ${type}: no price for ${model}`);
  });
  if (faults.length === 0) return;
  throw new ConfigError(
    `Budgets need the price of every model they pay for (config/prices.json), or must go:\n${faults.join("\n")}`,
  );
}
