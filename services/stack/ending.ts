import type { EventEmitter } from "node:events";
import type { Logger } from "../../shared/logger.ts";

/** Signals that end the stack. */
export interface Ending {
  /** Aborted to shut down in order. The reason is an Error after a fault, else the signal's name. */
  end: AbortSignal;
  /** Aborted when the person at the terminal does not want to wait. */
  hurry: AbortSignal;
}

/** One Ctrl-C arrives twice: from the terminal, and a few milliseconds later from npm. */
const samePressMs = 500;

/** Ends on SIGINT, SIGTERM and SIGHUP (the terminal was closed), and on uncaught errors. */
export function listenForEnd(
  log: Logger,
  { signals = process, now = Date.now }: { signals?: Pick<EventEmitter, "on">; now?: () => number } = {},
): Ending {
  const [end, hurry] = [new AbortController(), new AbortController()];
  let firstAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    signals.on(signal, () => {
      if (!end.signal.aborted) {
        firstAt = now();
        end.abort(signal);
      } else if (now() - firstAt > samePressMs) {
        hurry.abort(signal);
      }
    });
  }
  for (const event of ["uncaughtException", "unhandledRejection"] as const) {
    signals.on(event, (error: unknown) => {
      if (end.signal.aborted) return;
      end.abort(error instanceof Error ? error : new Error(String(error)));
      // A lost terminal or pipe cannot show a log line.
      if (!isLostOutput(error)) log.fatal({ err: error }, event);
    });
  }
  return { end: end.signal, hurry: hurry.signal };
}

function isLostOutput(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "EIO");
}
