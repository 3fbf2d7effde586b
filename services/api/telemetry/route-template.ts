/**
 * The routes of this API as `GET /openapi.json` names them; a test holds them against it. Metrics and traces speak of these:
 * of the paths that strangers ask for there is no end.
 */
export const routeTemplates = [
  "/",
  "/admin",
  "/admin/conversations/{id}",
  "/admin/queues",
  "/api/assistants",
  "/api/chat",
  "/api/chat/history/{sessionId}",
  "/api/conversations/{id}",
  "/api/conversations/{id}/export",
  "/api/jobs/{jobId}",
  "/api/jobs/{jobId}/events",
  "/api/jobs/{jobId}/timeline",
  "/api/me/conversations",
  "/api/messages/{id}/feedback",
  "/api/providers",
  "/docs",
  "/health",
  "/livez",
  "/metrics",
  "/openapi.json",
  "/readyz",
  "/widget.js",
  "/widget/{name}",
] as const;

type RouteTemplate = (typeof routeTemplates)[number] | "other";

/** What lies below these is many files of one page. */
const pages = ["/admin/queues", "/docs"] as const;

const fixed = new Map<string, RouteTemplate>(
  routeTemplates.filter((template) => !template.includes("{")).map((template) => [template, template]),
);
const withParameters = routeTemplates
  .filter((template) => template.includes("{"))
  .map((template) => ({ template, segments: template.split("/") }));

/** @param path as it was asked for, without the query */
export function routeOf(path: string): RouteTemplate {
  // Express takes either case, and a slash at the end.
  const plain = path.length > 1 && path.endsWith("/") ? path.slice(0, -1).toLowerCase() : path.toLowerCase();
  const known = fixed.get(plain);
  if (known !== undefined) return known;
  const segments = plain.split("/");
  const found = withParameters.find(
    (route) =>
      route.segments.length === segments.length &&
      route.segments.every((segment, index) => segment.startsWith("{") || segment === segments[index]),
  );
  return found?.template ?? pages.find((page) => plain.startsWith(`${page}/`)) ?? "other";
}
