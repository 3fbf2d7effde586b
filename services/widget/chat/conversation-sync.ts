import type { JobView } from "../../../shared/protocol/job.ts";
import type { CallOptions, ConversationAccess } from "../client/client.ts";
import { ServiceError } from "../client/service-error.ts";
import { endOf, fromHistory, hasUnansweredAfter, isOpen, merge, withChange, withReply } from "./items.ts";
import type { OpenReply, ReplyItem } from "./items.ts";
import type { Room, Session } from "./chat-store.ts";
import { leave } from "./tab-sync.ts";

/** Reads the service's copy of the conversation, and the jobs of messages without a reply. */
export async function look(room: Room): Promise<void> {
  const { session } = room;
  session.lookAgain = true;
  if (!session.access) return;
  await once(session, "look", async () => {
    while (session.lookAgain) {
      session.lookAgain = false;
      await read(room, session);
      session.lookedAt = room.surroundings.now();
    }
    room.ready = true;
    room.save();
    room.changed();
    room.work();
  });
}

async function read(room: Room, session: Session): Promise<void> {
  const before = new Set(session.items.map(({ key }) => key));
  // In this order, a reply stored between the two reads is seen twice. In the other order, it would be missed.
  const view = await ask(room, session, (access, options) => room.client.conversation(access, options));
  const history = view && (await ask(room, session, (access, options) => room.client.history(access, options)));
  if (!history) return;
  const page = history.messages.map(fromHistory);
  session.items = merge(session.items, page, before);
  if (session.items[0]?.id === page[0]?.id) session.hasOlder = history.nextBefore !== undefined;
  const jobId = view.activeJobId;
  if (!jobId || session.items.some(({ key }) => key === jobId)) return;
  // This message was known only to the service.
  const job = await ask(room, session, ({ token }, options) => room.client.job({ jobId, token }, options));
  if (job?.finishedAt !== undefined) session.lookAgain = true;
  else if (job) session.items = withReply(session.items, job.messageId, { jobId, timestamp: room.surroundings.now() });
}

/** Follows the replies that have not ended, one at a time, as they are written. */
export async function watch(room: Room): Promise<void> {
  const { session } = room;
  await once(session, "follow", async () => {
    for (let reply; !session.end.signal.aborted && (reply = session.items.find(isOpen));) {
      await follow(room, session, reply);
    }
  });
}

async function follow(room: Room, session: Session, { key, jobId, text, at }: OpenReply): Promise<void> {
  const { access, end } = session;
  const from = at === undefined ? undefined : { text, id: at };
  const options = { from, signal: end.signal, quiet: () => !room.surroundings.visible() };
  const change = (changes: Partial<ReplyItem>) => {
    // Another tab may have reported the reply's end.
    if (!session.items.some((item) => isOpen(item) && item.key === key)) return;
    session.items = withChange(session.items, key, changes);
    room.changed();
  };
  let soFar = from?.text ?? "";
  try {
    for await (const progress of room.client.follow({ jobId, token: access?.token }, options)) {
      if (progress.type === "trouble") {
        room.trouble("read", progress.error, progress.failures, progress.pauseMs);
        continue;
      }
      room.well("read");
      if ("job" in progress) {
        if (access && progress.job.error?.code === "deleted") return leave(room, access);
        change(endOf(progress.job));
        finish(room, session, progress.job);
      } else if (progress.type === "status") {
        change({ phase: progress.status === "queued" ? "queued" : "writing", position: progress.position });
      } else {
        soFar = progress.type === "delta" ? soFar + progress.text : "";
        change({ text: soFar, at: progress.type === "delta" ? progress.id : undefined });
        room.saveSoon();
      }
    }
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (access && error.gone) leave(room, access);
    else change({ jobId: undefined, phase: "failed", failure: error.words });
  }
}

function finish(room: Room, session: Session, { jobId, messageId, createdAt }: JobView): void {
  // The client's clock may be wrong, so the service's time replaces it.
  session.items = withChange(session.items, messageId, { timestamp: Date.parse(createdAt) });
  // Another client has sent more messages meanwhile.
  if (hasUnansweredAfter(session.items, jobId)) session.lookedAt = undefined;
  room.save();
  room.tell();
  if (room.waitsForReply) room.pauses.wake();
  room.work();
}

/** Asks the service to stop the oldest reply that has not ended. */
export async function stop(room: Room): Promise<void> {
  const { session } = room;
  const jobId = session.items.find(isOpen)?.jobId;
  if (!jobId) return;
  await ask(room, session, ({ token }, options) => room.client.cancel({ jobId, token }, options));
  // The stream's events, or the next poll, report the reply's end.
  room.client.wake();
}

/** Fetches the page before the oldest message. */
export async function readOlder(room: Room): Promise<void> {
  const { session } = room;
  const before = session.items[0]?.id;
  if (!before || !session.hasOlder) return;
  await once(session, "older", async () => {
    const page = await ask(room, session, (access, options) => room.client.history(access, { before, ...options }));
    if (!page) return;
    session.items = [...page.messages.map(fromHistory), ...session.items];
    session.hasOlder = page.nextBefore !== undefined;
    room.changed();
  });
}

/**
 * Asks something about the conversation until there is an answer.
 * @returns `undefined` if there is none: the conversation was left, or the error is permanent
 */
async function ask<T>(
  room: Room,
  session: Session,
  call: (access: ConversationAccess, options: CallOptions) => Promise<T>,
): Promise<T | undefined> {
  const { access, end } = session;
  const { signal } = end;
  if (!access) return undefined;
  try {
    return await room.patiently("read", signal, () => call(access, { signal }));
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    if (error.gone) leave(room, access);
    // The conversation was not left: another tab had a newer token.
    if (error.gone && !signal.aborted) session.lookAgain = true;
    return undefined;
  }
}

async function once(session: Session, what: "look" | "follow" | "older", act: () => Promise<void>): Promise<void> {
  if (session.busy.has(what)) return;
  session.busy.add(what);
  try {
    await act();
  } finally {
    session.busy.delete(what);
  }
}
