import { cachedFor } from "../../../shared/async/cached-for.ts";
import { olderVersionRuns } from "../../../shared/db/operators/process-reports.ts";
import type { ApiContext } from "../api-context.ts";
import { updating } from "../voices/voice-problems.ts";

/** The version whose processes know doors. */
const sinceVersion = 3;
/** Processes report every ten seconds. */
const maxAgeMs = 1000;

/**
 * Makes the check of new messages that come through a door. A process that knows no doors could not go on with their
 * streams, and its desk has no such channel.
 * @returns a check that throws a `Problem`, 409 `updating`, while such a process runs
 */
export function refuseBesideOlder({ db }: Pick<ApiContext, "db">): () => Promise<void> {
  const isOlderBeside = cachedFor(maxAgeMs, () => olderVersionRuns(db.pool, sinceVersion));
  return async () => {
    if (await isOlderBeside()) throw updating("this front end");
  };
}
