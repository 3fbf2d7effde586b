import { pino, type Logger } from "pino";
import { limitFaults } from "./stores/limit-faults.ts";
import { serializeError } from "./serialize-error.ts";

export type { Logger } from "pino";

interface LoggerOptions {
  /** Name of the process: `api`, `worker`, `migrate`, `parley`. */
  service: string;
  level: string;
  /** Writes readable lines instead of JSON. */
  pretty: boolean;
  /** Standard error is for commands, whose standard output is their result. Default: standard output. */
  to?: "stdout" | "stderr";
}

/** Redacted fields. Secrets must not be logged at all; this is a safety net, not the rule. */
const redacted = ["authorization", "token", "access_token", "*.authorization", "*.token", "*.access_token", "*.cookie"];

export async function createLogger({ service, level, pretty, to = "stdout" }: LoggerOptions): Promise<Logger> {
  const descriptor = process[to].fd;
  const options = {
    level,
    base: { service },
    redact: redacted,
    serializers: { err: serializeError },
    hooks: limitFaults(),
  };
  if (!pretty) return pino({ ...options, base: { service, pid: process.pid } }, pino.destination(descriptor));
  const { default: prettyStream } = await import("pino-pretty");
  return pino(
    options,
    prettyStream({
      sync: true,
      destination: descriptor,
      colorize: process[to].isTTY,
      ignore: "pid,hostname,service",
      translateTime: "HH:MM:ss.l",
      messageFormat: "{service}: {msg}",
      singleLine: true,
    }),
  );
}
