import type { NextFunction, Request, Response } from "express";
import type { Problem } from "../../../shared/errors.ts";
import { overQuota } from "../limits/over-quota.ts";
import type { RateLimit } from "../limits/rate-limit.ts";
import type { RateLimits } from "../limits/rate-limits.ts";
import { clientOf } from "./client.ts";
import { countRequest, isCounted } from "./count-requests.ts";
import { toProblem } from "./problems.ts";

// A request that cannot be answered costs as much as one that can, so refused requests are counted, too.

/** Quota that counts the faults of a request; absent: `faults`. */
const countedAs = new WeakMap<Request, RateLimit>();

/**
 * Refuses a client that has used up its faults, before anything else of its request is read. Event streams pass,
 * because an `EventSource` gives up for good on a 429.
 */
export function refuseFaulty({ faults }: Pick<RateLimits, "faults">) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    if (!req.path.endsWith("/events")) refuseUsedUp(faults, req);
    next();
  };
}

/**
 * Refuses a client that has used up a quota before its body is read, and counts this request's faults under that quota.
 * Requests without faults are counted by their route, after their token was verified.
 */
export function countFaultsAs(limit: RateLimit) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    countedAs.set(req, limit);
    refuseUsedUp(limit, req);
    next();
  };
}

/** Reads only the local state, so that a request that is counted later costs one call to the store. */
export function refuseUsedUp(limit: RateLimit, req: Request): void {
  const status = limit.usedUp(clientOf(req).network);
  if (status) throw overQuota(limit.quota, "from your address", status.resetSeconds);
}

/**
 * Counts requests that were refused before they were counted. The answer shows the quota, or is a 429 if it is used up.
 */
export function countFaults(limits: Pick<RateLimits, "faults">) {
  return async (error: unknown, req: Request, _res: Response, next: NextFunction): Promise<void> => {
    const problem = toProblem(error);
    if (isFault(problem) && !isCounted(req)) {
      const limit = countedAs.get(req);
      // Unauthorised callers see no counts; see access.ts.
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
