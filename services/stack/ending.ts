import type { EventEmitter } from "node:events";
import type { Logger } from "../../shared/logger.ts";

/** How the stack learns that it shall end. */
export interface Ending {
  /** Aborted: end in order. The reason is an Error when something broke, else the signal's name. */
  end: AbortSignal;
  /** Aborted: the person at the terminal does not want to wait. */
  hurry: AbortSignal;
}

/** One Ctrl-C comes twice: from the terminal, and a few milliseconds later once more from npm. */
const samePressMs = 500;

/** Ends on SIGINT, SIGTERM and SIGHUP (the terminal was closed), and on errors that nobody caught. */
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
      // A terminal or pipe that is gone cannot be told so.
      if (!isLostOutput(error)) log.fatal({ err: error }, event);
    });
  }
  return { end: end.signal, hurry: hurry.signal };
}

function isLostOutput(error: unknown): boolean {
  return error instanceof Error && "code" in error && (error.code === "EPIPE" || error.code === "EIO");
}
