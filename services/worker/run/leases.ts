import type { Pool } from "pg";
import { dedupe } from "../../../shared/async/dedupe.ts";
import { renewLeases } from "../../../shared/db/jobs/claim.ts";
import type { Logger } from "../../../shared/logger.ts";
import { renewEveryMs } from "../../../shared/tunables.ts";
import type { ReclaimGuard } from "./reclaim-guard.ts";

/**
 * Reason why a run stops before its reply is whole: its visitor cancelled it, another run took its row, or its worker
 * shuts down.
 */
export type StopReason = "cancelled" | "lost" | "released";

/** Abort reason of a stopped run's signal. */
export class Stopped extends Error {
  override name = "Stopped";
  readonly reason: StopReason;

  constructor(reason: StopReason) {
    super(`the run was stopped: ${reason}`);
    this.reason = reason;
  }
}

/** Jobs held by this process. Renews all their leases in one statement a second, and stops the jobs it has lost. */
export class Leases {
  readonly #pool: Pool;
  readonly #reclaimGuard: ReclaimGuard;
  readonly #log: Logger;
  readonly #held = new Map<string, { run: number; controller: AbortController }>();
  /** Renews after all that was heard so far; many hints share one statement. */
  readonly #renew = dedupe(() => this.#renewAll());
  #timer: NodeJS.Timeout | undefined;
  #whenIdle: (() => void)[] = [];

  constructor({ pool, reclaimGuard, log }: { pool: Pool; reclaimGuard: ReclaimGuard; log: Logger }) {
    this.#pool = pool;
    this.#reclaimGuard = reclaimGuard;
    this.#log = log;
  }

  /** Holds a claimed job until `release`. The signal aborts, with a `Stopped`, when the run must end. */
  hold({ id, run }: { id: string; run: number }): { signal: AbortSignal; release: () => void } {
    const held = { run, controller: new AbortController() };
    // This process may claim a job again after it was taken for dead.
    this.#held.get(id)?.controller.abort(new Stopped("lost"));
    this.#held.set(id, held);
    this.#schedule();
    return {
      signal: held.controller.signal,
      release: () => {
        if (this.#held.get(id) === held) this.#held.delete(id);
        if (this.#held.size === 0) for (const resolve of this.#whenIdle.splice(0)) resolve();
      },
    };
  }

  /** Number of jobs held now. */
  get count(): number {
    return this.#held.size;
  }

  /** Stops one run of a job, never a later one of the same job. */
  stop({ id, run }: { id: string; run: number }, reason: StopReason): void {
    const held = this.#held.get(id);
    if (held?.run === run) held.controller.abort(new Stopped(reason));
  }

  stopAll(reason: StopReason): void {
    for (const [id, { run }] of this.#held) this.stop({ id, run }, reason);
  }

  /** Resolves when no job is held. */
  async idle(): Promise<void> {
    if (this.#held.size > 0) await new Promise<void>((resolve) => this.#whenIdle.push(resolve));
  }

  /** Handles a hint that a cancel was requested: reads the row now rather than within the next second. */
  async hearCancel(jobId: string): Promise<void> {
    if (this.#held.has(jobId)) await this.#renew();
  }

  async #renewAll(): Promise<void> {
    const asked = new Map([...this.#held].map(([id, { run }]) => [id, run]));
    if (asked.size === 0) return;
    try {
      const renewed = await renewLeases(
        this.#pool,
        [...asked].map(([id, run]) => ({ id, run })),
      );
      this.#reclaimGuard.databaseAnswered();
      for (const { id, cancelRequested } of renewed) {
        const run = asked.get(id);
        if (cancelRequested && run !== undefined) this.stop({ id, run }, "cancelled");
        asked.delete(id);
      }
      for (const [id, run] of asked) this.stop({ id, run }, "lost");
    } catch (error) {
      this.#reclaimGuard.databaseFailed();
      this.#log.warn({ err: error, jobs: asked.size }, "could not renew leases");
    }
  }

  #schedule(): void {
    if (this.#timer || this.#held.size === 0) return;
    this.#timer = setTimeout(() => {
      void this.#renew().then(() => {
        this.#timer = undefined;
        this.#schedule();
      });
    }, renewEveryMs);
  }
}
