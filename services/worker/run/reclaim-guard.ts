import { leaseSeconds } from "../../../shared/db/jobs/claim.ts";

/** An outage this short costs nobody a lease: whoever lives renews once a second, and has two thirds of it left. */
const shortOutageMs = (leaseSeconds * 1000) / 3;

/**
 * Whether this worker may take over jobs whose lease is over. While PostgreSQL was away nobody could renew, so after an
 * outage, and after its own start, a worker first gives the others one lease of time.
 */
export class TakeOvers {
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

  /** Called once a second while PostgreSQL is there. */
  databaseAnswered(): void {
    const now = this.#now();
    // From answer to answer: an outage begins before it is noticed, and who was frozen has noticed none.
    if (now - this.#answeredAt > shortOutageMs) this.#awayUntil = now;
    this.#away = false;
    this.#answeredAt = now;
  }

  get allowed(): boolean {
    return !this.#away && this.#now() - this.#awayUntil > leaseSeconds * 1000;
  }
}
