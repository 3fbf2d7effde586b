import { checkStore, memoryInUse } from "../../../shared/stores/check-store.ts";
import { probeWrites } from "../../../shared/db/probe-writes.ts";
import { fresh } from "../../../shared/async/cached-for.ts";
import type { Health } from "../../../shared/protocol/service.ts";
import type { WorkerContext } from "../worker-context.ts";

/** However many ask, the stores are asked once in so long. */
const freshMs = 1000;
const writesFreshMs = 5000;

export interface WorkerHealth extends Pick<Health, "status" | "timestamp" | "uptime" | "memory"> {
  checks: Omit<Health["checks"], "delivery">;
  takesJobs: boolean;
  /** That it holds now, and may hold at once. */
  jobs: number;
  concurrency: number;
  /** Providers it skips because they are down. */
  openCircuits: string[];
}

/**
 * The state of a worker: `unhealthy` where jobs would not get far, `degraded` where their replies are only not seen while
 * they grow.
 */
export function workerHealth(context: WorkerContext, takesJobs: () => boolean): () => Promise<WorkerHealth> {
  const { db, queue, live, leases, circuits, config } = context;
  const probeDatabase = fresh(writesFreshMs, () => probeWrites(db.pool));
  return fresh(freshMs, async () => {
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
