import type { NextFunction, Request, Response } from "express";
import { z } from "zod";
import { isDatabaseAway } from "../../../shared/db/database.ts";
import { Problem } from "../../../shared/errors.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ProblemBody } from "../../../shared/protocol/service.ts";
import { pathOf, requestId } from "./request-id.ts";

const databaseRetrySeconds = 2;

/** Whatever no route has taken. */
export function refuseUnknown(req: Request): void {
  throw new Problem("not-found", `There is no ${req.method} ${pathOf(req)} here.`);
}

/** The one place where an error becomes an answer: RFC 9457, and nothing of our insides. */
export function sendProblems(log: Logger) {
  return (error: unknown, req: Request, res: Response, _next: NextFunction): void => {
    const problem = toProblem(error);
    if (problem.code === "internal") log.error({ err: error, requestId: requestId(res) }, "unexpected");
    else if (problem.status >= 500) log.warn({ err: error, requestId: requestId(res) }, problem.title);
    if (res.headersSent) {
      res.destroy();
      return;
    }
    if (problem.retryAfterSeconds !== undefined) res.setHeader("Retry-After", problem.retryAfterSeconds);
    if (problem.code === "unauthorized") res.setHeader("WWW-Authenticate", "Bearer");
    const body: ProblemBody = {
      type: `/problems/${problem.code}`,
      title: problem.title,
      status: problem.status,
      detail: problem.message,
      instance: pathOf(req),
      ...(problem.errors && { errors: problem.errors }),
    };
    res.status(problem.status).type("application/problem+json").send(JSON.stringify(body));
  };
}

function toProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof z.ZodError) return fromInput(error);
  if (error instanceof URIError) return new Problem("invalid-request", "The path is not valid percent-encoding.");
  const fromBody = fromBodyParser(error);
  if (fromBody) return fromBody;
  if (isDatabaseAway(error)) {
    return new Problem("unavailable", "The service cannot reach its database right now. Try again in a moment.", {
      retryAfterSeconds: databaseRetrySeconds,
      cause: error,
    });
  }
  return new Problem("internal", "This was logged, with the request id of this answer.", { cause: error });
}

function fromInput(error: z.ZodError): Problem {
  const errors = error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const [first] = errors;
  const detail = first ? `${first.path === "" ? "body" : first.path}: ${first.message}` : "See errors.";
  return new Problem("invalid-request", detail, { errors });
}

/** The errors of Express' body parser carry a `type`. */
function fromBodyParser(error: unknown): Problem | undefined {
  if (!(error instanceof Error) || !("type" in error) || typeof error.type !== "string") return undefined;
  switch (error.type) {
    case "entity.too.large":
      return new Problem("too-large", "A body may have 64 KB, with a history 256 KB.", { cause: error });
    case "charset.unsupported":
    case "encoding.unsupported":
      return new Problem("unsupported-media-type", "Send JSON in UTF-8.", { cause: error });
    case "request.aborted":
    case "request.size.invalid":
    case "entity.parse.failed":
      return new Problem("invalid-request", "The body is not valid JSON.", {
        errors: [{ path: "", message: "expected a JSON object" }],
        cause: error,
      });
    default:
      return undefined;
  }
}
