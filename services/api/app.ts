import express, { type Express } from "express";
import type { ApiContext } from "./api-context.ts";
import { countFaults, refuseFaulty } from "./middleware/count-faults.ts";
import { noteClients } from "./middleware/client.ts";
import { observeRequests } from "./middleware/observe.ts";
import { allowOrigins, originPath, refuseForeignWrites, refuseUnlistedPages, reportOrigin } from "./access/origins.ts";
import { logRefusedOrigins } from "./access/refused-origins.ts";
import { refuseUnknown, refuseWithoutHost, sendProblems } from "./middleware/problems.ts";
import { identifyRequests } from "./middleware/request-id.ts";
import { securityHeaders } from "./middleware/security-headers.ts";
import { actionRoutes } from "./actions/action-routes.ts";
import { adminRoutes } from "./routes/admin.ts";
import { uiChatRoutes } from "./doors/ai-sdk/ui-routes.ts";
import { mcpRoutes } from "./doors/mcp/mcp-routes.ts";
import { chatRoutes } from "./routes/chat.ts";
import { conversationRoutes } from "./routes/conversations.ts";
import { serveDemo } from "./routes/demo.ts";
import { docsRoutes } from "./routes/docs.ts";
import { privacyRoutes } from "./routes/privacy.ts";
import { jobRoutes } from "./routes/jobs.ts";
import { mailRoutes } from "./routes/mail.ts";
import { metricsRoutes } from "./routes/metrics.ts";
import { operatorApiRoutes } from "./routes/operator/operator-api.ts";
import { probeRoutes } from "./routes/probes.ts";
import { visitorRoutes } from "./routes/me.ts";
import { serviceRoutes } from "./routes/service.ts";
import { widgetRoutes } from "./routes/widget.ts";

/**
 * The HTTP application; it does not listen. If `ADMIN_PORT` is set, the operators' part is an application of its own.
 */
export function createApp(context: ApiContext): Express {
  const { config, log } = context;
  const app = newApp(context);
  // Before the rules for visitors: pages of other origins may not read it, and visitors' limits are not its own.
  if (config.ADMIN_PORT === undefined) useOperatorApi(app, context);
  app.use(allowOrigins(config, logRefusedOrigins(log)));
  app.use(refuseWithoutHost);
  app.use("/api", refuseFaulty(context.limits));
  app.use("/api", refuseForeignWrites(config));
  app.use("/api/chat", chatRoutes(context));
  app.use("/api/ui/chat", uiChatRoutes(context));
  app.use("/api/jobs", jobRoutes(context));
  app.use("/api/actions", actionRoutes(context));
  app.use("/api/me", visitorRoutes(context));
  app.use("/api", conversationRoutes(context));
  app.use("/mcp", refuseFaulty(context.limits), refuseUnlistedPages(config), mcpRoutes(context));
  app.get(originPath, reportOrigin(config));
  app.use(serviceRoutes(context));
  app.use(probeRoutes(context));
  app.use(docsRoutes(context));
  app.use(privacyRoutes(context));
  app.use(mailRoutes(context));
  if (config.ADMIN_PORT === undefined) useOperatorRoutes(app, context);
  app.use(widgetRoutes({ widget: context.widget, fresh: config.NODE_ENV !== "production" }));
  app.use(serveDemo());
  app.use(refuseUnknown);
  app.use(countFaults(context.limits));
  app.use(sendProblems(log));
  return app;
}

/** The application on `ADMIN_PORT`: `/admin`, `/api/operator`, `/metrics` and the probes, nothing for visitors. */
export function createAdminApp(context: ApiContext): Express {
  const app = newApp(context);
  app.use(refuseWithoutHost);
  app.use(probeRoutes(context));
  useOperatorApi(app, context);
  useOperatorRoutes(app, context);
  app.use(refuseUnknown);
  app.use(sendProblems(context.log));
  return app;
}

function newApp(context: ApiContext): Express {
  const { config, log } = context;
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.set("trust proxy", config.TRUST_PROXY);
  app.set("query parser", "simple");
  app.use(identifyRequests(log));
  app.use(observeRequests(context));
  app.use(noteClients(config, log));
  app.use(securityHeaders);
  return app;
}

function useOperatorApi(app: Express, context: ApiContext): void {
  app.use("/api/operator", refuseWithoutHost, operatorApiRoutes(context));
}

function useOperatorRoutes(app: Express, context: ApiContext): void {
  app.use(metricsRoutes(context));
  app.use(adminRoutes(context));
}
