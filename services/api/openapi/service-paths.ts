import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { assistants, assistantsQuery, health, originReport, providers } from "../../../shared/protocol/service.ts";
import * as part from "./parts.ts";

/** Paths of the service's catalogue, its health, and its pages. */
export function servicePaths(): ZodOpenApiPathsObject {
  return {
    "/api/providers": { get: readProviders },
    "/api/assistants": { get: readAssistants },
    "/api/origin": { get: readOrigin },
    "/health": { get: readHealth },
    "/livez": { get: probe("isAlive", "Whether the process runs") },
    "/readyz": { get: probe("isReady", "Whether it reaches PostgreSQL and is not shutting down") },
    "/metrics": { get: readMetrics },
    "/openapi.json": { get: readDescription },
    "/docs": { get: showPage("showDescription", "This description, to read") },
    "/": { get: showPage("showDemo", "A page to try it by hand") },
    "/widget.js": { get: loadWidget("loadWidget", "The widget, to embed in a page") },
    "/widget/{name}": { get: { ...loadWidget("loadWidgetPart", "What it loads later"), requestParams: partName } },
    "/console": { get: showToOperators("showConsole", "The page in which people answer visitors") },
    "/console/{name}": { get: loadConsole },
    "/admin": { get: showToOperators("showFigures", "Today's figures, and conversations to find") },
    "/admin/conversations/{id}": {
      get: {
        ...showToOperators("showConversation", "A conversation with its jobs; who looks at it is logged"),
        requestParams: { path: z.object({ id: part.conversationId }) },
      },
    },
    "/admin/mails": { get: showToOperators("showMails", "What became of mails, and which were not taken, and why") },
    "/admin/reports": { get: showToOperators("showReport", "What happened in a span of days, day by day") },
    "/admin/queues": { get: showToOperators("showQueues", "Bull Board: the queue, which holds ids and no text") },
  };
}

const readProviders: ZodOpenApiOperationObject = {
  operationId: "readProviders",
  tags: ["Service"],
  summary: "Who can answer",
  security: part.open,
  responses: { "200": part.json("Providers, and which of them can be used", providers), ...usualProblems() },
};

const readAssistants: ZodOpenApiOperationObject = {
  operationId: "readAssistants",
  tags: ["Service"],
  summary: "Assistants to choose from",
  security: part.open,
  requestParams: { query: assistantsQuery },
  responses: { "200": part.json("Assistants, without their instructions", assistants), ...usualProblems() },
};

const readOrigin: ZodOpenApiOperationObject = {
  operationId: "readOrigin",
  tags: ["Service"],
  summary: "Whether pages of this origin may call the API",
  description:
    "Readable on pages of every origin. Browsers report a refusal by CORS like a lost connection; this tells them apart.",
  security: part.open,
  responses: { "200": part.json("Whether ALLOWED_ORIGINS lets it in", originReport), ...usualProblems() },
};

const readHealth: ZodOpenApiOperationObject = {
  operationId: "readHealth",
  tags: ["Service"],
  summary: "How the service is",
  description: "At most a second old; it may be asked as often as you like.",
  security: part.open,
  responses: {
    "200": part.json("`healthy`, or `degraded`: queue or live store down, messages are still accepted", health),
    "503": part.json("`unhealthy`: PostgreSQL is down", health),
  },
};

function probe(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Service"],
    summary,
    security: part.open,
    responses: { "200": part.empty("Yes"), "503": part.empty("No") },
  };
}

const readMetrics: ZodOpenApiOperationObject = {
  operationId: "readMetrics",
  tags: ["Operators"],
  summary: "Metrics of this process",
  description: "In Prometheus' text format. Without a METRICS_TOKEN they are open, in production not served.",
  security: part.withMetricsToken,
  responses: {
    "200": { description: "Metrics", headers: part.headers(), content: { "text/plain": { schema: z.string() } } },
    ...part.problems("metrics-unauthorized", "not-found"),
  },
};

const readDescription: ZodOpenApiOperationObject = {
  operationId: "readDescription",
  tags: ["Service"],
  summary: "This description",
  security: part.open,
  responses: { "200": part.json("OpenAPI 3.1", z.record(z.string(), z.unknown())), ...usualProblems() },
};

function showToOperators(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Operators"],
    summary,
    description: "A page. Without a password it is not served.",
    security: part.asOperator,
    responses: { "200": part.page("The page"), ...part.problems("admin-unauthorized", "not-found", "rate-limited") },
  };
}

const loadConsole: ZodOpenApiOperationObject = {
  operationId: "loadConsolePart",
  tags: ["Operators"],
  summary: "What the console loads",
  security: part.asOperator,
  requestParams: { path: z.object({ name: z.string().meta({ description: "As the console names it" }) }) },
  responses: {
    "200": {
      description: "A script or a style sheet",
      headers: part.headers(),
      content: { "text/javascript": { schema: z.string() }, "text/css": { schema: z.string() } },
    },
    "304": part.empty("It is still the same"),
    ...part.problems("admin-unauthorized", "not-found", "unavailable"),
  },
};

const partName = { path: z.object({ name: z.string().meta({ description: "As the widget names it" }) }) };

function loadWidget(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Pages"],
    summary,
    security: part.open,
    responses: {
      "200": {
        description: "A module",
        headers: part.headers(),
        content: { "text/javascript": { schema: z.string() } },
      },
      "304": part.empty("It is still the same"),
      ...part.problems("not-found", "unavailable"),
    },
  };
}

function showPage(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Pages"],
    summary,
    security: part.open,
    responses: { "200": part.page("The page"), ...part.problems("not-found") },
  };
}

function usualProblems() {
  return part.problems("rate-limited", "internal");
}
