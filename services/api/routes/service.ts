import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import { mayReadMetrics } from "../../../shared/metrics.ts";
import { defaultProvider, describeProviders, providerOf } from "../../../shared/provider-catalog.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { ApiContext } from "../api-context.ts";
import { clientOf } from "../middleware/client.ts";

/** What this service has to offer, and how it is. */
export function serviceRoutes({ assistants, config, guesses, health, metrics }: ApiContext): Router {
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
    const authorization = req.get("Authorization");
    const access = mayReadMetrics(authorization, config);
    if (access === "hidden") return next();
    const allowed = access === "yes";
    if (authorization !== undefined) await guesses.compare(clientOf(req).network, () => allowed || undefined);
    if (!allowed) throw new Problem("metrics-unauthorized", "Authorization: Bearer <METRICS_TOKEN>");
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
