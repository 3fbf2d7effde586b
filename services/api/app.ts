import cors from "cors";
import express, { type Express } from "express";
import helmet from "helmet";
import { fileURLToPath } from "node:url";
import type { Config } from "../../shared/config.ts";
import type { ApiContext } from "./api-context.ts";
import { refuseUnknown, sendProblems } from "./middleware/problems.ts";
import { identifyRequests } from "./middleware/request-id.ts";
import { adminRoutes } from "./routes/admin.ts";
import { chatRoutes } from "./routes/chat.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { serviceRoutes } from "./routes/service.ts";

const pagePath = fileURLToPath(new URL("../widget/demo", import.meta.url));

/** Our page brings all it needs in files of its own. */
const pagePolicy = {
  defaultSrc: ["'self'"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'self'"],
  frameAncestors: ["'self'"],
};

/** The HTTP application; it does not listen. */
export function createApp(context: ApiContext): Express {
  const { config, log } = context;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", config.TRUST_PROXY);
  app.set("query parser", "simple");
  app.use(identifyRequests(log));
  app.use(cors(corsOptions(config)));
  app.use(
    helmet({
      contentSecurityPolicy: { useDefaults: false, directives: pagePolicy },
      crossOriginResourcePolicy: { policy: "cross-origin" },
      referrerPolicy: { policy: "no-referrer" },
      // Whoever ends TLS in front of this service decides on HSTS.
      strictTransportSecurity: false,
    }),
  );
  app.use("/api", (_req, res, next) => {
    res.set("Cache-Control", "no-store");
    next();
  });
  app.use("/api/chat", chatRoutes(context));
  app.use("/api/jobs", jobRoutes(context));
  app.use("/api", conversationRoutes(context));
  app.use(serviceRoutes(context));
  app.use(adminRoutes(context));
  app.use(express.static(pagePath, { index: "index.html" }));
  app.use(refuseUnknown);
  app.use(sendProblems(log));
  return app;
}

const localhost = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

function corsOptions({ ALLOWED_ORIGINS, NODE_ENV }: Config): cors.CorsOptions {
  return {
    origin: ALLOWED_ORIGINS ?? (NODE_ENV === "production" ? false : localhost),
    methods: ["GET", "POST", "DELETE"],
    allowedHeaders: ["Authorization", "Content-Type", "Idempotency-Key", "Prefer", "Last-Event-ID", "X-Request-Id"],
    exposedHeaders: ["Location", "Retry-After", "RateLimit", "RateLimit-Policy", "Preference-Applied", "X-Request-Id"],
    maxAge: 600,
  };
}
