import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import { mayReadMetrics } from "../../../shared/metrics.ts";
import type { ApiContext } from "../api-context.ts";
import { clientOf } from "../middleware/client.ts";

/** `GET /metrics` of this process. */
export function metricsRoutes({
  config,
  loginThrottle,
  metrics,
}: Pick<ApiContext, "config" | "loginThrottle" | "metrics">): Router {
  const router = Router();

  router.get("/metrics", async (req: Request, res: Response, next: NextFunction) => {
    const authorization = req.get("Authorization");
    const access = mayReadMetrics(authorization, config);
    if (access === "hidden") return next();
    const allowed = access === "yes";
    if (authorization !== undefined) {
      await loginThrottle.compare("metrics-token", clientOf(req).network, () => allowed || undefined);
    }
    if (!allowed) throw new Problem("metrics-unauthorized", "Authorization: Bearer <METRICS_TOKEN>");
    res
      .set("Cache-Control", "no-store")
      .type("text/plain; version=0.0.4; charset=utf-8")
      .send(await metrics.render());
  });

  return router;
}
