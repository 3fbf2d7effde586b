import type { Request } from "express";
import { maxWaitSeconds } from "../../../shared/tunables.ts";

/** Remaining time of a wait: RFC 7240 counts it from when the request was received. */
export function remainingWaitMs(seconds: number, receivedAt: number): number {
  return Math.max(0, Math.floor(seconds * 1000 - (performance.now() - receivedAt)));
}

/** Reads the `wait` of a `Prefer` header (RFC 7240) in seconds; `undefined` if it is absent or invalid. */
export function preferredWait(req: Request): number | undefined {
  for (const preference of (req.get("Prefer") ?? "").split(",")) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d+)"?\s*(?:;|$)/i.exec(preference) ?? [];
    if (seconds !== undefined) return Math.min(Number(seconds), maxWaitSeconds);
  }
  return undefined;
}
