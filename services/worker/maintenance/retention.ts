import { deleteEndedAccountRows } from "../../../shared/db/accounts/operator-links.ts";
import { dropTombstones, readIdleConversations } from "../../../shared/db/conversations/erasure.ts";
import { deleteMailCounts } from "../../../shared/db/mail/mail-addresses.ts";
import { deleteOldEvents } from "../../../shared/events/retention.ts";
import { deleteConversation } from "../../../shared/jobs/delete-conversation.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import { sessionIdleMs } from "../../../shared/tunables.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 10_000;
/**
 * Maximum per round, erased one after another. One worker erases up to 800,000 conversations a day, with little load on
 * a busy database.
 */
const conversationsARound = 100;
/** Time limit of a round, in milliseconds. A slow database ends a round earlier. */
const roundMs = 2000;
/** Maximum per round; dropping a tombstone deletes all jobs of its conversation. */
const tombstonesARound = 20;
/** Maximum per round: with one worker, 17 million events a day. */
const eventsARound = 2000;

type RetentionContext = Pick<WorkerContext, "db" | "live" | "log" | "config">;

/**
 * Erases conversations older than `RETENTION_DAYS` in the same way as a visitor's deletion, drops expired
 * tombstones, and deletes events, sessions, links and counts of mails that are past their time. Every worker runs it; workers skip the rows that another one is working on.
 * @returns a function that stops the erasure, after the round in progress
 */
export function startRetention(context: RetentionContext): () => Promise<void> {
  return repeat(everyMs, () => eraseExpired(context));
}

/** One round. A failure is logged and left for a later round. */
export async function eraseExpired({ db, live, log, config }: RetentionContext): Promise<void> {
  const { RETENTION_DAYS: idleDays } = config;
  try {
    await dropTombstones(db.pool, tombstonesARound);
    await deleteOldEvents(db.pool, eventsARound);
    await deleteEndedAccountRows(db.pool, sessionIdleMs);
    await deleteMailCounts(db.pool);
    if (idleDays === undefined) return;
    const until = performance.now() + roundMs;
    let erased = 0;
    for (const id of await readIdleConversations(db.pool, idleDays, conversationsARound)) {
      if (performance.now() > until) break;
      // A conversation that cannot be erased must not block the others.
      const done = await deleteConversation({ db, live, log }, id, { idleDays }).catch((error: unknown) => {
        log.warn({ err: error, conversationId: id }, "an expired conversation could not be erased; retrying later");
        return false;
      });
      if (done) erased += 1;
    }
    if (erased > 0) log.info({ conversations: erased, idleDays }, "expired conversations erased");
  } catch (error) {
    log.warn({ err: error }, "expired conversations could not be erased; retrying later");
  }
}
