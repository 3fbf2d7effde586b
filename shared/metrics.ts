import { createHash, timingSafeEqual } from "node:crypto";
import { type EventLoopUtilization, monitorEventLoopDelay, performance } from "node:perf_hooks";
import type { Pool } from "pg";
import Counter from "prom-client/lib/counter.js";
import Gauge from "prom-client/lib/gauge.js";
import Registry from "prom-client/lib/registry.js";
import type { Config } from "./config/config.ts";

/** The metrics of one process, in a registry of its own. */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** Prometheus' text format. */
  render(): Promise<string>;
  close(): void;
}

/** Timer period of the event-loop probe; this timer is its whole cost. */
const loopProbeMs = 20;

/**
 * Metrics of every process: its CPU time, memory, event loop and PostgreSQL connections.
 * @param refresh sets the gauges that are read on each scrape; it must not throw
 */
export function processMetrics(
  pools: Readonly<Record<string, Pick<Pool, "totalCount" | "idleCount" | "waitingCount">>>,
  refresh: () => Promise<void>,
): ProcessMetrics {
  const registry = new Registry();
  const loop = loopMetrics(registry);
  const refreshProcess = ownMetrics(registry);
  const refreshPools = poolMetrics(registry, pools);
  return {
    registry,
    async render() {
      await refresh();
      loop.refresh();
      refreshProcess();
      refreshPools();
      return registry.metrics();
    },
    close: loop.close,
  };
}

/** Metrics under the names that dashboards for any process and any Node.js expect. */
function ownMetrics(registry: Registry): () => void {
  const registers = [registry];
  const cpu = new Counter({
    name: "process_cpu_seconds_total",
    help: "CPU time, user and system together",
    registers,
  });
  const memory = new Gauge({ name: "process_resident_memory_bytes", help: "Resident memory", registers });
  const heap = new Gauge({ name: "nodejs_heap_size_used_bytes", help: "JavaScript heap in use", registers });
  new Gauge({ name: "process_start_time_seconds", help: "Start time since the Unix epoch", registers }).set(
    Math.round(performance.timeOrigin / 1000),
  );
  let counted = 0;
  return () => {
    const { user, system } = process.cpuUsage();
    const seconds = (user + system) / 1e6;
    cpu.inc(seconds - counted);
    counted = seconds;
    const { rss, heapUsed } = process.memoryUsage();
    memory.set(rss);
    heap.set(heapUsed);
  };
}

/** Measures the event loop since the last scrape: its lag, and the share of time it is busy. */
function loopMetrics(registry: Registry): { refresh: () => void; close: () => void } {
  const registers = [registry];
  const lag = new Gauge({
    name: "parley_event_loop_lag_seconds",
    help: "Event loop delay since the last scrape; quantile 1 is the maximum",
    labelNames: ["quantile"],
    registers,
  });
  const busy = new Counter({
    name: "parley_event_loop_busy_seconds_total",
    help: "Active time of the event loop; its rate is the share of one core in use",
    registers,
  });
  const delay = monitorEventLoopDelay({ resolution: loopProbeMs });
  delay.enable();
  let before: EventLoopUtilization | undefined;
  return {
    refresh() {
      for (const quantile of [0.5, 0.99, 1]) {
        const nanoseconds = delay.percentile(quantile * 100);
        lag.set({ quantile: String(quantile) }, Math.max(0, nanoseconds / 1e9 - loopProbeMs / 1000));
      }
      delay.reset();
      const now = performance.eventLoopUtilization();
      busy.inc(Math.max(0, now.active - (before?.active ?? 0)) / 1000);
      before = now;
    },
    close: () => void delay.disable(),
  };
}

function poolMetrics(registry: Registry, pools: Parameters<typeof processMetrics>[0]): () => void {
  const connections = new Gauge({
    name: "parley_postgres_connections",
    help: "Open PostgreSQL connections of this process",
    labelNames: ["pool", "state"],
    registers: [registry],
  });
  const waiting = new Gauge({
    name: "parley_postgres_waiting",
    help: "Statements waiting for a PostgreSQL connection",
    labelNames: ["pool"],
    registers: [registry],
  });
  return () => {
    for (const [pool, { totalCount, idleCount, waitingCount }] of Object.entries(pools)) {
      connections.set({ pool, state: "busy" }, totalCount - idleCount);
      connections.set({ pool, state: "idle" }, idleCount);
      waiting.set({ pool }, waitingCount);
    }
  };
}

/** Checks access to the metrics; `"hidden"` where they are not served at all. */
export function mayReadMetrics(
  authorization: string | undefined,
  { METRICS_TOKEN: token, NODE_ENV }: Pick<Config, "METRICS_TOKEN" | "NODE_ENV">,
): "yes" | "no" | "hidden" {
  if (token === undefined) return NODE_ENV === "production" ? "hidden" : "yes";
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(authorization ?? "") ?? [];
  // Compare digests: they have equal length, so the comparison takes constant time.
  return timingSafeEqual(digest(given), digest(token)) ? "yes" : "no";
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
