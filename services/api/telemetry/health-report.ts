import { checkStore, memoryInUse } from "../../../shared/stores/check-store.ts";
import { readOpenCircuits } from "../../../shared/db/operators/circuit-reports.ts";
import { probeDatabaseWrites } from "../../../shared/db/probe-writes.ts";
import { readTotals, type Totals } from "../../../shared/db/operators/totals.ts";
import type { JobContext } from "../../../shared/jobs/job-context.ts";
import { cachedFor } from "../../../shared/async/cached-for.ts";
import { within } from "../../../shared/async/within.ts";
import type { Health } from "../../../shared/protocol/service.ts";
import { describeRefusal } from "../../../shared/stores/store-refusal.ts";
import { checkDelivery } from "./check-delivery.ts";
import type { KnownProviders } from "../submit/known-providers.ts";

type Sources = Pick<JobContext, "db" | "queue" | "live" | "log"> & { providers: Pick<KnownProviders, "names"> };

/** Asks the stores at most once in this time, however many requests arrive. */
const freshMs = 1000;
const writesFreshMs = 5000;
const totalsFreshMs = 10_000;
const totalsTimeoutMs = 2000;

/** The state of the service, as `GET /health` reports it. */
export class HealthReport {
  readonly #sources: Sources;
  #totals: Totals = { totalConversations: 0, totalMessages: 0, activeConversations: 0 };
  #totalsAt = Number.NEGATIVE_INFINITY;
  #draining = false;

  readonly #probeDatabaseWrites: () => Promise<void>;

  constructor(sources: Sources) {
    this.#sources = sources;
    this.#probeDatabaseWrites = cachedFor(writesFreshMs, () => probeDatabaseWrites(sources.db.pool));
  }

  readonly read = cachedFor(freshMs, () => this.#look());

  /** Marks this process as draining: new requests should go elsewhere. */
  drain(): void {
    this.#draining = true;
  }

  async isReady(): Promise<boolean> {
    return !this.#draining && (await this.read()).checks.database.status === "up";
  }

  async #look(): Promise<Health> {
    const { db, queue, live, providers } = this.#sources;
    const [database, counts, writable, cache, names] = await Promise.all([
      checkStore(Promise.all([readOpenCircuits(db.pool), this.#probeDatabaseWrites()])),
      checkStore(queue.counts()),
      checkStore(this.#probeQueue()),
      checkStore(live.ping()),
      providers.names(),
    ]);
    const delivery = await checkDelivery(db.pool, counts.value);
    const well = counts.up && writable.up && cache.up && delivery.status === "up";
    if (database.up) await this.#refreshTotals();
    return {
      status: !database.up ? "unhealthy" : well ? "healthy" : "degraded",
      timestamp: new Date().toISOString(),
      uptime: Math.round(process.uptime()),
      memory: memoryInUse(),
      stats: this.#totals,
      queue: counts.value ?? { waiting: 0, active: 0, delayed: 0, failed: 0, workers: 0, paused: false },
      checks: {
        database: database.shown,
        queue: writable.up ? counts.shown : writable.shown,
        cache: cache.shown,
        delivery,
      },
      providers: names,
      openCircuits: database.value?.[0] ?? {},
    };
  }

  /** Logs a refusal: without messages, no other part of an API encounters it. The connections log an outage. */
  async #probeQueue(): Promise<void> {
    const { queue, log } = this.#sources;
    await queue.probe().catch((error: unknown) => {
      if (describeRefusal(error)) log.warn({ err: error }, "the queue refuses writes");
      throw error;
    });
  }

  /** Waits for the first totals only; later ones are refreshed in the background. */
  async #refreshTotals(): Promise<void> {
    const now = performance.now();
    if (now - this.#totalsAt < totalsFreshMs) return;
    const first = this.#totalsAt === Number.NEGATIVE_INFINITY;
    this.#totalsAt = now;
    const refresh = within(totalsTimeoutMs, readTotals(this.#sources.db.pool)).then(
      (totals) => {
        this.#totals = totals;
      },
      (error: unknown) => this.#sources.log.debug({ err: error }, "could not read the totals"),
    );
    if (first) await refresh;
  }
}
