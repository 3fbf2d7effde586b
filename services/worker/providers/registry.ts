import type { Config } from "../../../shared/config/config.ts";
import { isConfigured, providerNames, type ProviderName } from "../../../shared/assistants/provider-catalog.ts";
import type { Provider } from "./provider.ts";

export type ProviderRegistry = ReadonlyMap<ProviderName, Provider>;

/** One entry per provider. Modules are loaded on demand, so the SDK of an unconfigured provider uses no memory. */
const loaders: Record<ProviderName, (config: Config) => Promise<Provider>> = {
  anthropic: async (config) => (await import("./anthropic/anthropic.ts")).anthropicFromConfig(config),
  openai: async (config) => (await import("./openai/openai.ts")).openaiFromConfig(config),
  "openai-assistants": async (config) =>
    (await import("./openai-assistants/openai-assistants.ts")).openaiAssistantsFromConfig(config),
  compatible: async (config) => (await import("./compatible/compatible.ts")).compatibleFromConfig(config),
  preset: async () => (await import("./preset.ts")).createPresetProvider(),
};

/**
 * Loads the configured providers only.
 * @throws {ConfigError} when a provider cannot be created from its settings
 */
export async function loadProviders(config: Config): Promise<ProviderRegistry> {
  const names = providerNames.filter((name) => isConfigured(name, config));
  return new Map(await Promise.all(names.map(async (name) => [name, await loaders[name](config)] as const)));
}
