import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseAway } from "../../../shared/db/database.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { ReclaimGuard } from "./reclaim-guard.ts";

const firstPauseMs = 50;
const longestPauseMs = 1000;

/**
 * Repeats a statement for as long as PostgreSQL is down: its data exists nowhere else, or no work is possible without
 * it. The statement must be safe to run twice.
 * @throws any error that is not an outage
 */
export async function untilStored<T>(
  statement: () => Promise<T>,
  { reclaimGuard, log }: { reclaimGuard: ReclaimGuard; log: Logger },
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await statement();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      reclaimGuard.databaseFailed();
      log.warn({ err: error }, "PostgreSQL is down: retrying until it is back");
      await sleep(pauseMs);
    }
  }
}
