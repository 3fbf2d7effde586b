import { type NextFunction, type Request, type Response, Router } from "express";
import type { ApiContext } from "../api-context.ts";
import { type AccountRole, roleOf } from "../access/operators.ts";
import { refuseQueueActions } from "../access/queue-actions.ts";
import { findPageOperator } from "../accounts/sessions.ts";
import { consoleRoutes, signInPageRoutes } from "./console.ts";
import { operatorRoutes, sendStyles } from "./operators.ts";

const queuesPath = "/admin/queues";

/** The console, operators' pages and Bull Board. Bull Board is loaded at its first request, because most processes never need it. */
export function adminRoutes(
  context: Pick<ApiContext, "accounts" | "config" | "operators" | "queue" | "db" | "log" | "siteId" | "console">,
): Router {
  const router = Router();
  const { accounts, config, operators } = context;
  const bySession = findPageOperator(accounts.sessions);
  const mayRead = operators.require("read", bySession);
  const boards = new Map<AccountRole, Promise<Router>>();
  router.use(
    queuesPath,
    mayRead,
    refuseQueueActions(config),
    async (req: Request, res: Response, next: NextFunction) => {
      const role = roleOf(res);
      const board = boards.get(role) ?? loadBoard(context, role);
      boards.set(role, board);
      res.set("Content-Security-Policy", boardPolicy);
      (await board)(req, res, next);
    },
  );
  // The page to sign in with has these colours, too.
  router.get("/admin/frame.css", sendStyles);
  router.use("/admin", mayRead, operatorRoutes(context));
  router.get("/console/", redirectToConsole);
  const isSignedIn = async (req: Request) =>
    ((await bySession(req)) ?? (await operators.authenticate(req))) !== undefined;
  router.use("/console", signInPageRoutes(context, isSignedIn));
  router.use("/console", mayRead, consoleRoutes(context));
  return router;
}

/** The other places of the operators' navigation. */
const miscLinks = [
  { text: "Console", url: "/console" },
  { text: "Knowledge", url: "/console?part=knowledge" },
  { text: "Reports", url: "/admin" },
  { text: "Account", url: "/console?part=account" },
];

/**
 * Browsers send the credentials of a login along to all that lies beside its address, or below: beside `/console` lies
 * `/api/operator`, beside `/console/` it does not.
 */
function redirectToConsole(req: Request, res: Response, next: NextFunction): void {
  if (req.path !== "/console/") return next();
  const query = req.originalUrl.split("?")[1];
  res.redirect(308, query === undefined ? "/console" : `/console?${query}`);
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
    options: { uiConfig: { boardTitle: "Parley", miscLinks } },
  });
  return serverAdapter.getRouter() as Router;
}
