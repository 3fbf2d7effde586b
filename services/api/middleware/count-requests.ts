import type { Request, Response } from "express";
import type { Quota } from "../../../shared/errors.ts";
import { overQuota } from "../limits/over-quota.ts";
import type { RateLimit, Standing } from "../limits/rate-limit.ts";
import { clientOf } from "./client.ts";

const counted = new WeakSet<Request>();

/** Whether a request was counted, under whatever name. */
export function isCounted(req: Request): boolean {
  return counted.has(req);
}

/**
 * Counts a request for its client, and says in its answer how that stands. It is for requests that have shown their token:
 * whoever has none learns nothing from a count either.
 * @throws {Problem} 429 when it is too many
 */
export async function countRequest(limit: RateLimit, req: Request): Promise<void> {
  counted.add(req);
  const standing = await limit.count(clientOf(req).network);
  if (standing.over) throw overQuota(limit.quota, "from your address", standing.resetSeconds);
  if (req.res) showQuota(req.res, limit.quota, standing);
}

/** The headers of draft-ietf-httpapi-ratelimit-headers-10; an answer may speak of several quotas. */
export function showQuota(
  res: Response,
  { name, limit, windowSeconds }: Quota,
  { remaining, resetSeconds }: Pick<Standing, "remaining" | "resetSeconds">,
): void {
  res.append("RateLimit-Policy", `"${name}";q=${limit};w=${windowSeconds}`);
  res.append("RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`);
}
