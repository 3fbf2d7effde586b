import { createHash, timingSafeEqual } from "node:crypto";
import { type NextFunction, type Request, type Response, Router } from "express";
import { Problem } from "../../../shared/errors.ts";
import type { ApiContext } from "../api-context.ts";

const queuesPath = "/admin/queues";

/** Bull Board, for operators. Loaded when somebody looks at it: most processes never need it. */
export function adminRoutes(context: ApiContext): Router {
  const router = Router();
  const { ADMIN_USER: user, ADMIN_PASSWORD: password } = context.config;
  if (password === undefined) return router;
  let board: Promise<Router> | undefined;
  router.use(queuesPath, requireOperator(user, password), async (req: Request, res: Response, next: NextFunction) => {
    board ??= loadBoard(context);
    res.set("Cache-Control", "no-store");
    res.set("Content-Security-Policy", boardPolicy);
    (await board)(req, res, next);
  });
  return router;
}

/** Bull Board's page sets styles in place and loads a font. */
const boardPolicy = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline' https://fonts.googleapis.com",
  "font-src 'self' https://fonts.gstatic.com",
  "img-src 'self' data:",
  "object-src 'none'",
  "frame-ancestors 'none'",
].join("; ");

async function loadBoard({ queue }: ApiContext): Promise<Router> {
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
    queues: [new BullMQAdapter(shown)],
    serverAdapter,
    options: { uiConfig: { boardTitle: "Parley" } },
  });
  return serverAdapter.getRouter() as Router;
}

function requireOperator(user: string, password: string) {
  const expected = digest(`${user}:${password}`);
  return (req: Request, res: Response, next: NextFunction): void => {
    const [, encoded = ""] = /^Basic +(\S+)$/i.exec(req.get("Authorization") ?? "") ?? [];
    // Compared as digests: of equal length, in constant time.
    if (timingSafeEqual(digest(Buffer.from(encoded, "base64").toString()), expected)) {
      next();
      return;
    }
    res.set("WWW-Authenticate", 'Basic realm="Parley", charset="UTF-8"');
    throw new Problem("admin-unauthorized", "Sign in with ADMIN_USER and ADMIN_PASSWORD.");
  };
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}
