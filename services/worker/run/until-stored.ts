import { setTimeout as sleep } from "node:timers/promises";
import { exponentialBackoffMs } from "../../../shared/async/backoff.ts";
import { isDatabaseAway } from "../../../shared/postgres/database-away.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ReclaimGuard } from "./reclaim-guard.ts";

const pauses = { firstMs: 50, longestMs: 1000 };

/**
 * Repeats a statement for as long as PostgreSQL is down: its data exists nowhere else, or no work is possible without
 * it. The statement must be safe to run twice.
 * @throws any error that is not an outage
 */
export async function untilStored<T>(
  statement: () => Promise<T>,
  { reclaimGuard, log }: { reclaimGuard: ReclaimGuard; log: Logger },
): Promise<T> {
  for (let failures = 1; ; failures++) {
    try {
      return await statement();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      reclaimGuard.databaseFailed();
      log.warn({ err: error }, "PostgreSQL is down: retrying until it is back");
      await sleep(exponentialBackoffMs(failures, pauses));
    }
  }
}
