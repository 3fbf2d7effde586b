import { readConfig, readNamedSecrets } from "../../shared/config/config.ts";
import type { Assistant } from "../../shared/assistants/assistants.ts";
import type { TestJobContext } from "../../shared/testing/fixtures/job-context.ts";
import { openSiteTools } from "../../shared/site-tools/open-site-tools.ts";
import { noTracing } from "../../shared/tracing/tracing.ts";
import { Circuits } from "./providers/circuits.ts";
import { ProviderErrorLog } from "./telemetry/provider-error-log.ts";
import { KnowledgeLoader } from "./knowledge/find-site-answer.ts";
import { Leases } from "./run/leases.ts";
import type { Provider, ProviderEvent } from "./providers/provider.ts";
import { createPresetProvider } from "./providers/preset.ts";
import { ReclaimGuard } from "./run/reclaim-guard.ts";
import { lazyClaimsSeal } from "./tools/open-tools.ts";
import type { WorkerContext } from "./worker-context.ts";
import { WorkerMetrics } from "./telemetry/worker-metrics.ts";

export interface TestWorker extends WorkerContext {
  /** As after an outage of PostgreSQL that is over: leases that are over may not be ended yet. */
  forbidTakeOvers(): void;
}

const assistant: Assistant = {
  name: "Tester",
  description: "For tests",
  instructions: "Be brief.",
  maxOutputTokens: 100,
  maxHistoryTokens: 8000,
  state: "own",
  presets: [
    { keywords: [], reply: "A canned reply.", default: true },
    { keywords: [], reply: "We are busy.", fallback: true },
  ],
};

/** Parts that one worker process stands on, with take-overs allowed and a provider that does as the test says. */
export function openWorker(
  jobs: TestJobContext,
  {
    stream,
    upstream,
    next,
    deadlineMs = 60_000,
    wordMs = 0,
  }: { stream?: Provider["stream"]; upstream?: string; next?: Provider; deadlineMs?: number; wordMs?: number } = {},
): TestWorker {
  const { log } = jobs;
  let now = 0;
  const reclaimGuard = new ReclaimGuard(() => now);
  for (let second = 0; second < 20; second++) {
    now += 1000;
    reclaimGuard.databaseAnswered();
  }
  const config = readConfig({ DATABASE_URL: jobs.databaseUrl, COMPATIBLE_BASE_URL: "http://127.0.0.1:1" });
  const compatible: Provider = {
    name: "compatible",
    stream: stream ?? (() => says("An answer.")),
    ...(upstream !== undefined && { upstream }),
  };
  const preset = createPresetProvider({ wordMs });
  const circuits = new Circuits(log);
  const leases = new Leases({ pool: jobs.db.pool, reclaimGuard, log });
  return {
    ...jobs,
    config: { ...config, JOB_DEADLINE_MS: deadlineMs },
    worker: "a worker",
    assistants: new Map([["default", { ...assistant, ...(next && { fallback: [next.name] }) }]]),
    providers: new Map([compatible, ...(next ? [next] : []), preset].map((provider) => [provider.name, provider])),
    prices: new Map(),
    circuits,
    providerErrorLog: new ProviderErrorLog(),
    knowledge: new KnowledgeLoader(jobs.db.pool, config, jobs.log),
    siteTools: openSiteTools({ settings: config, secrets: readNamedSecrets({}), log }),
    claimsSeal: lazyClaimsSeal(jobs.db.pool, config),
    leases,
    reclaimGuard,
    metrics: new WorkerMetrics({ pool: jobs.db.pool, leases, circuits, concurrency: 10, upstreams: [] }),
    tracing: noTracing,
    forbidTakeOvers: () => {
      now += 60_000;
      reclaimGuard.databaseAnswered();
    },
  };
}

/** A whole reply, piece by piece. */
export async function* says(...pieces: string[]): AsyncGenerator<ProviderEvent> {
  for (const text of pieces) yield { type: "delta", text };
  yield { type: "finish", finishReason: "stop", model: "test-model", usage: { inputTokens: 1, outputTokens: 2 } };
}

/** Says something, then nothing more until it is stopped. */
export async function* hangsAfter(text: string, signal: AbortSignal): AsyncGenerator<ProviderEvent> {
  yield { type: "delta", text };
  await stopped(signal);
  throw signal.reason as Error;
}

export async function stopped(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}
