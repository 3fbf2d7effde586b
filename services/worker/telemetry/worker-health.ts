import { checkStore, memoryInUse } from "../../../shared/stores/check-store.ts";
import { probeDatabaseWrites } from "../../../shared/db/probe-writes.ts";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { JobContext } from "../../../shared/jobs/job-context.ts";
import type { Health } from "../../../shared/protocol/service.ts";
import type { Circuits } from "../providers/circuits.ts";

export interface HealthSources extends Pick<JobContext, "db" | "queue" | "live"> {
  /** `count`: jobs held now. */
  leases: { readonly count: number };
  circuits: Pick<Circuits, "open">;
  config: Pick<Config, "WORKER_CONCURRENCY">;
}

/**
 * Cache time of a store's answer, in milliseconds: each store is asked at most once in this time, regardless of the
 * number of requests.
 */
const freshMs = 1000;
const writesFreshMs = 5000;

export interface WorkerHealth extends Pick<Health, "status" | "timestamp" | "uptime" | "memory"> {
  checks: Omit<Health["checks"], "delivery">;
  takesJobs: boolean;
  /** Number of jobs held now. */
  jobs: number;
  concurrency: number;
  /** Providers that are down and skipped. */
  openCircuits: string[];
}

/**
 * Reports a worker's state: `unhealthy` when jobs cannot be processed, `degraded` when replies are stored but not shown
 * while they grow.
 */
export function workerHealth(sources: HealthSources, takesJobs: () => boolean): () => Promise<WorkerHealth> {
  const { db, queue, live, leases, circuits, config } = sources;
  const probeDatabase = cachedFor(writesFreshMs, () => probeDatabaseWrites(db.pool));
  return cachedFor(freshMs, async () => {
    const [database, entries, cache] = await Promise.all([
      checkStore(Promise.all([db.pool.query("select 1"), probeDatabase()])),
      checkStore(queue.probe()),
      checkStore(live.ping()),
    ]);
    const works = takesJobs() && database.up && entries.up;
    return {
      status: !works ? "unhealthy" : cache.up ? "healthy" : "degraded",
      timestamp: new Date().toISOString(),
      uptime: Math.round(process.uptime()),
      memory: memoryInUse(),
      takesJobs: takesJobs(),
      jobs: leases.count,
      concurrency: config.WORKER_CONCURRENCY,
      checks: { database: database.shown, queue: entries.shown, cache: cache.shown },
      openCircuits: circuits.open,
    };
  });
}
