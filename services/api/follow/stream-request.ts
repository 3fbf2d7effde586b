import type { Request } from "express";
import { isDatabaseAway } from "../../../shared/postgres/database-away.ts";
import { Problem } from "../../../shared/errors.ts";

/**
 * Reads the header, or the query if the header is absent or empty. Polyfills of `EventSource` and pages that open a new
 * one use the query. If the query has several values, the last one is the newest.
 */
export function lastEventIdOf(req: Request): string | undefined {
  const header = req.get("Last-Event-ID");
  if (header !== undefined && header !== "") return header;
  const values = [req.query["lastEventId"]].flat();
  return values.filter((value) => typeof value === "string").findLast((value) => value !== "");
}

/** True for errors after which an `EventSource` should retry. */
export function passes(error: unknown): boolean {
  return isDatabaseAway(error) || (error instanceof Problem && error.code === "rate-limited");
}
