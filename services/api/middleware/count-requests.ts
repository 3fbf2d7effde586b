import type { Request, Response } from "express";
import type { Quota } from "../../../shared/errors.ts";
import { overQuota } from "../limits/over-quota.ts";
import type { RateLimit, QuotaStatus } from "../limits/rate-limit.ts";
import { clientOf } from "./client.ts";

const counted = new WeakSet<Request>();

/** True if a request was counted, under any quota. */
export function isCounted(req: Request): boolean {
  return counted.has(req);
}

/** Key that is counted, and its words for people. */
interface CountedAs {
  key: string;
  whose: string;
}

/**
 * Counts a request for its client, or another key, and shows the quota in its answer. Call it after the token was verified, because a
 * caller without one must learn nothing from a count.
 * @throws {Problem} 429 when the quota is used up
 */
export async function countRequest(
  limit: RateLimit,
  req: Request,
  { key, whose }: CountedAs = { key: clientOf(req).network, whose: "from your address" },
): Promise<void> {
  counted.add(req);
  const status = await limit.count(key);
  if (status.over) throw overQuota(limit.quota, whose, status.resetSeconds);
  if (req.res) showQuota(req.res, limit.quota, status);
}

/** Sets the headers of draft-ietf-httpapi-ratelimit-headers-10. One answer may show several quotas. */
export function showQuota(
  res: Response,
  { name, limit, windowSeconds }: Quota,
  { remaining, resetSeconds }: Pick<QuotaStatus, "remaining" | "resetSeconds">,
): void {
  res.append("RateLimit-Policy", `"${name}";q=${limit};w=${windowSeconds}`);
  res.append("RateLimit", `"${name}";r=${remaining};t=${resetSeconds}`);
}
