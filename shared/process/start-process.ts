import { flushCompileCache } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { ConfigError } from "../config/config.ts";
import { endOnSignals, Lifecycle } from "./lifecycle.ts";
import { useProxies } from "../config/proxy-environment.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { Config } from "../config/config.ts";
import { isDatabaseAway } from "../postgres/database-away.ts";
import { describeError } from "../describe-error.ts";
import { closeDeadlineMs, databaseWaitMs } from "../tunables.ts";

type Open = (config: Config, parts: { log: Logger; lifecycle: Lifecycle }) => Promise<void>;

/** Pause before a start is tried again. */
const againMs = 250;

/**
 * Runs one process of the product: opens its parts, logs when it is ready, closes them on a signal. A failed start logs
 * the reason in one line and ends the process.
 */
export async function startProcess(service: string, readConfig: () => Config, open: Open): Promise<void> {
  const config = orExit(readConfig);
  const log = await createLogger({
    service,
    level: config.LOG_LEVEL,
    pretty: config.NODE_ENV === "development",
  });
  useProxies(config);
  let opened: Lifecycle | undefined;
  endOnSignals(() => opened, { log, deadlineMs: closeDeadlineMs });
  try {
    opened = await openPatiently((lifecycle) => open(config, { log, lifecycle }), log);
    process.send?.("ready");
    // Node writes the cache at an orderly end only. The next start should be quick after a kill, too.
    flushCompileCache();
  } catch (error) {
    if (error instanceof ConfigError) log.fatal(error.message);
    else log.fatal({ err: error }, `${service} could not start`);
    process.exit(1);
  }
}

/**
 * Opens the parts, all anew if a store goes away in between: a store that restarts just then is no reason to end, and
 * the supervisor may not start an ended process again.
 */
async function openPatiently(open: (lifecycle: Lifecycle) => Promise<void>, log: Logger): Promise<Lifecycle> {
  const deadline = performance.now() + databaseWaitMs;
  for (;;) {
    const lifecycle = new Lifecycle(log);
    try {
      await open(lifecycle);
      return lifecycle;
    } catch (error) {
      await lifecycle.close(closeDeadlineMs);
      if (error instanceof ConfigError || !isDatabaseAway(error) || performance.now() > deadline) throw error;
      log.warn({ err: error }, `a store went away during the start, which begins again: ${describeError(error)}`);
      await sleep(againMs);
    }
  }
}

function orExit(readConfig: () => Config): Config {
  try {
    return readConfig();
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(1);
  }
}
