import type { Config } from "../config/config.ts";
import type { ProviderInfo } from "../protocol/service.ts";

/** Providers in order of preference: an assistant that names none uses the first of `defaults` that is configured. */
export const providerNames = ["anthropic", "openai", "openai-assistants", "compatible", "preset"] as const;
export type ProviderName = (typeof providerNames)[number];

const defaults: readonly ProviderName[] = ["anthropic", "openai", "compatible", "preset"];

type Capabilities = ProviderInfo["capabilities"];
type Unavailable = NonNullable<ProviderInfo["reason"]>;

interface CatalogEntry {
  model: (config: Config) => string;
  /** Reason why it cannot be used; `undefined` when it can. */
  missing: (config: Config) => Unavailable | undefined;
  capabilities: Capabilities;
}

/** Facts about each provider that need no code of it. The code that calls it belongs to the worker. */
const catalog: Record<ProviderName, CatalogEntry> = {
  anthropic: {
    model: (config) => config.ANTHROPIC_MODEL,
    missing: (config) => needs(config.ANTHROPIC_API_KEY ?? config.CLAUDE_API_KEY),
    capabilities: { streaming: true, threads: false },
  },
  openai: {
    model: (config) => config.OPENAI_MODEL,
    missing: (config) => needs(config.OPENAI_API_KEY),
    capabilities: { streaming: true, threads: true },
  },
  "openai-assistants": {
    model: (config) => config.OPENAI_ASSISTANT_ID ?? "assistant",
    missing: (config) => needs(config.OPENAI_API_KEY) ?? needs(config.OPENAI_ASSISTANT_ID) ?? retired(config),
    capabilities: { streaming: true, threads: true },
  },
  compatible: {
    model: (config) => config.COMPATIBLE_MODEL,
    missing: (config) => needs(config.COMPATIBLE_BASE_URL),
    capabilities: { streaming: true, threads: false },
  },
  preset: {
    model: () => "preset",
    missing: () => undefined,
    capabilities: { streaming: true, threads: false },
  },
};

export function describeProviders(config: Config): ProviderInfo[] {
  return providerNames.map((name) => {
    const { model, missing, capabilities } = catalog[name];
    const reason = missing(config);
    return {
      name,
      model: model(config),
      available: reason === undefined,
      ...(reason !== undefined && { reason }),
      capabilities,
    };
  });
}

export function isAvailable(name: string, providers: readonly ProviderInfo[]): name is ProviderName {
  return providers.some((provider) => provider.name === name && provider.available);
}

export function isConfigured(name: string, config: Config): name is ProviderName {
  return isProviderName(name) && catalog[name].missing(config) === undefined;
}

/** Model that a provider is asked for: the assistant's own, if it names that provider and a model. */
export function modelOf(
  name: ProviderName,
  assistant: { provider?: ProviderName | undefined; model?: string | undefined },
  config: Config,
): string {
  return assistant.provider === name && assistant.model !== undefined ? assistant.model : catalog[name].model(config);
}

/** Provider of an assistant, where no request and no conversation names another. */
export function providerOf(assistant: AssistantChoice, config: Config): ProviderName {
  return chooseProvider(assistant, describeProviders(config));
}

interface AssistantChoice {
  provider?: ProviderName | undefined;
}

/** Like `providerOf`, from a list of known providers. */
export function chooseProvider({ provider }: AssistantChoice, providers: readonly ProviderInfo[]): ProviderName {
  // An assistant configured for OpenAI's Assistants API is meant to use OpenAI's models.
  if (provider === "openai-assistants" && !isAvailable(provider, providers) && isAvailable("openai", providers)) {
    return "openai";
  }
  return provider !== undefined && isAvailable(provider, providers) ? provider : defaultProvider(providers);
}

export function defaultProvider(providers: readonly ProviderInfo[]): ProviderName {
  return defaults.find((name) => isAvailable(name, providers)) ?? "preset";
}

/**
 * Providers called after an assistant's own, in this order: those it lists, or, without a list, every configured one in
 * order of preference. Presets are not among the latter, since those flagged `fallback` come last in any case.
 */
export function fallbacksOf(
  { fallback }: { fallback?: readonly ProviderName[] | undefined },
  config: Config,
): readonly ProviderName[] {
  return fallback ?? defaults.filter((name) => name !== "preset" && isConfigured(name, config));
}

/** Advice for an operator about settings whose effect has changed. */
export function providerAdvice(config: Config): string[] {
  if (config.OPENAI_ASSISTANT_ID === undefined || isConfigured("openai-assistants", config)) return [];
  const instead =
    config.OPENAI_API_KEY === undefined
      ? "Set OPENAI_API_KEY, and openai answers with the instructions of config/assistants.json."
      : "openai answers instead, with the instructions of config/assistants.json: move yours there.";
  return [
    "OPENAI_ASSISTANT_ID is set, but OpenAI has shut its Assistants API (2026-08-26). " +
      `${instead} Set OPENAI_BASE_URL if another server of yours still speaks it; else remove OPENAI_ASSISTANT_ID.`,
  ];
}

function isProviderName(name: string): name is ProviderName {
  return providerNames.some((known) => known === name);
}

function needs(setting: string | undefined): Unavailable | undefined {
  return setting === undefined ? "not_configured" : undefined;
}

/** OpenAI shut down its own Assistants API on 2026-08-26; other servers still support it. */
function retired({ OPENAI_BASE_URL }: Config): Unavailable | undefined {
  return new URL(OPENAI_BASE_URL).hostname.endsWith("openai.com") ? "retired" : undefined;
}
