import { reclaimPauseMs, shortOutageMs } from "../../../shared/tunables.ts";

/**
 * Decides whether this worker may reclaim jobs whose lease has expired. No worker can renew while PostgreSQL is down.
 * So after an outage, and after its own start, a worker first waits one lease for the others to renew.
 */
export class ReclaimGuard {
  readonly #now: () => number;
  #away = true;
  #answeredAt = Number.NEGATIVE_INFINITY;
  #awayUntil: number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#awayUntil = now();
  }

  databaseFailed(): void {
    this.#away = true;
  }

  /** Called once a second while PostgreSQL is up. */
  databaseAnswered(): void {
    const now = this.#now();
    // Measure from the last successful answer: an outage starts before the first error, and a frozen process sees no
    // error at all.
    if (now - this.#answeredAt > shortOutageMs) this.#awayUntil = now;
    this.#away = false;
    this.#answeredAt = now;
  }

  get allowed(): boolean {
    return !this.#away && this.#now() - this.#awayUntil > reclaimPauseMs;
  }
}
