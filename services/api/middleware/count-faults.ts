import type { NextFunction, Request, Response } from "express";
import type { Problem } from "../../../shared/errors.ts";
import { overQuota } from "../limits/over-quota.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { clientOf } from "./client.ts";
import { countRequest, isCounted } from "./count-requests.ts";
import { toProblem } from "./problems.ts";

// A request that nobody can answer costs as much as one that somebody can: it is refused, so it has to be counted.

/** Under which name the faults of a request are counted; absent: `faults`. */
const countedAs = new WeakMap<Request, RateLimit>();

/**
 * Refuses a client that has used up its faults, before anything else of its request is looked at. Event streams pass: an
 * `EventSource` gives up for good on a 429.
 */
export function refuseFaulty({ faults }: Pick<RateLimits, "faults">) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (!req.path.endsWith("/events")) refuseUsedUp(faults, req);
    next();
  };
}

/**
 * Refuses a client that has used up a quota before a body of it is read, and counts the faults of this request with what
 * they are faults of. Requests without fault are counted by their route, after their token was verified.
 */
export function countFaultsAs(limit: RateLimit) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    countedAs.set(req, limit);
    refuseUsedUp(limit, req);
    next();
  };
}

/** Only asks what this process knows, so that requests that are counted anyway cost one call to the store. */
export function refuseUsedUp(limit: RateLimit, req: Request): void {
  const standing = limit.usedUp(clientOf(req).network);
  if (standing) throw overQuota(limit.quota, "from your address", standing.resetSeconds);
}

/** Counts what was refused before it was counted: with an answer that says so, or 429 when there were too many. */
export function countFaults(limits: Pick<RateLimits, "faults">) {
  return async (error: unknown, req: Request, _res: Response, next: NextFunction): Promise<void> => {
    const problem = toProblem(error);
    if (isFault(problem) && !isCounted(req)) {
      const limit = countedAs.get(req);
      // Strangers learn nothing from a count; see access.ts.
      const isStranger = problem.status === 401 || problem.status === 403;
      if (isStranger || !limit) void limits.faults.count(clientOf(req).network);
      else return countRequest(limit, req).then(() => next(error), next);
    }
    next(error);
  };
}

function isFault({ status }: Problem): boolean {
  return status < 500 && status !== 429;
}
