import { z } from "zod";
import { describeError } from "../../shared/describe-error.ts";
import type { Assistants } from "../../shared/assistants/assistants.ts";
import type { Config } from "../../shared/config/config.ts";
import { isConfigured, modelOf, type ProviderName } from "../../shared/assistants/provider-catalog.ts";
import { type Finding, fault, note, ok } from "./findings.ts";

const answerMs = 15_000;

interface Question {
  provider: ProviderName;
  /** The provider's list of models: reading it needs the key, and costs nothing. */
  url: string;
  headers: Record<string, string>;
}

const models = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Asks each configured provider once whether it accepts the key and knows the models. */
export async function checkKeys(config: Config, assistants: Assistants): Promise<Finding[]> {
  const findings = await Promise.all(questions(config).map((question) => ask(question, config, assistants)));
  return findings.length > 0 ? findings : [note("no provider is configured, so there is no key to check")];
}

function questions(config: Config): Question[] {
  const all: Question[] = [
    {
      provider: "anthropic",
      url: `${config.ANTHROPIC_BASE_URL.replace(/\/(v1\/?)?$/, "")}/v1/models?limit=1000`,
      headers: {
        "x-api-key": config.ANTHROPIC_API_KEY ?? config.CLAUDE_API_KEY ?? "",
        "anthropic-version": "2023-06-01",
      },
    },
    { provider: "openai", url: listAt(config.OPENAI_BASE_URL), headers: bearer(config.OPENAI_API_KEY) },
    {
      provider: "compatible",
      url: listAt(config.COMPATIBLE_BASE_URL ?? ""),
      headers: bearer(config.COMPATIBLE_API_KEY),
    },
  ];
  return all.filter(({ provider }) => isConfigured(provider, config));
}

async function ask({ provider, url, headers }: Question, config: Config, assistants: Assistants): Promise<Finding> {
  const host = new URL(url).host;
  try {
    const signal = AbortSignal.timeout(answerMs);
    const response = await fetch(url, { headers, signal, redirect: "manual" });
    const body: unknown = await response.json().catch(() => undefined);
    if (response.status === 401 || response.status === 403) {
      return fault(`${provider}: ${host} rejects the key (${response.status})`, "check the key and its permissions");
    }
    if (!response.ok) {
      return note(`${provider}: ${host} does not list its models (${response.status}), so the key was not checked`);
    }
    return checkModels(provider, wantedModels(provider, config, assistants), body);
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
    return fault(`${provider}: ${host} does not answer: ${describeError(cause)}`, "check its base URL and the network");
  }
}

function checkModels(provider: ProviderName, wanted: readonly string[], body: unknown): Finding {
  const listed = models.safeParse(body);
  if (!listed.success) return note(`${provider}: the response is not a list of models, so the key was not checked`);
  const missing = wanted.filter(
    (model) => !listed.data.data.some(({ id }) => id === model || id.startsWith(`${model}-`)),
  );
  if (missing.length === 0) return ok(`${provider}: accepts the key and lists ${wanted.join(", ")}`);
  return note(`${provider}: accepts the key, but does not list ${missing.join(", ")}`, "check the model's name");
}

function wantedModels(provider: ProviderName, config: Config, assistants: Assistants): string[] {
  // Without a readable file of assistants, the environment's model is asked for.
  const choices = assistants.size > 0 ? [...assistants.values()] : [{}];
  return [...new Set(choices.map((assistant) => modelOf(provider, assistant, config)))];
}

function listAt(base: string): string {
  return `${base.replace(/\/$/, "")}/models`;
}

function bearer(key: string | undefined): Record<string, string> {
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}
