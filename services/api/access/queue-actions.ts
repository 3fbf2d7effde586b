import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";

/**
 * Bull Board's addresses for one entry: retry it, or remove it. Entries have the ids of their jobs, so that no name of a
 * state (`/clean/completed`) passes for one.
 */
const entryAction = /^\/api\/queues\/[^/]+\/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\/(?:retry|clean)$/i;

/**
 * Refuses all that Bull Board can do to a queue beyond its single entries: pausing it stops every answer, emptying it delays
 * them. What a later version of it adds is refused as well, until it is named here.
 */
export function refuseQueueActions({ ADMIN_QUEUE_ACTIONS }: Pick<Config, "ADMIN_QUEUE_ACTIONS">) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    const looks = req.method === "GET" || req.method === "HEAD";
    const mayPass = looks || (req.method === "PUT" && entryAction.test(req.path));
    if (mayPass || ADMIN_QUEUE_ACTIONS === "all") return next();
    throw new Problem(
      "queue-action-refused",
      "Retry or remove one entry at a time. For all that Bull Board can do, set ADMIN_QUEUE_ACTIONS=all for the API.",
    );
  };
}
