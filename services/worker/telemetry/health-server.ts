import type { IncomingMessage, ServerResponse } from "node:http";
import { http } from "../../../shared/http.ts";
import { listen } from "../../../shared/process/listen.ts";
import { mayReadMetrics } from "../../../shared/metrics.ts";
import type { Config } from "../../../shared/config/config.ts";
import type { Logger } from "../../../shared/logger.ts";
import { type HealthSources, workerHealth } from "./worker-health.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

interface ServerSources extends HealthSources {
  config: HealthSources["config"] & Pick<Config, "METRICS_TOKEN" | "NODE_ENV">;
  metrics: Pick<WorkerMetrics, "render">;
  log: Logger;
}

interface Answer {
  status: number;
  type?: string;
  body?: string;
}

/**
 * Serves a worker's own `/livez` (its event loop turns), `/readyz` (it takes jobs, and both stores answer), `/health`
 * (the same with more detail, for people) and `/metrics`.
 * @throws {ConfigError} when the port is not available
 */
export async function serveHealth(
  sources: ServerSources,
  port: number,
  takesJobs: () => boolean,
): Promise<() => Promise<void>> {
  const routes = makeRoutes(sources, takesJobs);
  const server = http.createServer((req, res) => {
    const [path = ""] = (req.url ?? "").split("?", 1);
    const route = req.method === "GET" || req.method === "HEAD" ? routes.get(path) : undefined;
    void answer(res, route?.(req) ?? { status: 404 }).catch((error: unknown) => {
      sources.log.warn({ err: error, path }, "not answered");
      res.destroy();
    });
  });
  await listen(server, { setting: "WORKER_PORT", port });
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
}

type Route = (req: IncomingMessage) => Answer | Promise<Answer>;

function makeRoutes(sources: ServerSources, takesJobs: () => boolean): ReadonlyMap<string, Route> {
  const health = workerHealth(sources, takesJobs);
  const routes: Record<string, Route> = {
    "/livez": () => ({ status: 200 }),
    "/readyz": async () => ({ status: (await health()).status === "unhealthy" ? 503 : 200 }),
    "/health": async () => {
      const report = await health();
      const status = report.status === "unhealthy" ? 503 : 200;
      return { status, type: "application/json; charset=utf-8", body: JSON.stringify(report) };
    },
    "/metrics": async ({ headers }) => {
      const access = mayReadMetrics(headers.authorization, sources.config);
      if (access !== "yes") return { status: access === "no" ? 401 : 404 };
      return { status: 200, type: "text/plain; version=0.0.4; charset=utf-8", body: await sources.metrics.render() };
    },
  };
  return new Map(Object.entries(routes));
}

async function answer(res: ServerResponse, given: Answer | Promise<Answer>): Promise<void> {
  const { status, type, body } = await given;
  res.writeHead(status, {
    "Cache-Control": "no-store",
    ...(type !== undefined && { "Content-Type": type }),
    ...(status === 401 && { "WWW-Authenticate": "Bearer" }),
  });
  res.end(body);
}
