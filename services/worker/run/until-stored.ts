import { setTimeout as sleep } from "node:timers/promises";
import { isDatabaseAway } from "../../../shared/db/database.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { TakeOvers } from "./reclaim-guard.ts";

const firstPauseMs = 50;
const longestPauseMs = 1000;

/**
 * Repeats a statement however long PostgreSQL is away: what it stores exists nowhere else, or nothing can be done without
 * it. The statement must be one that may be done twice.
 * @throws whatever is not an outage
 */
export async function untilStored<T>(
  statement: () => Promise<T>,
  { takeOvers, log }: { takeOvers: TakeOvers; log: Logger },
): Promise<T> {
  for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
    try {
      return await statement();
    } catch (error) {
      if (!isDatabaseAway(error)) throw error;
      takeOvers.databaseFailed();
      log.warn({ err: error }, "PostgreSQL is away: waiting until it is back");
      await sleep(pauseMs);
    }
  }
}
