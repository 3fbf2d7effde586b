import type { Pool } from "pg";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Histogram from "prom-client/lib/histogram.js";
import type { Config } from "../../../shared/config/config.ts";
import { type EmbeddingUse, readEmbeddingUse } from "../../../shared/db/knowledge/embedding-use.ts";
import { type Depths, readDepths } from "../../../shared/db/operators/depths.ts";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { within } from "../../../shared/async/within.ts";
import { processMetrics, type ProcessMetrics } from "../../../shared/metrics.ts";
import type { HealthReport } from "./health-report.ts";
import type { CacheRead } from "../history/cache-guard.ts";
import type { CutReason } from "../limits/connections.ts";
import type { EventStreams } from "../follow/sse.ts";

interface Sources {
  pool: Pool;
  health: Pick<HealthReport, "read">;
  streams: Pick<EventStreams, "count">;
  /** An embeddings endpoint, if there is one. */
  config: Pick<Config, "EMBEDDINGS_BASE_URL">;
}

export interface RequestOutcome {
  method: string;
  route: string;
  status: number;
  /** Absent for a stream and for a client that asked to wait: such a duration says nothing about this service. */
  seconds?: number | undefined;
}

/** Counts the rows at most once in this time, however many scrapes arrive. */
const depthsFreshMs = 5000;
const depthsTimeoutMs = 2000;
const methods = new Set(["GET", "HEAD", "POST", "DELETE", "OPTIONS"]);

/**
 * Metrics of an API process for Prometheus: its own requests, and the state of the whole service, which every API
 * process reports alike.
 */
export class ApiMetrics {
  readonly #process: ProcessMetrics;
  readonly #sources: Sources;
  readonly #requests: Counter<"method" | "route" | "status">;
  readonly #durations: Histogram<"method" | "route">;
  readonly #cuts: Counter<"reason">;
  readonly #historyReads: Counter<"result">;
  readonly #service: ServiceGauges;
  readonly #readDepths: () => Promise<Depths>;
  readonly #readUse: () => Promise<EmbeddingUse>;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#readDepths = cachedFor(depthsFreshMs, () => within(depthsTimeoutMs, readDepths(sources.pool)));
    this.#readUse = cachedFor(depthsFreshMs, () => within(depthsTimeoutMs, readEmbeddingUse(sources.pool)));
    this.#process = processMetrics({ main: sources.pool }, () => this.#refresh());
    const registers = [this.#process.registry];
    this.#requests = new Counter({
      name: "parley_http_requests_total",
      help: "Completed requests",
      labelNames: ["method", "route", "status"],
      registers,
    });
    this.#durations = new Histogram({
      name: "parley_http_request_duration_seconds",
      help: "Time from a request's arrival to the end of its response; excludes event streams and requests with Prefer: wait",
      labelNames: ["method", "route"],
      buckets: [0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    });
    this.#cuts = new Counter({
      name: "parley_http_connections_cut_total",
      help: "Connections closed because a client, or all clients together, exceeded a limit",
      labelNames: ["reason"],
      registers,
    });
    this.#historyReads = new Counter({
      name: "parley_history_cache_reads_total",
      help: "Reads of a newest page by what the cache in Redis had: hit, miss, or error if it did not answer",
      labelNames: ["result"],
      registers,
    });
    // A rate of hits needs all of them from the start.
    for (const result of ["hit", "miss", "error"] as const) this.#historyReads.inc({ result }, 0);
    this.#service = serviceGauges(registers);
  }

  request({ method: given, route, status, seconds }: RequestOutcome): void {
    const method = methods.has(given) ? given : "other";
    this.#requests.inc({ method, route, status });
    if (seconds !== undefined) this.#durations.observe({ method, route }, seconds);
  }

  connectionCut(reason: CutReason): void {
    this.#cuts.inc({ reason });
  }

  historyRead(result: CacheRead): void {
    this.#historyReads.inc({ result });
  }

  render(): Promise<string> {
    return this.#process.render();
  }

  /** Names of all metrics. */
  registered(): string[] {
    return this.#process.registry.getMetricsAsArray().map(({ name }) => name);
  }

  close(): void {
    this.#process.close();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.#refreshService(), this.#refreshEmbeddings()]);
  }

  /** Counts of all processes: the one that asks most has no metrics of its own. */
  async #refreshEmbeddings(): Promise<void> {
    if (this.#sources.config.EMBEDDINGS_BASE_URL === undefined) return;
    const use = await this.#readUse().catch(() => undefined);
    for (const [name, counter] of Object.entries(this.#service.embeddings)) {
      counter.reset();
      if (use) counter.inc(use[name as keyof EmbeddingUse]);
      else counter.remove();
    }
  }

  async #refreshService(): Promise<void> {
    const [{ queue, checks, openCircuits }, depths] = await Promise.all([
      this.#sources.health.read(),
      // The store's gauge shows a failed read.
      this.#readDepths().catch(() => undefined),
    ]);
    const { streams, stores, jobs, ages, entries, workers, circuits, paused, refusals } = this.#service;
    streams.set(this.#sources.streams.count);
    const { delivery: _, ...storeChecks } = checks;
    for (const [store, { status, detail }] of Object.entries(storeChecks)) {
      stores.set({ store }, status === "up" ? 1 : 0);
      refusals.set({ store }, detail === undefined ? 0 : 1);
    }
    // Omit unknown values: a 0 would look healthy.
    for (const gauge of [jobs, ages, entries, circuits]) gauge.reset();
    workers.remove();
    paused.remove();
    if (checks.queue.status === "up") {
      const { workers: living, paused: isPaused, ...states } = queue;
      workers.set(living);
      paused.set(isPaused ? 1 : 0);
      for (const [state, count] of Object.entries(states)) entries.set({ state }, count);
    }
    for (const [provider, count] of Object.entries(openCircuits)) circuits.set({ provider }, count);
    if (!depths) return;
    jobs.set({ state: "queued" }, depths.queued);
    jobs.set({ state: "active" }, depths.active);
    ages.set({ state: "queued" }, depths.oldestQueuedSeconds);
    ages.set({ state: "active" }, depths.oldestActiveSeconds);
  }
}

