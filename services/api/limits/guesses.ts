import type { Quota } from "../../../shared/errors.ts";
import { overQuota } from "./over-quota.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Lets nobody guess credentials: a client that failed too often is not listened to, whatever it brings. */
export class Guesses {
  readonly #failures: RateLimit;
  readonly #here: FailuresHere;

  /** @param failures of each client, over all processes */
  constructor(failures: RateLimit) {
    this.#failures = failures;
    this.#here = new FailuresHere(failures.quota);
  }

  /**
   * Compares what a client brought, and counts it if it is wrong.
   * @param find what it opens, decided at once; `undefined`: nothing
   * @throws {Problem} 429 when the client has failed too often; then nothing is compared
   */
  async compare<T>(client: string, find: () => T | undefined): Promise<T | undefined> {
    const { remaining, resetSeconds } = await this.#failures.count(client, 0);
    // From here to the count nothing waits: of guesses that come at once no more are compared than may fail.
    if (remaining === 0 || this.#here.areUsedUp(client)) {
      throw overQuota(this.#failures.quota, "from your address", resetSeconds);
    }
    const found = find();
    if (found !== undefined) return found;
    this.#here.add(client);
    await this.#failures.count(client);
    return undefined;
  }
}

/** As many clients are remembered; an attacker with more of them meets the shared count. */
const maxClientsHere = 10_000;

/** What this process knows without asking. */
class FailuresHere {
  readonly #quota: Quota;
  readonly #clients = new Map<string, { count: number; until: number }>();

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  areUsedUp(client: string): boolean {
    const known = this.#clients.get(client);
    return known !== undefined && known.until > performance.now() && known.count >= this.#quota.limit;
  }

  add(client: string): void {
    const now = performance.now();
    const known = this.#clients.get(client);
    if (known !== undefined && known.until > now) known.count += 1;
    else this.#clients.set(client, { count: 1, until: now + this.#quota.windowSeconds * 1000 });
    if (this.#clients.size > maxClientsHere) this.#clients.clear();
  }
}
