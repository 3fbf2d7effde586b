import { flushCompileCache } from "node:module";
import { ConfigError } from "../config/config.ts";
import { endOnSignals, Lifecycle } from "./lifecycle.ts";
import { useProxies } from "../config/proxy-environment.ts";
import { createLogger, type Logger } from "../logger.ts";
import type { Config } from "../config/config.ts";
import { closeDeadlineMs } from "../tunables.ts";

/**
 * Runs one process of the product: opens its parts, logs when it is ready, closes them on a signal. A failed start logs
 * the reason in one line and ends the process.
 */
export async function startProcess(
  service: string,
  readConfig: () => Config,
  open: (config: Config, parts: { log: Logger; lifecycle: Lifecycle }) => Promise<void>,
): Promise<void> {
  const config = orExit(readConfig);
  const log = await createLogger({
    service,
    level: config.LOG_LEVEL,
    pretty: config.NODE_ENV === "development",
  });
  useProxies(config);
  const lifecycle = new Lifecycle(log);
  let opened = false;
  endOnSignals(lifecycle, { log, deadlineMs: closeDeadlineMs, opened: () => opened });
  try {
    await open(config, { log, lifecycle });
    opened = true;
    process.send?.("ready");
    // Node writes the cache at an orderly end only. The next start should be quick after a kill, too.
    flushCompileCache();
  } catch (error) {
    if (error instanceof ConfigError) log.fatal(error.message);
    else log.fatal({ err: error }, `${service} could not start`);
    await lifecycle.close(closeDeadlineMs);
    process.exit(1);
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
