import type { NextFunction, Request, Response } from "express";
import type { Config } from "../../../shared/config/config.ts";
import { Problem } from "../../../shared/errors.ts";

/**
 * Bull Board's paths to retry or remove one entry. Entry ids are job ids (UUIDs), so a state's name
 * (`/clean/completed`) cannot match.
 */
const entryAction = /^\/api\/queues\/[^/]+\/[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\/(?:retry|clean)$/i;

/**
 * Refuses all of Bull Board's queue actions except those on single entries: pausing the queue stops every answer,
 * emptying it delays them. Actions added by a later version are refused as well, until they are listed here.
 */
export function refuseQueueActions({ ADMIN_QUEUE_ACTIONS }: Pick<Config, "ADMIN_QUEUE_ACTIONS">) {
  return (req: Request, _res: Response, next: NextFunction): void => {
    const looks = req.method === "GET" || req.method === "HEAD";
    const mayPass = looks || (req.method === "PUT" && entryAction.test(req.path));
    if (mayPass || ADMIN_QUEUE_ACTIONS === "all") return next();
    throw new Problem(
      "queue-action-refused",
      "Retry or remove one entry at a time. To allow every Bull Board action, set ADMIN_QUEUE_ACTIONS=all for the API.",
    );
  };
}
