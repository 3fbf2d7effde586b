import { leaseSeconds } from "../../shared/db/claim.ts";

/**
 * Whether this worker may take over jobs whose lease is over. While PostgreSQL was away nobody could renew, so after an
 * outage, and after its own start, a worker first gives the others one lease of time.
 */
export class TakeOvers {
  readonly #now: () => number;
  #awayUntil: number;
  #away = true;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
    this.#awayUntil = now();
  }

  databaseFailed(): void {
    this.#away = true;
  }

  databaseAnswered(): void {
    if (!this.#away) return;
    this.#away = false;
    this.#awayUntil = this.#now();
  }

  get allowed(): boolean {
    return !this.#away && this.#now() - this.#awayUntil > leaseSeconds * 1000;
  }
}
