import type { LRUCache } from "lru-cache";
import { boundedMap } from "../../../shared/bounded-map.ts";
import { overQuota } from "./over-quota.ts";
import type { QuotaStatus, RateLimit } from "./rate-limit.ts";

/** Counts credentials by kind: a wrong password must not lock out the metrics token of the same address. */
export type CredentialKind = "password" | "metrics-token" | "operator-key" | "link" | "second-factor" | "account";

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
    const status = await this.#failures.count(key, 0);
    // Keep the code from here to `#note` free of `await`, also in `attempt`: of concurrent guesses no more are compared
    // than may fail.
    this.#admit(kind, key, status);
    const found = find();
    if (found !== undefined) return found;
    this.#note(key, 1);
    await this.#failures.count(key);
    return undefined;
  }

  /** Like `compare`, for a comparison that takes its time: while it runs, it counts as a failure. */
  async attempt<T>(kind: CredentialKind, client: string, find: () => Promise<T | undefined>): Promise<T | undefined> {
    const key = `${kind}:${client}`;
    this.#admit(kind, key, await this.#failures.count(key, 0));
    this.#note(key, 1);
    let failed = false;
    try {
      const found = await find();
      failed = found === undefined;
      return found;
    } finally {
      if (failed) await this.#failures.count(key);
      else this.#note(key, -1);
    }
  }

  #admit(kind: CredentialKind, key: string, { remaining, resetSeconds }: QuotaStatus): void {
    if (remaining > 0 && (this.#here.get(key) ?? 0) < this.#failures.quota.limit) return;
    throw overQuota(this.#failures.quota, kind === "account" ? "for this account" : "from your address", resetSeconds);
  }

  #note(key: string, change: 1 | -1): void {
    this.#here.set(key, Math.max(0, (this.#here.get(key) ?? 0) + change));
  }
}
