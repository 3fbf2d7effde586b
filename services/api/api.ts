import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { promisify } from "node:util";
import { assistantsPath, readAssistants } from "../../shared/assistants.ts";
import { ConfigError, type Config } from "../../shared/config.ts";
import { readOrMakeSetting } from "../../shared/db/settings.ts";
import { openJobContext } from "../../shared/jobs/open-job-context.ts";
import type { Lifecycle } from "../../shared/lifecycle.ts";
import type { Logger } from "../../shared/logger.ts";
import { describeProviders } from "../../shared/provider-catalog.ts";
import { createApp } from "./app.ts";
import { Backlog } from "./backlog.ts";
import { HealthReport } from "./health-report.ts";
import { EventStreams } from "./sse.ts";
import { createTokens } from "./tokens.ts";
import { JobWatch } from "./watch-job.ts";

const sweepEveryMs = 50;

/** HTTP in, jobs out, events back. */
export async function startApi(
  config: Config,
  { log, lifecycle }: { log: Logger; lifecycle: Lifecycle },
): Promise<void> {
  const assistants = await readAssistants(assistantsPath);
  const { backend: _, ...jobs } = await openJobContext(config, { log, lifecycle });
  const secret =
    config.TOKEN_SECRET ??
    (await readOrMakeSetting(jobs.db.pool, "token-secret", () => randomBytes(32).toString("base64url")));
  const providers = describeProviders(config).filter(({ available }) => available);
  const health = new HealthReport({ ...jobs, providers: providers.map(({ name }) => name) });
  const streams = new EventStreams();
  const watch = new JobWatch({ pool: jobs.db.pool, live: jobs.live, log });
  const app = createApp({
    ...jobs,
    config,
    assistants,
    tokens: createTokens(secret),
    watch,
    streams,
    backlog: new Backlog(jobs.db.pool, config.MAX_BACKLOG),
    health,
  });

  const server = createServer(app);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new ConfigError(`Port ${config.PORT} is taken: set PORT to a free one`) : error);
    });
    server.listen(config.PORT, resolve);
  });
  lifecycle.onClose("http server", async () => {
    health.drain();
    const closed = promisify(server.close.bind(server))();
    streams.close();
    watch.endWaits();
    // A connection whose answer is out stays open for the next request, which must go elsewhere.
    const sweep = setInterval(() => server.closeIdleConnections(), sweepEveryMs);
    await closed.finally(() => clearInterval(sweep));
  });
  log.info(`api listens on http://localhost:${config.PORT}`);
}
