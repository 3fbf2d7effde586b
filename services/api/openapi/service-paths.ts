import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { assistants, assistantsQuery, health, originReport, providers } from "../../../shared/protocol/service.ts";
import * as part from "./parts.ts";

/** Paths of the service's catalogue, its health, and its description. */
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
    "/docs": { get: showDescription },
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
    ...part.problems("headers-too-large"),
  },
};

function probe(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Service"],
    summary,
    security: part.open,
    responses: { "200": part.empty("Yes"), "503": part.empty("No"), ...part.problems("headers-too-large") },
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

const showDescription: ZodOpenApiOperationObject = {
  operationId: "showDescription",
  tags: ["Pages"],
  summary: "This description, to read",
  security: part.open,
  responses: { "200": part.page("The page"), ...part.problems("not-found") },
};

function usualProblems() {
  return part.problems("rate-limited", "internal");
}
