import { circuitBreaker, CircuitState, ConsecutiveBreaker, handleWhen, type IBreaker } from "cockatiel";
import { exponentialBackoffMs } from "../../../shared/async/backoff.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import type { Logger } from "../../../shared/logger.ts";
import { KeyState } from "./key-state.ts";
import { type Provider, ProviderError } from "./provider.ts";

/** Consecutive failures that open the circuit. */
const failuresInARow = 5;
const firstPauseMs = 2000;
const longestPauseMs = 60_000;
const probeTimeoutMs = 3000;

/** No call was made, since the provider is down; the next provider is asked at once. */
export class CircuitOpen extends ProviderError {
  constructor() {
    super("unreachable", "skipped: it was down a moment ago");
  }
}

/**
 * Circuit breaker: skips a provider that is down. All jobs of a process share it. The first job that times out waiting
 * for a token opens it, so that later jobs do not wait. A probe, never a visitor's job, checks whether the provider is
 * up again.
 */
export class Circuit {
  readonly #provider: Pick<Provider, "name" | "probe">;
  readonly #log: Logger;
  readonly #breaker = new TimeoutOrConsecutive();
  readonly #policy = circuitBreaker(handleWhen(isDown), { breaker: this.#breaker, halfOpenAfter: 0 });
  /** Pauses since a job was last answered. */
  #pauses = 0;
  #timer: NodeJS.Timeout | undefined;
  #timesOpened = 0;
  #down = false;
  /** State of the provider's key, as the calls show it. */
  readonly key = new KeyState();

  /** @param pauseMs pause before the first probe; it doubles while the provider answers probes but jobs still fail */
  constructor(provider: Pick<Provider, "name" | "probe">, log: Logger, pauseMs = firstPauseMs) {
    this.#provider = provider;
    this.#log = log;
    this.#policy.onBreak(() => {
      // The circuit is already open when a probe fails.
      if (!this.#down) this.#timesOpened += 1;
      this.#down = true;
      this.#pauses += 1;
      const delayMs = exponentialBackoffMs(this.#pauses, { firstMs: pauseMs, longestMs: longestPauseMs });
      log.warn({ provider: provider.name, pauseMs: delayMs }, "provider is down: circuit opened");
      this.#timer = setTimeout(() => void this.#probe(), delayMs).unref();
    });
    this.#policy.onReset(() => {
      this.#down = false;
      log.info({ provider: provider.name }, "provider is up again: circuit closed");
    });
  }

  get isOpen(): boolean {
    return this.#policy.state !== CircuitState.Closed;
  }

  get timesOpened(): number {
    return this.#timesOpened;
  }

  /**
   * Makes a call and records its result.
   * @param hasBegun true once the provider gave a sign of life: a stream that stalls later counts as an ordinary
   * failure
   * @throws {ProviderError} at once when the circuit is open
   */
  async run<T>(call: () => Promise<T>, hasBegun: () => boolean): Promise<T> {
    this.check();
    const result = await this.#policy.execute(async () => {
      try {
        return await call();
      } catch (error) {
        if (error instanceof ProviderError && error.refusedKey) this.key.refused();
        this.#breaker.timedOut = error instanceof ProviderError && error.code === "timeout" && !hasBegun();
        throw error;
      }
    });
    this.#pauses = 0;
    this.key.answered();
    return result;
  }

  /** @throws {ProviderError} when the circuit is open */
  check(): void {
    if (this.isOpen) throw new CircuitOpen();
  }

  /** Resolves when the circuit is closed. */
  async closed(): Promise<void> {
    if (this.isOpen) await new Promise<void>((resolve) => this.#policy.onReset(() => resolve()));
  }

  close(): void {
    clearTimeout(this.#timer);
  }

  async #probe(): Promise<void> {
    try {
      await this.#policy.execute(() => this.#ask());
    } catch (error) {
      // The failed probe opened the circuit again, and the next probe follows after a longer pause.
      this.#log.debug({ err: error, provider: this.#provider.name }, "provider is still down: circuit stays open");
    }
  }

  async #ask(): Promise<void> {
    using limit = new LinkedAbort();
    limit.abortAfter(
      probeTimeoutMs,
      () => new ProviderError("timeout", `no answer to a probe within ${probeTimeoutMs} ms`),
    );
    try {
      await this.#provider.probe?.(limit.signal);
    } catch (error) {
      limit.signal.throwIfAborted();
      throw error;
    }
  }
}

/** Opens on a single timeout, since a timeout uses up all of a visitor's time, or on consecutive failures. */
class TimeoutOrConsecutive implements IBreaker {
  readonly #consecutive = new ConsecutiveBreaker(failuresInARow);
  timedOut = false;

  /** State that cockatiel could keep across processes; it is not kept here. */
  state: unknown;

  success(): void {
    this.#consecutive.success();
  }

  failure(): boolean {
    return this.#consecutive.failure() || this.timedOut;
  }
}

/** False for a faulty request, which says nothing about its provider, and for a provider that was still at work. */
function isDown(error: unknown): boolean {
  return error instanceof ProviderError && error.retryable && !error.atWork;
}
