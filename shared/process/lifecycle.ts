import { within } from "../async/within.ts";
import type { Logger } from "../logger.ts";

type Closer = { name: string; close: () => Promise<void> | void };

/**
 * Closes what was opened, in reverse order. A closer that fails or hangs is logged and skipped, so that the rest still
 * close.
 */
export class Lifecycle {
  readonly #closers: Closer[] = [];
  readonly #log: Logger;
  #closing: Promise<void> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Registers the closer of something just opened. */
  onClose(name: string, close: Closer["close"]): void {
    this.#closers.push({ name, close });
  }

  /** Closes all, each within `deadlineMs` from now; safe to call twice. */
  close(deadlineMs: number): Promise<void> {
    this.#closing ??= this.#closeAll(performance.now() + deadlineMs);
    return this.#closing;
  }

  async #closeAll(deadline: number): Promise<void> {
    for (const { name, close } of this.#closers.toReversed()) {
      try {
        await within(Math.max(deadline - performance.now(), minimumCloseMs), Promise.resolve().then(close));
      } catch (error) {
        this.#log.warn({ err: error }, `${name} did not close cleanly`);
      }
    }
  }
}

/** Minimum time of a closer, even past the deadline: most need no more. */
const minimumCloseMs = 200;

/**
 * Shuts the process down in order on SIGTERM and SIGINT; a second signal ends it at once. An uncaught error also ends
 * it: its state is unknown, and the rows hold the work to redo.
 * @param opened closes all, once it is open; before that the start is aborted, because a partly opened process cannot be
 * closed in order
 */
export function endOnSignals(
  opened: () => Lifecycle | undefined,
  { log, deadlineMs }: { log: Logger; deadlineMs: number },
): void {
  let ending = false;
  const end = async (reason: string, exitCode: number) => {
    if (ending) process.exit(1);
    ending = true;
    log.info(`${reason}: shutting down`);
    await opened()?.close(deadlineMs);
    log.flush();
    process.exit(exitCode);
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => void end(signal, 0));
  // The parent, another process of ours, is gone: no other process would end this one.
  process.on("disconnect", () => void end("parent gone", 0));
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      void end(event, 1);
    });
  }
}
