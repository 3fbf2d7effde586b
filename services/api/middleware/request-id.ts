import { randomUUID } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import type { Logger } from "../../../shared/logger.ts";

/** What a caller's own id may look like: it goes into logs and headers as it is. */
const sane = /^[\w.:-]{1,128}$/;

export function requestId(res: Response): string {
  return String(res.getHeader("X-Request-Id"));
}

interface RequestIds {
  requestId?: string;
  conversationId?: string;
  jobId?: string;
  traceId?: string;
}

const ids = new WeakMap<Request, RequestIds>();

/** Adds what a request turned out to be about to the lines of it that are written from now on. */
export function noteIds(req: Request, noted: RequestIds): void {
  ids.set(req, { ...ids.get(req), ...noted });
}

/** What ties the lines of a request together, and to those of others. */
export function idsOf(req: Request): RequestIds {
  return ids.get(req) ?? {};
}

/** Gives each request an id, the caller's where it sent a sane one, and writes one line when it is over. */
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
        // Without the query: it may hold a token.
        path: pathOf(req),
        status: res.statusCode,
        ms: Math.round(performance.now() - began),
      };
      // What only reads and works is no news.
      if (res.statusCode >= 500) log.error(line, "request");
      else if (req.method === "GET" && res.statusCode < 400) log.debug(line, "request");
      else log.info(line, "request");
    });
    next();
  };
}

/** The path as it was asked for, without the query, in which a token may stand. */
export function pathOf(req: Request): string {
  const [path = ""] = req.originalUrl.split("?", 1);
  return path;
}