type ServiceGauges = ReturnType<typeof serviceGauges>;

function serviceGauges(registers: ProcessMetrics["registry"][]) {
  return {
    embeddings: embeddingCounters(registers),
    streams: new Gauge({ name: "parley_sse_connections", help: "Open event streams", registers }),
    stores: new Gauge({
      name: "parley_store_up",
      help: "1 if the store answers and accepts writes, else 0",
      labelNames: ["store"],
      registers,
    }),
    refusals: new Gauge({
      name: "parley_store_refuses",
      help: "1 if the store answers but refuses (full, read-only, access denied), else 0",
      labelNames: ["store"],
      registers,
    }),
    paused: new Gauge({
      name: "parley_queue_paused",
      help: "1 while an operator has paused the queue, else 0",
      registers,
    }),
    jobs: new Gauge({
      name: "parley_jobs",
      help: "Jobs that have not ended, counted in PostgreSQL; queued jobs are counted up to 100,000",
      labelNames: ["state"],
      registers,
    }),
    ages: new Gauge({
      name: "parley_jobs_oldest_age_seconds",
      help: "Age of the oldest job: queued heads since acceptance, active jobs since their first claim",
      labelNames: ["state"],
      registers,
    }),
    entries: new Gauge({
      name: "parley_queue_entries",
      help: "Queue entries, counted by BullMQ",
      labelNames: ["state"],
      registers,
    }),
    workers: new Gauge({ name: "parley_workers", help: "Workers connected to the queue", registers }),
    circuits: new Gauge({
      name: "parley_circuit_open_workers",
      help: "Workers whose circuit for a provider is open; providers with none are omitted",
      labelNames: ["provider"],
      registers,
    }),
  };
}

function embeddingCounters(registers: ProcessMetrics["registry"][]) {
  const counter = (name: string, help: string) =>
    new Counter({ name: `parley_embedding_${name}_total`, help, registers });
  return {
    calls: counter("calls", "Requests to the embeddings endpoint"),
    failures: counter("failures", "Requests to the embeddings endpoint without an answer that can be used"),
    texts: counter("texts", "Passages and questions sent to the embeddings endpoint"),
    tokens: counter("tokens", "Tokens sent to the embeddings endpoint; an upper bound where it reports none"),
  };
}
