import RateLimiterMemory from "rate-limiter-flexible/lib/RateLimiterMemory.js";
import type { Config } from "../../../shared/config/config.ts";
import type { Quota } from "../../../shared/errors.ts";
import type { Lifecycle } from "../../../shared/process/lifecycle.ts";
import type { Logger } from "../../../shared/logger.ts";
import { keyOfSite } from "../../../shared/sites/default-site.ts";
import { openLimitStore } from "./limit-store.ts";
import { RateLimit } from "./rate-limit.ts";

/** Quotas counted for each client address, where nothing else is said. */
export interface RateLimits {
  /** Messages sent. */
  submissions: RateLimit;
  /** All other requests that read a store. */
  reads: RateLimit;
  /** Requests refused before they counted as either: a request without an answer is not free. */
  faults: RateLimit;
  /** Changes that a visitor confirms. */
  visitorActions: RateLimit;
  /** Changes at one assistant that all its visitors confirm. */
  assistantActions: RateLimit;
  /** Requests of an operator, whatever their addresses. */
  operators: RateLimit;
  /** Wrong operator credentials. */
  failedLogins: RateLimit;
  /** Wrong passwords and codes of one account, whatever the addresses. */
  failedSignIns: RateLimit;
  /** Codes of second factors that were used. */
  usedCodes: RateLimit;
}

type RateLimitsConfig = Pick<
  Config,
  | "DATABASE_URL"
  | "REDIS_URL"
  | "RATE_LIMIT_WINDOW_MS"
  | "RATE_LIMIT_MAX_REQUESTS"
  | "RATE_LIMIT_MAX_READS"
  | "MAX_ACTIONS_PER_VISITOR"
  | "MAX_ACTIONS_PER_ASSISTANT"
>;

const daySeconds = 86_400;

/** An operator reads this many times what a visitor may: a console reads each conversation that changes. */
const operatorReads = 10;

/** Ten wrong passwords are typing errors; guessing takes millions. */
const failedLogins = { name: "failed-logins", limit: 10, windowSeconds: 900 };

/** Many addresses guess 2,400 passwords a day at most, and cannot easily keep the owner of an account out. */
const failedSignIns = { name: "failed-sign-ins", limit: 100, windowSeconds: 3600 };

/** A code is accepted for a minute and a half: its own half minute, the one before and the one after. */
const usedCodes = { name: "used-codes", limit: 1, windowSeconds: 120 };

/** Opens the quotas that all API processes count together, on Redis or on PostgreSQL. */
export async function openRateLimits(
  config: RateLimitsConfig,
  { siteId, log, lifecycle }: { siteId: string; log: Logger; lifecycle: Lifecycle },
): Promise<RateLimits> {
  const store = await openLimitStore({ databaseUrl: config.DATABASE_URL, redisUrl: config.REDIS_URL, log });
  lifecycle.onClose("rate limits", () => store.close());
  const windowSeconds = windowSecondsOf(config);
  const limit = (quota: Quota) => {
    const keyPrefix = keyOfSite(siteId, `parley:limit:${quota.name}`);
    const options = { keyPrefix, points: quota.limit, duration: quota.windowSeconds };
    return new RateLimit(quota, { shared: store.makeLimiter(options), alone: new RateLimiterMemory(options) });
  };
  return {
    submissions: limit({ name: "submissions", limit: config.RATE_LIMIT_MAX_REQUESTS, windowSeconds }),
    reads: limit({ name: "reads", limit: config.RATE_LIMIT_MAX_READS, windowSeconds }),
    faults: limit({ name: "faults", limit: config.RATE_LIMIT_MAX_READS, windowSeconds }),
    visitorActions: limit({ name: "actions", limit: config.MAX_ACTIONS_PER_VISITOR, windowSeconds: daySeconds }),
    assistantActions: limit({
      name: "assistant-actions",
      limit: config.MAX_ACTIONS_PER_ASSISTANT,
      windowSeconds: daySeconds,
    }),
    operators: limit({ name: "operator", limit: operatorReads * config.RATE_LIMIT_MAX_READS, windowSeconds }),
    failedLogins: limit(failedLogins),
    failedSignIns: limit(failedSignIns),
    usedCodes: limit(usedCodes),
  };
}

/** The stores count in whole seconds. */
export function windowSecondsOf({ RATE_LIMIT_WINDOW_MS }: Pick<Config, "RATE_LIMIT_WINDOW_MS">): number {
  return Math.ceil(RATE_LIMIT_WINDOW_MS / 1000);
}
