import type { ClockReading } from "../../../shared/db/clock.ts";
import { maxIdentitySeconds } from "../../../shared/protocol/identity.ts";

/** Tolerance at either end, because the clocks of sites and ours differ. */
const clockToleranceSeconds = 60;
/** Largest value read as seconds (the year 5138); a larger one is in milliseconds. */
const latestSeconds = 1e11;

interface Times {
  exp: number;
  nbf?: number | null | undefined;
}

/** @returns why an identity is not valid now, by which clock, and how to mend it; `undefined` if it is valid */
export function checkTimes({ exp, nbf }: Times, clock: ClockReading): string | undefined {
  const now = clock.now / 1000;
  if (exp > latestSeconds) return "exp: must be Unix seconds, but these are milliseconds: divide by 1000";
  if (exp <= now - clockToleranceSeconds) {
    return `exp: expired, ${differ(now - exp, clock)}. Sign a new one; if it is new, correct the site's clock`;
  }
  if (exp - now > maxIdentitySeconds + clockToleranceSeconds) {
    return `exp: must be at most 24 hours from now, ${differ(exp - now, clock)}`;
  }
  if (typeof nbf === "number" && nbf > now + clockToleranceSeconds) {
    return `nbf: not valid yet, ${differ(nbf - now, clock)}. Omit nbf, or correct the site's clock`;
  }
  return undefined;
}

function differ(seconds: number, { now, of }: ClockReading): string {
  const clock = of === "database" ? "the service's clock (its database's)" : "the service's clock";
  return `${Math.round(seconds)} s off ${new Date(now).toISOString()}, the time by ${clock}`;
}
