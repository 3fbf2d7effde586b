import { Problem, type Quota } from "../../../shared/errors.ts";

/** @param whose where they are counted, for people */
export function overQuota(quota: Quota, whose: string, resetSeconds: number): Problem {
  const detail = `${quota.limit} ${quota.name} in ${quota.windowSeconds} s are taken ${whose}; go on in ${resetSeconds} s.`;
  return new Problem("rate-limited", detail, { retryAfterSeconds: resetSeconds, quota });
}
