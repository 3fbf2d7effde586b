/** Pages and their files, for browsers. `GET /openapi.json` leaves them out: no program calls them. */
export const pageTemplates = [
  "/",
  "/admin",
  "/admin/conversations/{id}",
  "/admin/mails",
  "/admin/queues",
  "/admin/reports",
  "/console",
  "/console/{name}",
  "/widget.js",
  "/widget/{name}",
] as const;

/**
 * All routes of the application: those that `GET /openapi.json` describes, and pages; a test compares them with its
 * router. They are the labels of metrics and traces, because the number of requested paths is unbounded.
 */
export const routeTemplates = [
  ...pageTemplates,
  "/api/actions/{id}",
  "/api/assistants",
  "/api/chat",
  "/api/chat/history/{sessionId}",
  "/api/conversations/{id}",
  "/api/conversations/{id}/events",
  "/api/conversations/{id}/export",
  "/api/conversations/{id}/seen",
  "/api/conversations/{id}/typing",
  "/api/conversations/{id}/handoff",
  "/api/conversations/{id}/stretches/{no}/rating",
  "/api/jobs/{jobId}",
  "/api/jobs/{jobId}/events",
  "/api/jobs/{jobId}/timeline",
  "/api/mail/open",
  "/api/me/conversations",
  "/api/messages/{id}/feedback",
  "/api/operator/assistants",
  "/api/operator/assistants/{type}/pause",
  "/api/operator/canned-replies",
  "/api/operator/canned-replies/{shortcut}",
  "/api/operator/conversations/{id}",
  "/api/operator/conversations/{id}/assign",
  "/api/operator/conversations/{id}/block",
  "/api/operator/conversations/{id}/close",
  "/api/operator/conversations/{id}/events",
  "/api/operator/conversations/{id}/look",
  "/api/operator/conversations/{id}/messages",
  "/api/operator/conversations/{id}/notes",
  "/api/operator/conversations/{id}/release",
  "/api/operator/conversations/{id}/seen",
  "/api/operator/conversations/{id}/suggestions",
  "/api/operator/conversations/{id}/suggestions/{suggestionId}",
  "/api/operator/conversations/{id}/take",
  "/api/operator/conversations/{id}/typing",
  "/api/operator/conversations/{id}/unblock",
  "/api/operator/factor",
  "/api/operator/factor/backup-codes",
  "/api/operator/factor/confirm",
  "/api/operator/factor/remove",
  "/api/operator/hours",
  "/api/operator/inbox",
  "/api/operator/inbox/events",
  "/api/operator/invitations",
  "/api/operator/invitations/{id}",
  "/api/operator/jobs/{jobId}",
  "/api/operator/jobs/{jobId}/events",
  "/api/operator/jobs/{jobId}/timeline",
  "/api/operator/knowledge/search",
  "/api/operator/knowledge/unanswered",
  "/api/operator/knowledge/unanswered/{id}",
  "/api/operator/links",
  "/api/operator/me",
  "/api/operator/operators",
  "/api/operator/operators/{id}",
  "/api/operator/operators/{id}/role",
  "/api/operator/password",
  "/api/operator/presence",
  "/api/operator/reports",
  "/api/operator/search",
  "/api/operator/sessions",
  "/api/operator/sessions/{id}",
  "/api/operator/sign-in",
  "/api/operator/sign-in/factor",
  "/api/operator/sign-out",
  "/api/operator/sources",
  "/api/operator/sources/batch",
  "/api/operator/sources/{id}",
  "/api/operator/sources/{id}/refresh",
  "/api/operator/tool-servers",
  "/api/operator/tool-servers/{key}/refresh",
  "/api/operator/tools/{id}/allow",
  "/api/operator/tools/{id}/disallow",
  "/api/origin",
  "/api/providers",
  "/api/ui/chat",
  "/api/ui/chat/{id}/stream",
  "/docs",
  "/health",
  "/livez",
  "/mail/open",
  "/mail/stop",
  "/mcp",
  "/metrics",
  "/openapi.json",
  "/readyz",
] as const;

type RouteTemplate = (typeof routeTemplates)[number] | "other";

/** Prefixes of pages that consist of many files. */
const folders = ["/admin/queues", "/docs"] as const;

const fixed = new Map<string, RouteTemplate>(
  routeTemplates.filter((template) => !template.includes("{")).map((template) => [template, template]),
);
const withParameters = routeTemplates
  .filter((template) => template.includes("{"))
  .map((template) => ({ template, segments: template.split("/") }));

/** @param path the requested path, without the query */
export function routeOf(path: string): RouteTemplate {
  // Express matches either case, and allows a trailing slash.
  const plain = path.length > 1 && path.endsWith("/") ? path.slice(0, -1).toLowerCase() : path.toLowerCase();
  const known = fixed.get(plain);
  if (known !== undefined) return known;
  const segments = plain.split("/");
  const found = withParameters.find(
    (route) =>
      route.segments.length === segments.length &&
      route.segments.every((segment, index) => segment.startsWith("{") || segment === segments[index]),
  );
  return found?.template ?? folders.find((folder) => plain.startsWith(`${folder}/`)) ?? "other";
}
