import type { Quota } from "../../../shared/errors.ts";
import { overQuota } from "./over-quota.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Counts credentials by kind: a wrong password must not lock out the metrics token of the same address. */
export type CredentialKind = "password" | "metrics-token";

/**
 * Stops guessing of credentials: a client with too many failures of a kind has further credentials of that kind
 * refused.
 */
export class LoginThrottle {
  readonly #failures: RateLimit;
  readonly #here: FailuresHere;

  /** @param failures of each client, over all processes */
  constructor(failures: RateLimit) {
    this.#failures = failures;
    this.#here = new FailuresHere(failures.quota);
  }

  /**
   * Compares a client's credentials, and counts a failure.
   * @param find returns the match, synchronously; `undefined` if there is none
   * @throws {Problem} 429 when the client has failed too often; then nothing is compared
   */
  async compare<T>(kind: CredentialKind, client: string, find: () => T | undefined): Promise<T | undefined> {
    const key = `${kind}:${client}`;
    const { remaining, resetSeconds } = await this.#failures.count(key, 0);
    // Keep the code from here to the count free of `await`: of concurrent guesses no more are compared than may
    // fail.
    if (remaining === 0 || this.#here.areUsedUp(key)) {
      throw overQuota(this.#failures.quota, "from your address", resetSeconds);
    }
    const found = find();
    if (found !== undefined) return found;
    this.#here.add(key);
    await this.#failures.count(key);
    return undefined;
  }
}

/** Maximum clients and kinds remembered; an attacker with more addresses meets the shared count. */
const maxKeysHere = 10_000;

/** Failures that this process knows without asking the store. */
class FailuresHere {
  readonly #quota: Quota;
  readonly #keys = new Map<string, { count: number; until: number }>();

  constructor(quota: Quota) {
    this.#quota = quota;
  }

  areUsedUp(key: string): boolean {
    const known = this.#keys.get(key);
    return known !== undefined && known.until > performance.now() && known.count >= this.#quota.limit;
  }

  add(key: string): void {
    const now = performance.now();
    const known = this.#keys.get(key);
    if (known !== undefined && known.until > now) known.count += 1;
    else this.#keys.set(key, { count: 1, until: now + this.#quota.windowSeconds * 1000 });
    if (this.#keys.size > maxKeysHere) this.#keys.clear();
  }
}
