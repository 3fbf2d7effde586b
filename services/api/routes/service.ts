import { type Request, type Response, Router } from "express";
import { chooseProvider, defaultProvider } from "../../../shared/assistants/provider-catalog.ts";
import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { ApiContext } from "../api-context.ts";

/** Routes that list providers and assistants and report the service's health. */
export function serviceRoutes(context: Pick<ApiContext, "assistants" | "health" | "providers">): Router {
  const { health, providers } = context;
  const router = Router();

  router.get("/api/providers", async (_req: Request, res: Response) => {
    const known = await providers.read();
    res.json({ default: defaultProvider(known), providers: known });
  });

  router.get("/api/assistants", async (_req: Request, res: Response) => {
    const known = await providers.read();
    const infos = [...context.assistants].map(([type, assistant]): AssistantInfo => {
      const { name, description, greeting, suggestions } = assistant;
      return {
        type,
        name,
        description,
        provider: chooseProvider(assistant, known),
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
