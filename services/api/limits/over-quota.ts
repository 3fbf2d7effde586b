import { Problem, type Quota } from "../../../shared/errors.ts";

/** @param whose scope of the quota, worded for people */
export function overQuota(quota: Quota, whose: string, resetSeconds: number): Problem {
  const detail = `${quota.limit} ${quota.name} in ${quota.windowSeconds} s are taken ${whose}; go on in ${resetSeconds} s.`;
  return new Problem("rate-limited", detail, { retryAfterSeconds: resetSeconds, quota });
}
