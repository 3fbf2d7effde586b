import type { LRUCache } from "lru-cache";
import { boundedMap } from "../../../shared/bounded-map.ts";
import { overQuota } from "./over-quota.ts";
import type { RateLimit } from "./rate-limit.ts";

/** Counts credentials by kind: a wrong password must not lock out the metrics token of the same address. */
export type CredentialKind = "password" | "metrics-token" | "operator-key";

/** Maximum clients and kinds remembered; an attacker with more addresses meets the shared count. */
const maxKeysHere = 10_000;

/**
 * Stops guessing of credentials: a client with too many failures of a kind has further credentials of that kind
 * refused.
 */
export class LoginThrottle {
  readonly #failures: RateLimit;
  /** By key: failures that this process knows without asking the store. */
  readonly #here: LRUCache<string, number>;

  /** @param failures of each client, over all processes */
  constructor(failures: RateLimit) {
    this.#failures = failures;
    this.#here = boundedMap(maxKeysHere, { ttlMs: failures.quota.windowSeconds * 1000 });
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
    if (remaining === 0 || (this.#here.get(key) ?? 0) >= this.#failures.quota.limit) {
      throw overQuota(this.#failures.quota, "from your address", resetSeconds);
    }
    const found = find();
    if (found !== undefined) return found;
    this.#here.set(key, (this.#here.get(key) ?? 0) + 1);
    await this.#failures.count(key);
    return undefined;
  }
}
