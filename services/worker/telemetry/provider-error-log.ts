import type { Logger } from "../../../shared/logger.ts";
import { ProviderError } from "../providers/provider.ts";

/** Log an invalid API key as an error at most once in this time, in milliseconds, per provider. */
const loudEveryMs = 60_000;

/** Logs provider errors, each at a level that fits its severity. */
export class ProviderErrorLog {
  readonly #loudAt = new Map<string, number>();

  note(provider: string, error: unknown, log: Logger): void {
    if (!(error instanceof ProviderError) || !error.refusedKey) {
      log.warn({ err: error, provider }, "provider call failed");
      return;
    }
    const now = performance.now();
    if (now - (this.#loudAt.get(provider) ?? Number.NEGATIVE_INFINITY) < loudEveryMs) return;
    this.#loudAt.set(provider, now);
    log.error(
      { err: error, provider, status: error.status },
      `${provider} rejected its API key: check the key and its permissions. Other providers answer in the meantime.`,
    );
  }
}
