import { dropTombstones, readIdleConversations } from "../../../shared/db/conversations/erasure.ts";
import { deleteConversation } from "../../../shared/jobs/delete-conversation.ts";
import { repeat } from "./repeat.ts";
import type { WorkerContext } from "../worker-context.ts";

const everyMs = 10_000;
/** In one round, one after another: a day of one worker is 800,000 conversations, and a busy database hardly notices. */
const conversationsARound = 100;
/** A slow database ends a round earlier. */
const roundMs = 2000;
/** Each takes all jobs of a conversation with it. */
const tombstonesARound = 20;

type ForgetContext = Pick<WorkerContext, "db" | "live" | "log" | "config">;

/**
 * Erases conversations that are older than `RETENTION_DAYS`, the way a visitor's deletion does, and drops tombstones whose
 * time is over. Every worker does this: what one has at hand, the others pass over.
 * @returns ends it, after the round under way
 */
export function startForgetting(context: ForgetContext): () => Promise<void> {
  return repeat(everyMs, () => forget(context));
}

/** One round; what fails is logged and left for a later one. */
export async function forget({ db, live, log, config }: ForgetContext): Promise<void> {
  const { RETENTION_DAYS: idleDays } = config;
  try {
    await dropTombstones(db.pool, tombstonesARound);
    if (idleDays === undefined) return;
    const until = performance.now() + roundMs;
    let erased = 0;
    for (const id of await readIdleConversations(db.pool, idleDays, conversationsARound)) {
      if (performance.now() > until) break;
      // One that cannot be erased keeps none of the others.
      const done = await deleteConversation({ db, live, log }, id, { idleDays }).catch((error: unknown) => {
        log.warn({ err: error, conversationId: id }, "an old conversation is not erased yet");
        return false;
      });
      if (done) erased += 1;
    }
    if (erased > 0) log.info({ conversations: erased, idleDays }, "old conversations were erased");
  } catch (error) {
    log.warn({ err: error }, "old conversations are not erased yet");
  }
}
