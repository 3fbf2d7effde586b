import type { LogFn, LoggerOptions } from "pino";
import { atMostEvery } from "../async/at-most-every.ts";
import { describeRefusal } from "./store-refusal.ts";

const everyMs = 60_000;
const warn = 40;
/** Level of a process's last line: it must not be suppressed because of lines logged before. */
const fatal = 60;

/**
 * Creates pino's hook that logs a store's refusal once a minute, however many parts of a process meet it: a full Redis
 * refuses each of thousands of calls. The line says what to do, and how many lines were suppressed since the last one.
 */
export function limitFaults(now?: () => number): NonNullable<LoggerOptions["hooks"]> {
  const throttle = atMostEvery(everyMs, now);
  return {
    logMethod(args: Parameters<LogFn>, method, level) {
      const [fields, ...rest] = args as [unknown, ...string[]];
      const refusal = level >= warn && hasError(fields) ? describeRefusal(fields.err) : undefined;
      if (!refusal || !hasError(fields)) return method.apply(this, args);
      const due = throttle(refusal.text, { force: level >= fatal });
      if (!due) return;
      const more = due.omitted > 0 ? { omitted: due.omitted } : {};
      method.apply(this, [{ ...fields, fault: refusal.text, mend: refusal.mend, ...more }, ...rest]);
    },
  };
}

function hasError(fields: unknown): fields is { err: unknown } {
  return typeof fields === "object" && fields !== null && "err" in fields;
}
