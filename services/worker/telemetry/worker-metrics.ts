import type { Pool } from "pg";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import type { CallEnd } from "../../../shared/db/jobs/calls.ts";
import type { JobEnd } from "../../../shared/db/jobs/end.ts";
import type { Columns } from "../../../shared/db/schema/tables.ts";
import { processMetrics, type ProcessMetrics } from "../../../shared/metrics.ts";
import type { Circuits } from "../providers/circuits.ts";
import type { ProviderErrorCode } from "../providers/provider.ts";

interface Sources {
  pool: Pool;
  /** `count`: jobs held now. */
  leases: { readonly count: number };
  circuits: Pick<Circuits, "open" | "timesOpened">;
  concurrency: number;
  /** Providers that can be down. */
  upstreams: readonly string[];
}

export interface CallOutcome {
  provider: string;
  model: string;
  outcome: Exclude<CallEnd["outcome"], "failed"> | ProviderErrorCode | "error";
  seconds: number;
  end: CallEnd;
}

/** Repairs made by the reconciler. */
type Repair = "put_back" | "orphan_put_back" | "orphan_ended" | "lost_call";

const waitBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];
const firstTextBuckets = [0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10, 20, 40, 60];
const replyBuckets = [0.1, 0.25, 0.5, 1, 2, 3, 5, 8, 13, 20, 30, 60, 120, 300];

/**
 * Prometheus metrics of the jobs that a worker answers. The labels of providers and models are those of the
 * configuration.
 */
export class WorkerMetrics {
  readonly #process: ProcessMetrics;
  readonly #instruments: Instruments;

  constructor({ pool, leases, circuits, concurrency, upstreams }: Sources) {
    const counted = new Map<string, number>();
    this.#process = processMetrics({ main: pool }, async () => {
      const { running, circuitOpen, circuitsOpened } = this.#instruments;
      running.set(leases.count);
      const open = new Set(circuits.open);
      for (const provider of upstreams) {
        const times = circuits.timesOpened(provider);
        circuitsOpened.inc({ provider }, times - (counted.get(provider) ?? 0));
        counted.set(provider, times);
        circuitOpen.set({ provider }, open.has(provider) ? 1 : 0);
      }
    });
    this.#instruments = makeInstruments([this.#process.registry]);
    this.#instruments.concurrency.set(concurrency);
  }

  render(): Promise<string> {
    return this.#process.render();
  }

  /** Names of all registered metrics. */
  registered(): string[] {
    return this.#process.registry.getMetricsAsArray().map(({ name }) => name);
  }

  close(): void {
    this.#process.close();
  }

  claimed({ run, sinceAcceptedMs }: { run: number; sinceAcceptedMs: number }): void {
    const { waits, resets } = this.#instruments;
    if (run === 1) waits.observe(sinceAcceptedMs / 1000);
    else resets.inc({ cause: "run" });
  }

  /** A reply started again within a run; readers drop the text shown so far. */
  restarted(): void {
    this.#instruments.resets.inc({ cause: "call" });
  }

  /** @param sinceAcceptedMs times of the first text and of the end; both absent for a job that ended without a run */
  ended(
    { status, errorCode, provider, reply }: JobEnd,
    sinceAcceptedMs: { firstText?: number | undefined; end?: number } = {},
  ): void {
    const { jobs, replies, firstTexts, durations } = this.#instruments;
    jobs.inc({ status, error: errorCode ?? "" });
    if (provider !== undefined && reply) replies.inc({ provider, fallback: String(reply.fallback) });
    if (sinceAcceptedMs.firstText !== undefined) firstTexts.observe(sinceAcceptedMs.firstText / 1000);
    if (status === "completed" && sinceAcceptedMs.end !== undefined) durations.observe(sinceAcceptedMs.end / 1000);
  }

  callBegan(provider: string, firstTextMs: number): void {
    this.#instruments.callFirstTexts.observe({ provider }, firstTextMs / 1000);
  }

  callEnded({ provider, model, outcome, seconds, end }: CallOutcome): void {
    const { calls, callDurations, tokens, costs } = this.#instruments;
    calls.inc({ provider, model, outcome });
    callDurations.observe({ provider }, seconds);
    const { inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens, costUsd } = end;
    const uncached = Math.max(0, inputTokens - cachedInputTokens - cacheWriteTokens);
    tokens.inc({ provider, model, type: "input" }, uncached);
    tokens.inc({ provider, model, type: "cached_input" }, cachedInputTokens);
    tokens.inc({ provider, model, type: "cache_write" }, cacheWriteTokens);
    tokens.inc({ provider, model, type: "output" }, outputTokens);
    if (costUsd !== null) costs.inc({ provider, model }, costUsd);
  }

  /** @param isOpen true while questions are not sent to the embeddings endpoint, as it failed several times in a row */
  embeddingsCircuit(isOpen: boolean): void {
    this.#instruments.embeddingsCircuitOpen.set(isOpen ? 1 : 0);
  }

  /** BullMQ had an error while it fetched jobs or reported their end. */
  queueFailed(): void {
    this.#instruments.queueErrors.inc();
  }

  /** @param outcome state with which a mail ended, or `later` */
  mailTried(kind: Mail["kind"], outcome: Mail["state"] | "later"): void {
    this.#instruments.mails.inc({ kind, outcome });
  }

  repaired(repair: Repair, count: number): void {
    if (count > 0) this.#instruments.repairs.inc({ repair }, count);
  }
}

