import { randomUUID } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import type { Logger } from "../../../shared/logger.ts";

/** Allowed form of a caller's own id, which is copied unchanged into logs and headers. */
const sane = /^[\w.:-]{1,128}$/;

export function requestId(res: Response): string {
  return String(res.getHeader("X-Request-Id"));
}

interface RequestIds {
  requestId?: string;
  conversationId?: string;
  jobId?: string;
  operatorId?: string;
  traceId?: string;
}

const ids = new WeakMap<Request, RequestIds>();

/** Adds ids to the log lines written for a request from now on. */
export function noteIds(req: Request, noted: RequestIds): void {
  ids.set(req, { ...ids.get(req), ...noted });
}

/** Ids that link a request's log lines to each other and to those of other processes. */
export function idsOf(req: Request): RequestIds {
  return ids.get(req) ?? {};
}

/** Gives each request an id, the caller's own if it is well-formed, and logs one line at its end. */
export function identifyRequests(log: Logger) {
  return (req: Request, res: Response, next: NextFunction): void => {
    const given = req.get("X-Request-Id");
    const id = given !== undefined && sane.test(given) ? given : randomUUID();
    res.setHeader("X-Request-Id", id);
    noteIds(req, { requestId: id });
    const began = performance.now();
    res.on("close", () => {
      const line = {
        ...idsOf(req),
        method: req.method,
        // Excludes the query, which may hold a token.
        path: pathOf(req),
        status: res.statusCode,
        ms: Math.round(performance.now() - began),
      };
      // Successful reads are logged at debug level only.
      if (res.statusCode >= 500) log.error(line, "request");
      else if (req.method === "GET" && res.statusCode < 400) log.debug(line, "request");
      else log.info(line, "request");
    });
    next();
  };
}

/** The requested path without the query, which may hold a token. */
export function pathOf(req: Request): string {
  const [path = ""] = req.originalUrl.split("?", 1);
  return path;
}
