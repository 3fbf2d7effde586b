import { readOpenCircuits } from "../../shared/db/circuit-reports.ts";
import { readTotals, type Totals } from "../../shared/db/totals.ts";
import type { JobContext } from "../../shared/jobs/job-context.ts";
import { within } from "../../shared/lifecycle.ts";
import type { Health } from "../../shared/protocol/service.ts";

type Sources = Pick<JobContext, "db" | "queue" | "live" | "log"> & { providers: string[] };

/** However many ask, the stores are asked once in so long. */
const freshMs = 1000;
const totalsFreshMs = 10_000;
const checkTimeoutMs = 2000;

/** The state of the service as `GET /health` tells it. */
export class HealthReport {
  readonly #sources: Sources;
  #report: { at: number; health: Promise<Health> } | undefined;
  #totals: Totals = { totalConversations: 0, totalMessages: 0, activeConversations: 0 };
  #totalsAt = Number.NEGATIVE_INFINITY;
  #draining = false;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async read(): Promise<Health> {
    const now = performance.now();
    if (!this.#report || now - this.#report.at > freshMs) this.#report = { at: now, health: this.#look() };
    return this.#report.health;
  }

  /** From now on no new requests should come here. */
  drain(): void {
    this.#draining = true;
  }

  async isReady(): Promise<boolean> {
    return !this.#draining && (await this.read()).checks.database.status === "up";
  }

  async #look(): Promise<Health> {
    const { db, queue, live, providers } = this.#sources;
    const [database, counts, cache] = await Promise.all([
      check(readOpenCircuits(db.pool)),
      check(queue.counts()),
      check(live.ping()),
    ]);
    if (database.up) await this.#refreshTotals();
    const { rss, heapUsed } = process.memoryUsage();
    return {
      status: !database.up ? "unhealthy" : counts.up && cache.up ? "healthy" : "degraded",
      timestamp: new Date().toISOString(),
      uptime: Math.round(process.uptime()),
      memory: { rssMb: megabytes(rss), heapUsedMb: megabytes(heapUsed) },
      stats: this.#totals,
      queue: counts.value ?? { waiting: 0, active: 0, delayed: 0, failed: 0, workers: 0 },
      checks: { database: describe(database), queue: describe(counts), cache: describe(cache) },
      providers,
      openCircuits: database.value ?? {},
    };
  }

  /** Waits for the first totals only; later ones are brought up to date behind the answer. */
  async #refreshTotals(): Promise<void> {
    const now = performance.now();
    if (now - this.#totalsAt < totalsFreshMs) return;
    const first = this.#totalsAt === Number.NEGATIVE_INFINITY;
    this.#totalsAt = now;
    const refresh = within(checkTimeoutMs, readTotals(this.#sources.db.pool)).then(
      (totals) => {
        this.#totals = totals;
      },
      (error: unknown) => this.#sources.log.debug({ err: error }, "totals not read"),
    );
    if (first) await refresh;
  }
}

type Check<T> = { up: boolean; latencyMs: number; value?: T };

async function check<T>(call: Promise<T>): Promise<Check<T>> {
  const began = performance.now();
  try {
    const value = await within(checkTimeoutMs, call);
    return { up: true, latencyMs: performance.now() - began, value };
  } catch {
    // That it failed is all a health report says; the parts concerned log why.
    return { up: false, latencyMs: performance.now() - began };
  }
}

function describe({ up, latencyMs }: Check<unknown>): Health["checks"]["database"] {
  return up ? { status: "up", latencyMs: Math.round(latencyMs * 10) / 10 } : { status: "down" };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}
