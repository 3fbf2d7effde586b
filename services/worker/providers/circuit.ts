import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, type IBreaker } from "cockatiel";
import type { Logger } from "../../../shared/logger.ts";
import { type Provider, ProviderError } from "./provider.ts";

/** So many failures in a row, and the provider is left alone for a while. */
const failuresInARow = 5;
const firstPauseMs = 2000;
const longestPauseMs = 60_000;
const probeTimeoutMs = 3000;

/** No call was made: the provider was down a moment ago, and the next one is asked at once. */
export class CircuitOpen extends ProviderError {
  constructor() {
    super("unreachable", "skipped: it was down a moment ago");
  }
}

/**
 * Skips a provider that is down. All jobs of a process share it: the first one that waited in vain for a token opens it, and
 * none that begins later waits again. Whether the provider is back is asked by a probe, never by a visitor's job.
 */
export class Circuit {
  readonly #provider: Pick<Provider, "name" | "probe">;
  readonly #log: Logger;
  readonly #breaker = new TimeoutOrConsecutive();
  readonly #policy = circuitBreaker(handleWhen(isDown), { breaker: this.#breaker, halfOpenAfter: 0 });
  readonly #firstPauseMs: number;
  #pauseMs: number;
  #timer: NodeJS.Timeout | undefined;
  #timesOpened = 0;
  #down = false;

  /** @param pauseMs before the first probe; it doubles while the provider only answers probes, and jobs still fail */
  constructor(provider: Pick<Provider, "name" | "probe">, log: Logger, pauseMs = firstPauseMs) {
    this.#provider = provider;
    this.#log = log;
    this.#firstPauseMs = pauseMs;
    this.#pauseMs = pauseMs;
    this.#policy.onBreak(() => {
      // A probe that fails finds it open.
      if (!this.#down) this.#timesOpened += 1;
      this.#down = true;
      log.warn({ provider: provider.name, pauseMs: this.#pauseMs }, "provider is down: it is skipped for a while");
      this.#probeLater();
    });
    this.#policy.onReset(() => {
      this.#down = false;
      log.info({ provider: provider.name }, "provider answers again");
    });
  }

  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  get timesOpened(): number {
    return this.#timesOpened;
  }

  /**
   * Makes a call and takes note of how it went.
   * @param hasBegun whether the provider gave a sign of life: a stream that stalls later is a failure like any other
   * @throws {ProviderError} at once when the circuit is open
   */
  async run<T>(call: () => Promise<T>, hasBegun: () => boolean): Promise<T> {
    this.check();
    const result = await this.#policy.execute(async () => {
      try {
        return await call();
      } catch (error) {
        this.#breaker.timedOut = error instanceof ProviderError && error.code === "timeout" && !hasBegun();
        throw error;
      }
    });
    this.#pauseMs = this.#firstPauseMs;
    return result;
  }

  /** @throws {ProviderError} when the circuit is open */
  check(): void {
    if (this.isOpen) throw new CircuitOpen();
  }

  /** Resolves when the provider may be asked again. */
  async closed(): Promise<void> {
    if (this.isOpen) await new Promise<void>((resolve) => this.#policy.onReset(() => resolve()));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  #probeLater(): void {
    this.#timer = setTimeout(() => void this.#probe(), this.#pauseMs).unref();
    this.#pauseMs = Math.min(this.#pauseMs * 2, longestPauseMs);
  }

  async #probe(): Promise<void> {
    try {
      await this.#policy.execute(() => this.#ask());
    } catch (error) {
      // It opened again by this, and asks again after a longer pause.
      this.#log.debug({ err: error, provider: this.#provider.name }, "provider is still down");
    }
  }

  async #ask(): Promise<void> {
    const limit = new AbortController();
    const late = () => limit.abort(new ProviderError("timeout", `no answer to a probe within ${probeTimeoutMs} ms`));
    const timer = setTimeout(late, probeTimeoutMs);
    try {
      await this.#provider.probe?.(limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** One timeout is enough: it cost a visitor all of its time. */
class TimeoutOrConsecutive implements IBreaker {
  readonly #consecutive = new ConsecutiveBreaker(failuresInARow);
  timedOut = false;

  /** What cockatiel would keep across processes; this one is not kept. */
  state: unknown;

  success(): void {
    this.#consecutive.success();
  }

  failure(): boolean {
    return this.#consecutive.failure() || this.timedOut;
  }
}

/** A request that was at fault itself says nothing about its provider, nor does one that it was still at work on. */
function isDown(error: unknown): boolean {
  return error instanceof ProviderError && error.retryable && !error.atWork;
}
