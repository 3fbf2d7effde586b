import type { Request } from "express";

/** Longer waits are cut to this: proxies end idle requests soon after. */
const maxWaitSeconds = 60;

/** The `wait` of a `Prefer` header (RFC 7240) in seconds; `undefined` when there is none that can be read. */
export function preferredWait(req: Request): number | undefined {
  for (const preference of (req.get("Prefer") ?? "").split(",")) {
    const [, seconds] = /^\s*wait\s*=\s*"?(\d+)"?\s*(?:;|$)/i.exec(preference) ?? [];
    if (seconds !== undefined) return Math.min(Number(seconds), maxWaitSeconds);
  }
  return undefined;
}
