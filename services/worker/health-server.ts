import { createServer, type Server } from "node:http";
import { ConfigError } from "../../shared/config.ts";
import { within } from "../../shared/lifecycle.ts";
import type { WorkerContext } from "./worker-context.ts";

const checkTimeoutMs = 2000;

/**
 * A worker's own `/livez` (its event loop turns) and `/readyz` (it takes jobs, and both stores answer).
 * @throws {ConfigError} when the port is taken
 */
export async function serveHealth(
  context: WorkerContext,
  port: number,
  takesJobs: () => boolean,
): Promise<() => Promise<void>> {
  const server = createServer((req, res) => {
    const answer = (ok: boolean) => res.writeHead(ok ? 200 : 503).end();
    if (req.url === "/livez") answer(true);
    else if (req.url === "/readyz") void isReady(context, takesJobs).then(answer);
    else res.writeHead(404).end();
  });
  await listen(server, port);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

async function isReady({ db, queue }: WorkerContext, takesJobs: () => boolean): Promise<boolean> {
  if (!takesJobs()) return false;
  try {
    await within(checkTimeoutMs, Promise.all([db.pool.query("select 1"), queue.counts()]));
    return true;
  } catch {
    // Which store it is, the logs say; here it only matters that jobs would not get far.
    return false;
  }
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      const taken = error.code === "EADDRINUSE";
      reject(taken ? new ConfigError(`WORKER_PORT ${port} is taken: set it to a free one`) : error);
    });
    server.listen(port, resolve);
  });
}
