import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import type { Logger } from "../../../shared/logger.ts";
import { ProviderError } from "../providers/provider.ts";

/** Log an invalid API key as an error at most once in this time, in milliseconds, per provider. */
const loudEveryMs = 60_000;

/** Logs provider errors, each at a level that fits its severity. */
export class ProviderErrorLog {
  /** Passes one refusal of a provider's key. */
  readonly #due = atMostEvery(loudEveryMs);

  note(provider: string, error: unknown, log: Logger): void {
    if (!(error instanceof ProviderError) || !error.refusedKey) {
      log.warn({ err: error, provider }, "provider call failed");
      return;
    }
    if (!this.#due(provider)) return;
    log.error(
      { err: error, provider, status: error.status },
      `${provider} rejected its API key: check the key and its permissions. Other providers answer in the meantime.`,
    );
  }
}
