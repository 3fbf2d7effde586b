import type { Logger } from "../../../shared/logger.ts";
import { ProviderError } from "../providers/provider.ts";

/** A key that does not work is said loudly, but not with every message. */
const loudEveryMs = 60_000;

/** Logs what goes wrong with providers, each matter as loud as it is. */
export class Complaints {
  readonly #loudAt = new Map<string, number>();

  note(provider: string, error: unknown, log: Logger): void {
    if (!(error instanceof ProviderError) || !error.refusedKey) {
      log.warn({ err: error, provider }, "no reply from a provider");
      return;
    }
    const now = performance.now();
    if (now - (this.#loudAt.get(provider) ?? Number.NEGATIVE_INFINITY) < loudEveryMs) return;
    this.#loudAt.set(provider, now);
    log.error(
      { err: error, provider, status: error.status },
      `${provider} refuses its key: check it, and what it may do. Others answer meanwhile.`,
    );
  }
}
