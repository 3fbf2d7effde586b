import pg from "pg";
import { ApiMetrics } from "../services/api/telemetry/api-metrics.ts";
import { WorkerMetrics } from "../services/worker/telemetry/worker-metrics.ts";
import type { Health } from "../shared/protocol/service.ts";

/** Names of all metrics of an API or a worker, and `up`, which Prometheus adds. */
export async function metricNames(): Promise<ReadonlySet<string>> {
  // Queries on this pool fail and their metrics have no values, but the names are listed.
  const pool = new pg.Pool({ host: "127.0.0.1", port: 1 });
  const metrics = [
    new ApiMetrics({ pool, health: { read: async () => nothing }, streams: { count: 0 }, config: {} }),
    new WorkerMetrics({
      pool,
      leases: { count: 0 },
      circuits: { open: [], timesOpened: () => 0 },
      concurrency: 1,
      upstreams: [],
    }),
  ];
  try {
    const texts = await Promise.all(metrics.map((each) => each.render()));
    return new Set([
      "up",
      ...texts.flatMap((text) => [...text.matchAll(/^# TYPE (\S+)/gm)].map(([, name = ""]) => name)),
    ]);
  } finally {
    for (const each of metrics) each.close();
    await pool.end();
  }
}

const down = { status: "down" } as const;
const nothing: Health = {
  status: "unhealthy",
  timestamp: "2026-01-01T00:00:00Z",
  uptime: 0,
  memory: { rssMb: 0, heapUsedMb: 0 },
  stats: { totalConversations: 0, totalMessages: 0, activeConversations: 0 },
  queue: { waiting: 0, active: 0, delayed: 0, failed: 0, workers: 0, paused: false },
  checks: { database: down, queue: down, cache: down, delivery: down },
  providers: [],
  openCircuits: {},
};
