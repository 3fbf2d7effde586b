import { type Request, type Response, Router } from "express";
import type { ApiContext } from "../api-context.ts";

/** Probes for the orchestrator. `/livez` asks no store; `/readyz` says whether this process should receive requests. */
export function probeRoutes({ health }: Pick<ApiContext, "health">): Router {
  const router = Router();

  router.get("/livez", (_req: Request, res: Response) => {
    res.status(200).end();
  });

  router.get("/readyz", async (_req: Request, res: Response) => {
    res.status((await health.isReady()) ? 200 : 503).end();
  });

  return router;
}