type Mail = Columns<"mails", "kind" | "state">;
type Instruments = ReturnType<typeof makeInstruments>;

function makeInstruments(registers: ProcessMetrics["registry"][]) {
  return { ...jobInstruments(registers), ...callInstruments(registers), ...mailInstruments(registers) };
}

function jobInstruments(registers: ProcessMetrics["registry"][]) {
  return {
    waits: new Histogram({
      name: "parley_queue_wait_seconds",
      help: "Time from a message's acceptance to the first claim of its job; includes time behind earlier messages of the conversation",
      buckets: waitBuckets,
      registers,
    }),
    firstTexts: new Histogram({
      name: "parley_first_delta_seconds",
      help: "Time from a message's acceptance to the first text of its reply",
      buckets: firstTextBuckets,
      registers,
    }),
    durations: new Histogram({
      name: "parley_reply_seconds",
      help: "Time from a message's acceptance to its stored reply, of completed jobs",
      buckets: replyBuckets,
      registers,
    }),
    jobs: new Counter({
      name: "parley_jobs_ended_total",
      help: "Jobs ended by this worker, by status and error",
      labelNames: ["status", "error"],
      registers,
    }),
    replies: new Counter({
      name: "parley_replies_total",
      help: "Replies by provider; fallback is true if another provider than the assistant's first one wrote it",
      labelNames: ["provider", "fallback"],
      registers,
    }),
    resets: new Counter({
      name: "parley_resets_total",
      help: "Replies restarted, by another call of the same run or by another run",
      labelNames: ["cause"],
      registers,
    }),
    repairs: new Counter({
      name: "parley_reconciler_repairs_total",
      help: "Repairs made by the reconciler of this worker after crashes and store outages",
      labelNames: ["repair"],
      registers,
    }),
    queueErrors: new Counter({
      name: "parley_queue_errors_total",
      help: "BullMQ errors while fetching jobs, renewing locks or completing jobs",
      registers,
    }),
    running: new Gauge({ name: "parley_worker_jobs", help: "Jobs in flight in this worker", registers }),
    concurrency: new Gauge({
      name: "parley_worker_concurrency",
      help: "Maximum jobs in flight in this worker",
      registers,
    }),
  };
}

function callInstruments(registers: ProcessMetrics["registry"][]) {
  return {
    calls: new Counter({
      name: "parley_provider_calls_total",
      help: "Provider calls by outcome",
      labelNames: ["provider", "model", "outcome"],
      registers,
    }),
    callFirstTexts: new Histogram({
      name: "parley_provider_first_delta_seconds",
      help: "Time from a provider call to its first text",
      labelNames: ["provider"],
      buckets: firstTextBuckets,
      registers,
    }),
    callDurations: new Histogram({
      name: "parley_provider_call_seconds",
      help: "Time from a provider call to its end",
      labelNames: ["provider"],
      buckets: replyBuckets,
      registers,
    }),
    tokens: new Counter({
      name: "parley_tokens_total",
      help: "Tokens; an upper bound where the provider reported none; input excludes tokens read from or written to its cache",
      labelNames: ["provider", "model", "type"],
      registers,
    }),
    costs: new Counter({
      name: "parley_cost_usd_total",
      help: "Cost of calls by config/prices.json; models without a price are omitted",
      labelNames: ["provider", "model"],
      registers,
    }),
    circuitsOpened: new Counter({
      name: "parley_circuit_opened_total",
      help: "Circuits opened by this worker; most close again before the next scrape",
      labelNames: ["provider"],
      registers,
    }),
    circuitOpen: new Gauge({
      name: "parley_circuit_open",
      help: "1 while this worker's circuit for a provider is open",
      labelNames: ["provider"],
      registers,
    }),
    embeddingsCircuitOpen: new Gauge({
      name: "parley_embeddings_circuit_open",
      help: "1 while this worker searches by words alone, as the embeddings endpoint failed several times in a row",
      registers,
    }),
  };
}

function mailInstruments(registers: ProcessMetrics["registry"][]) {
  return {
    mails: new Counter({
      name: "parley_mails_total",
      help: "Mails by kind and outcome of a try; later is one that is tried again",
      labelNames: ["kind", "outcome"],
      registers,
    }),
  };
}
