import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import { mayReadMetrics } from "../../../shared/metrics.ts";
import { defaultProvider, describeProviders, providerOf } from "../../../shared/provider-catalog.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { ApiContext } from "../api-context.ts";

/** What this service has to offer, and how it is. */
export function serviceRoutes({ assistants, config, health, metrics }: ApiContext): Router {
  const router = Router();

  router.get("/api/providers", (_req: Request, res: Response) => {
    res.json({ default: defaultProvider(config), providers: describeProviders(config) });
  });

  router.get("/api/assistants", (_req: Request, res: Response) => {
    const infos = [...assistants].map(([type, assistant]): AssistantInfo => {
      const { name, description, greeting, suggestions } = assistant;
      return {
        type,
        name,
        description,
        provider: providerOf(assistant, config),
        ...(greeting !== undefined && { greeting }),
        ...(suggestions !== undefined && { suggestions }),
      };
    });
    res.json({ assistants: infos });
  });

  router.get("/health", async (_req: Request, res: Response) => {
    const report = await health.read();
    res.status(report.status === "unhealthy" ? 503 : 200).json(report);
  });

  router.get("/metrics", async (req: Request, res: Response, next: NextFunction) => {
    const access = mayReadMetrics(req.get("Authorization"), config);
    if (access === "hidden") next();
    else if (access === "no") throw new Problem("metrics-unauthorized", "Authorization: Bearer <METRICS_TOKEN>");
    else
      res
        .set("Cache-Control", "no-store")
        .type("text/plain; version=0.0.4; charset=utf-8")
        .send(await metrics.render());
  });

  router.get("/livez", (_req: Request, res: Response) => {
    res.status(200).end();
  });

  router.get("/readyz", async (_req: Request, res: Response) => {
    res.status((await health.isReady()) ? 200 : 503).end();
  });

  return router;
}
