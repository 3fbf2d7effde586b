import { exponentialBackoffMs } from "../../shared/async/backoff.ts";
import { pause } from "../../shared/async/pause.ts";
import type { Logger } from "../../shared/logger.ts";

/** A process that runs until it is stopped or exits. */
export interface Run {
  /** Resolves with its exit code or signal. */
  exited: Promise<string>;
  /** Resolves when it has ended. */
  stop: () => Promise<void>;
}

interface SupervisedOptions {
  name: string;
  /** Resolves when it is ready. Once the signal is aborted it may give up, and then leaves nothing running. */
  start: (stopping: AbortSignal) => Promise<Run>;
  log: Logger;
  /** Waits between an exit and the next start; the default is {@link pause}. */
  pause?: typeof pause;
}

const delays = { firstMs: 1000, longestMs: 30_000 };
/** A run of this length was healthy, so the failures before it no longer count. */
const steadyMs = 60_000;

/** Restarts a process whenever it exits, with ever longer delays. */
export class Supervised {
  readonly #options: SupervisedOptions;
  readonly #stopping = new AbortController();
  #starting: Promise<Run> | undefined;

  constructor(options: SupervisedOptions) {
    this.#options = options;
  }

  /** Makes the first start, whose failure goes to the caller. Only later ones are retried. */
  async start(): Promise<void> {
    const run = await this.#startOnce();
    void this.#keep(run);
  }

  /** Resolves when it has ended and will not be started again. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    const run = await this.#starting?.catch(() => undefined);
    await run?.stop();
  }

  #startOnce(): Promise<Run> {
    this.#starting = this.#options.start(this.#stopping.signal);
    return this.#starting;
  }

  async #keep(first: Run): Promise<void> {
    const { name, log, pause: wait = pause } = this.#options;
    const { signal } = this.#stopping;
    let how = await first.exited;
    for (let failures = 1; !signal.aborted; failures++) {
      const delayMs = exponentialBackoffMs(failures, delays);
      log.error(`${name} exited unexpectedly (${how}); restarting in ${delayMs / 1000} s`);
      await wait(delayMs, signal);
      if (signal.aborted) return;
      const startedAt = Date.now();
      how = await this.#startOnce().then(
        (run) => run.exited,
        (error: unknown) => (error instanceof Error ? error.message : "no reason given"),
      );
      if (Date.now() - startedAt > steadyMs) failures = 0;
    }
  }
}
