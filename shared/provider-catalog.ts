import type { Config } from "./config.ts";
import type { ProviderInfo } from "./protocol/service.ts";

/** In order of preference: an assistant that names none takes the first that is configured. */
export const providerNames = ["compatible", "preset"] as const;
export type ProviderName = (typeof providerNames)[number];

interface CatalogEntry {
  model: (config: Config) => string;
  configured: (config: Config) => boolean;
  capabilities: ProviderInfo["capabilities"];
}

/** What is known of each provider without loading it; how it is called stands with the worker. */
const catalog: Record<ProviderName, CatalogEntry> = {
  compatible: {
    model: (config) => config.COMPATIBLE_MODEL,
    configured: (config) => config.COMPATIBLE_BASE_URL !== undefined,
    capabilities: { streaming: true, threads: false },
  },
  preset: {
    model: () => "preset",
    configured: () => true,
    capabilities: { streaming: true, threads: false },
  },
};

export function describeProviders(config: Config): ProviderInfo[] {
  return providerNames.map((name) => {
    const { model, configured, capabilities } = catalog[name];
    const available = configured(config);
    return {
      name,
      model: model(config),
      available,
      ...(!available && { reason: "not_configured" as const }),
      capabilities,
    };
  });
}

export function isConfigured(name: string, config: Config): name is ProviderName {
  return providerNames.includes(name as ProviderName) && catalog[name as ProviderName].configured(config);
}

/** The provider of an assistant, where no request and no conversation names another. */
export function providerOf(assistant: { provider?: ProviderName | undefined }, config: Config): ProviderName {
  return assistant.provider ?? defaultProvider(config);
}

export function defaultProvider(config: Config): ProviderName {
  return providerNames.find((name) => catalog[name].configured(config)) ?? "preset";
}
