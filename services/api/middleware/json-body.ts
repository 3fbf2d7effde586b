import express, { type NextFunction, type Request, type Response } from "express";
import { Problem } from "../../../shared/errors.ts";

const maxBytes = 64 * 1024;
/** With earlier turns. */
const maxBytesWithHistory = 256 * 1024;

/** Parses a JSON body within its limits: a larger one is allowed only where a `history` makes it so. */
export function jsonBody() {
  const lengths = new WeakMap<object, number>();
  const parse = express.json({
    limit: maxBytesWithHistory,
    verify: (req, _res, body) => lengths.set(req, body.length),
  });
  const check = (req: Request, _res: Response, next: NextFunction): void => {
    const body: unknown = req.body;
    const hasHistory = typeof body === "object" && body !== null && "history" in body;
    if (!hasHistory && (lengths.get(req) ?? 0) > maxBytes) {
      throw new Problem("too-large", "A body without a history may have 64 KB.");
    }
    next();
  };
  return [requireJson, parse, check];
}

function requireJson(req: Request, _res: Response, next: NextFunction): void {
  if (req.is("application/json") === false) {
    throw new Problem("unsupported-media-type", "Send the body as application/json.");
  }
  next();
}
