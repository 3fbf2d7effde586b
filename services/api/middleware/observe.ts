import type { NextFunction, Request, Response } from "express";
import { noSpan, type Span, type Tracing } from "../../../shared/tracing/tracing.ts";
import type { ApiMetrics } from "../telemetry/api-metrics.ts";
import { routeOf } from "../telemetry/route-template.ts";
import { preferredWait } from "./prefer.ts";
import { noteIds, pathOf } from "./request-id.ts";

/** The client disconnected before its answer; nginx introduced this number. */
const goneStatus = 499;

const spans = new WeakMap<Request, Span>();

/** The request's own span, if tracing is on. */
export function requestSpan(req: Request): Span {
  return spans.get(req) ?? noSpan;
}

/** Counts each request, and starts its trace. */
export function observeRequests({ metrics, tracing }: { metrics: ApiMetrics; tracing: Tracing }) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const route = routeOf(pathOf(req));
    const span = tracing.on && route.startsWith("/api/") ? startSpan(tracing, req, route) : noSpan;
    const began = performance.now();
    res.on("close", () => {
      const { method } = req;
      const status = res.headersSent ? res.statusCode : goneStatus;
      const lasts = isStream(route) || preferredWait(req) !== undefined;
      metrics.request({ method, route, status, seconds: lasts ? undefined : (performance.now() - began) / 1000 });
      span.set({ "http.response.status_code": status });
      if (status >= 500) span.fail(String(status));
      span.end();
    });
    next();
  };
}

function startSpan(tracing: Tracing, req: Request, route: string): Span {
  const span = tracing.start(`${req.method} ${route}`, {
    kind: "server",
    // Linked, not continued: any client may send the header, so it must not decide anything here.
    link: req.get("traceparent"),
    // `url.path` excludes the query, which may hold a token.
    attributes: { "http.request.method": req.method, "http.route": route, "url.path": pathOf(req) },
  });
  spans.set(req, span);
  if (span.traceId !== undefined) noteIds(req, { traceId: span.traceId });
  return span;
}

/** True for routes whose answers last, whoever asks. */
function isStream(route: string): boolean {
  return route.endsWith("/events") || route.startsWith("/api/ui/chat");
}
