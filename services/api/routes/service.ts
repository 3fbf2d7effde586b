import { type Request, type Response, Router } from "express";
import { defaultProvider, describeProviders, providerOf } from "../../../shared/provider-catalog.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { ApiContext } from "../api-context.ts";

/** What this service has to offer, and how it is. */
export function serviceRoutes({ assistants, config, health }: ApiContext): Router {
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

  return router;
}
