import { type NextFunction, type Request, type Response, Router } from "express";
import type { ApiContext } from "../api-context.ts";
import { type AccountRole, roleOf } from "../access/operators.ts";
import { refuseQueueActions } from "../access/queue-actions.ts";
import { operatorRoutes } from "./operators.ts";

const queuesPath = "/admin/queues";

/** Operator pages and Bull Board. Bull Board is loaded at its first request, because most processes never need it. */
export function adminRoutes(context: Pick<ApiContext, "config" | "operators" | "queue" | "db" | "log">): Router {
  const router = Router();
  const { config, operators } = context;
  if (!operators.exist) return router;
  const boards = new Map<AccountRole, Promise<Router>>();
  router.use(
    queuesPath,
    operators.require("read"),
    refuseQueueActions(config),
    async (req: Request, res: Response, next: NextFunction) => {
      const role = roleOf(res);
      const board = boards.get(role) ?? loadBoard(context, role);
      boards.set(role, board);
      res.set("Content-Security-Policy", boardPolicy);
      (await board)(req, res, next);
    },
  );
  router.use("/admin", operators.require("read"), operatorRoutes(context));
  return router;
}

/** Bull Board's page sets inline styles and loads a font. */
const boardPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline' https://fonts.googleapis.com",
  "font-src 'self' https://fonts.gstatic.com",
  "img-src 'self' data:",
  "object-src 'none'",
  "base-uri 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

/** Hides the buttons from read-only accounts. `Operators` enforces the permission. */
async function loadBoard({ queue }: Pick<ApiContext, "queue">, role: AccountRole): Promise<Router> {
  const [{ createBullBoard }, { BullMQAdapter }, { ExpressAdapter }] = await Promise.all([
    import("@bull-board/api"),
    import("@bull-board/api/bullMQAdapter"),
    import("@bull-board/express"),
  ]);
  const serverAdapter = new ExpressAdapter();
  serverAdapter.setBasePath(queuesPath);
  // Bull Board reads both backends; its types know only the one on Redis.
  const shown = queue.bull as ConstructorParameters<typeof BullMQAdapter>[0];
  createBullBoard({
    queues: [new BullMQAdapter(shown, { readOnlyMode: role === "read" })],
    serverAdapter,
    options: { uiConfig: { boardTitle: "Parley" } },
  });
  return serverAdapter.getRouter() as Router;
}
