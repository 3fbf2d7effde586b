import type { NextFunction, Request, Response } from "express";
import { isDatabaseAway } from "../../../shared/postgres/database-away.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ProblemBody } from "../../../shared/protocol/service.ts";
import { showQuota } from "./count-requests.ts";
import { drainBody } from "./drain-body.ts";
import { requestSpan } from "./observe.ts";
import { idsOf, pathOf } from "./request-id.ts";

const databaseRetrySeconds = 2;

/** Refuses a request that no route handles. */
export function refuseUnknown(req: Request): void {
  throw new Problem("not-found", `There is no ${req.method} ${pathOf(req)} here.`);
}

/** RFC 9112 requires `Host` in HTTP/1.1. */
export function refuseWithoutHost(req: Request, _res: Response, next: NextFunction): void {
  if (req.headers.host === undefined && req.httpVersion === "1.1") {
    throw new Problem("invalid-request", "The header Host is missing.");
  }
  next();
}

/** The one place where an error becomes an answer (RFC 9457). Internal details stay out of it. */
export function sendProblems(log: Logger) {
  return async (error: unknown, req: Request, res: Response, _next: NextFunction): Promise<void> => {
    const problem = toProblem(error);
    if (problem.code === "internal") log.error({ ...idsOf(req), err: error }, "unexpected");
    else if (problem.status >= 500) log.warn({ ...idsOf(req), err: error }, problem.title);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    // Close the connection: the rest of the body is too long to read.
    if (!(await drainBody(req, { isUsedUp: problem.status === 429 }))) res.setHeader("Connection", "close");
    // Caches may store a 404 unless a header forbids it.
    res.setHeader("Cache-Control", "no-store");
    if (problem.retryAfterSeconds !== undefined) res.setHeader("Retry-After", problem.retryAfterSeconds);
    if (problem.quota) showQuota(res, problem.quota, { remaining: 0, resetSeconds: problem.retryAfterSeconds ?? 1 });
    // Operators' routes say themselves how to sign in: to a page's own requests, they do not.
    if (problem.status === 401 && problem.code !== "admin-unauthorized" && !res.hasHeader("WWW-Authenticate")) {
      res.setHeader("WWW-Authenticate", "Bearer");
    }
    const { traceId } = requestSpan(req);
    const body: ProblemBody = {
      type: `/problems/${problem.code}`,
      title: problem.title,
      status: problem.status,
      detail: problem.message,
      instance: pathOf(req),
      ...(problem.operator && { operator: problem.operator }),
      ...(problem.state !== undefined && { state: problem.state }),
      ...(problem.errors && { errors: problem.errors }),
      ...(traceId !== undefined && { traceId }),
    };
    res.status(problem.status).type("application/problem+json").send(JSON.stringify(body));
  };
}

export function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof URIError) return new Problem("invalid-request", "The path is not valid percent-encoding.");
  if (isDatabaseAway(error)) {
    return new Problem("unavailable", "The database cannot be reached. Try again in a moment.", {
      retryAfterSeconds: databaseRetrySeconds,
      cause: error,
    });
  }
  return new Problem("internal", "The error was logged under the request id of this response.", { cause: error });
}
