import { performance } from "node:perf_hooks";
import type { Pool } from "pg";
import { cachedFor } from "../async/cached-for.ts";
import { within } from "../async/within.ts";
import { query } from "./database.ts";
import type { Statement } from "../postgres/statement.ts";

export interface ClockReading {
  /** Unix milliseconds. */
  now: number;
  of: "database" | "process";
}

/** The clock that all processes share. */
export interface Clock {
  read(): Promise<ClockReading>;
}

/** Time a measured difference is used: disciplined clocks drift by milliseconds a minute. */
const measuredEveryMs = 60_000;
const timeoutMs = 1000;

export const timeStatement: Statement<{ now: number }> = {
  name: "database-time",
  text: `select (extract(epoch from clock_timestamp()) * 1000)::float8 as now`,
};

/**
 * PostgreSQL's clock, so that processes with different clocks judge alike. Between measurements it is extrapolated by
 * the monotonic clock, which no jump of the wall clock affects. Until PostgreSQL is first reached, it is the process's
 * own clock.
 */
export function createDatabaseClock(pool: Pool): Clock {
  let measured: { now: number; at: number } | undefined;
  const measure = cachedFor(measuredEveryMs, async () => {
    const began = performance.now();
    const [row] = await within(timeoutMs, query(pool, timeStatement, []));
    if (row) measured = { now: row.now, at: (began + performance.now()) / 2 };
  });
  return {
    async read() {
      // Keep the last measurement while the database is down.
      await measure().catch(() => undefined);
      if (!measured) return { now: Date.now(), of: "process" };
      return { now: measured.now + performance.now() - measured.at, of: "database" };
    },
  };
}
