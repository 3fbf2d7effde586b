import { readCard, readCards } from "../../../shared/db/actions/cards.ts";
import { readMessage, readMessagesFrom } from "../../../shared/db/conversations/conversations.ts";
import type { OperatorName } from "../../../shared/db/conversations/conversations.ts";
import type { Database } from "../../../shared/db/database.ts";
import { cursorOf, seqOf } from "../../../shared/events/cursor.ts";
import type { EventTail } from "../../../shared/events/event-tail.ts";
import { eventsAPage, type LoggedEvent, readLog } from "../../../shared/events/read.ts";
import { type ConversationEvent, endEventId } from "../../../shared/protocol/events.ts";
import type { HandledBy } from "../../../shared/protocol/handling.ts";
import { toMessageView } from "../history/message-view.ts";
import type { HandlingView } from "../voices/handling-view.ts";
import { EventInbox } from "./event-inbox.ts";
import type { TypingHints } from "./typing-hints.ts";
import type { WaitingPlaces } from "./waiting-places.ts";

interface Sources {
  db: Pick<Database, "pool">;
  events: Pick<EventTail, "listen">;
  handling: HandlingView;
  typing: Pick<TypingHints, "listen">;
  places: Pick<WaitingPlaces, "listen">;
}

interface Follow {
  conversationId: string;
  /** `seq` of its newest event, and who answers, as its row was just read. */
  eventSeq: number;
  handledBy: HandledBy;
  operator: OperatorName | null;
  /** See `ConversationOwner`. */
  stretch?: number;
  /** Cursor of the client; "0": all messages first; absent: from now. */
  after: string | undefined;
  /** Ends it: the client is gone. */
  signal: AbortSignal;
}

/**
 * Yields what follows the client's place in a conversation, until it is deleted. The log owns the truth: the tail only
 * delivers it sooner, and what it does not deliver in order is read from the log.
 */
export async function* followConversation(sources: Sources, follow: Follow): AsyncGenerator<ConversationEvent> {
  const { conversationId, eventSeq, after, signal } = follow;
  const { pool } = sources.db;
  // Listen before the log is read: an event falls into the one or the other, or into both.
  using inbox = new EventInbox(sources, conversationId, signal);
  let { handledBy } = follow;
  let seq = eventSeq;
  if (after === "0") yield* everything(sources, follow);
  else if (after !== undefined) seq = seqOf(after, conversationId) ?? -1;
  let events: LoggedEvent[] = seq < 0 || seq > eventSeq ? [] : await readLog(pool, conversationId, seq);
  // The log misses what followed the cursor, or never had it.
  if (seq !== eventSeq && !isNext(events, seq)) {
    seq = eventSeq;
    yield resyncEvent(conversationId, seq);
    events = await readLog(pool, conversationId, seq);
  }
  for (;;) {
    for (const event of events) {
      if (event.seq <= seq) continue;
      yield* toEvents(sources, event);
      if (event.kind === "deleted") return;
      seq = event.seq;
      if (event.kind === "handling") handledBy = event.handledBy ?? handledBy;
    }
    inbox.setWaiting(handledBy === "waiting");
    const name = inbox.takeTyping();
    if (name !== undefined) yield { event: "typing", data: { by: "operator", name } };
    const place = inbox.takePlace();
    if (place) yield { event: "position", data: place };
    const more = events.length === eventsAPage ? "behind" : await inbox.take(seq);
    if (more === undefined) return;
    events = more === "behind" ? await readLog(pool, conversationId, seq) : more;
  }
}

/** True if the log goes on right after a place, or ends with the conversation. */
function isNext(events: readonly LoggedEvent[], seq: number): boolean {
  return events[0]?.seq === seq + 1 || events.some(({ kind }) => kind === "deleted");
}

/**
 * Yields all messages, then the actions, then who answers. Only the last event has an id: a client that loses its connection before it
 * gets everything again. What was accepted since the row was read is in the log, too, and may come twice.
 */
async function* everything({ db, handling }: Sources, follow: Follow): AsyncGenerator<ConversationEvent> {
  const { conversationId, eventSeq: seq } = follow;
  let last: { turn: number; sender: string } | undefined;
  do {
    const messages = await readMessagesFrom(db.pool, conversationId, last);
    for (const row of messages) {
      yield { event: "message", data: { ...toMessageView(row), seq, at: new Date(row.createdAt).toISOString() } };
    }
    last = messages.at(-1);
  } while (last);
  const at = new Date().toISOString();
  for (const card of await readCards(db.pool, conversationId)) yield { event: "action", data: { ...card, seq, at } };
  const who = await handling.describe(conversationId, follow);
  yield { event: "handling", data: { ...who, seq, at }, id: cursorOf(conversationId, seq) };
}

function resyncEvent(conversationId: string, seq: number): ConversationEvent {
  const cursor = cursorOf(conversationId, seq);
  return { event: "resync", data: { cursor, seq, at: new Date().toISOString() }, id: cursor };
}

/** Formats an event of the log; none for a message that was erased, and for kinds of a later version. */
async function* toEvents(
  { db, handling }: Sources,
  { conversationId, seq, kind, messageId, jobId, status, actionId, at, ...voice }: LoggedEvent,
): AsyncGenerator<ConversationEvent> {
  const place = { seq, at: at.toISOString() };
  const id = cursorOf(conversationId, seq);
  if (kind === "deleted") yield { event: "deleted", data: place, id: endEventId };
  if (kind === "job" && jobId !== null && status !== null) {
    const { handledBy } = voice;
    yield { event: "job", data: { jobId, status, ...(handledBy && { handledBy }), ...place }, id };
  }
  if (kind === "handling" && voice.handledBy !== null) {
    const { handledBy } = voice;
    const change = await handling.describeChange({ ...voice, conversationId, handledBy });
    yield { event: "handling", data: { ...change, ...place }, id };
  }
  if (kind === "action" && actionId !== null) {
    const found = await readCard(db.pool, actionId);
    if (found?.card) yield { event: "action", data: { ...found.card, ...place }, id };
  }
  if (kind !== "message" || messageId === null) return;
  const row = await readMessage(db.pool, messageId);
  if (row) yield { event: "message", data: { ...toMessageView(row), ...place }, id };
}
