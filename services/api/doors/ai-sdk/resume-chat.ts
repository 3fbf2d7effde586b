import { readConversation } from "../../../../shared/db/conversations/conversations.ts";
import { readMessageSteps } from "../../../../shared/db/conversations/ui-messages.ts";
import { readJob } from "../../../../shared/db/jobs/read-job.ts";
import { cursorOf } from "../../../../shared/events/cursor.ts";
import { LinkedAbort } from "../../../../shared/async/linked-abort.ts";
import type { MessageView } from "../../../../shared/protocol/conversation.ts";
import { id as uuid } from "../../../../shared/protocol/submit.ts";
import { maxWaitSeconds } from "../../../../shared/tunables.ts";
import type { OpenedConversation } from "../../access/access.ts";
import type { ApiContext } from "../../api-context.ts";
import { followConversation } from "../../follow/follow-conversation.ts";
import { messageChunks, personChunks } from "./message-chunks.ts";
import type { StreamReader } from "./step-chunks.ts";
import { type StreamEnd, streamEnd, type UiChunk } from "./ui-chunk.ts";

/** A client's place in a chat. */
interface Resumed {
  /** Message that it has in part. */
  messageId?: string | undefined;
  /** Cursor since which it has heard of no message of a person. */
  after?: string | undefined;
}

/** Message to be sent: one that is being written, or one of a person. */
type Due = { jobId: string } | { message: MessageView; cursor: string };

/**
 * Finds what a client lacks of a chat: messages of people since its cursor, the message that it has in part, and those
 * that are being written. If there is nothing, and people have the conversation, it waits for their next message.
 * @param signal ends the wait
 */
export async function findDue(
  context: ApiContext,
  chat: OpenedConversation,
  { messageId, after }: Resumed,
  signal: AbortSignal,
): Promise<Due[]> {
  const due: Due[] = [];
  const partial = messageId === undefined ? undefined : await findPartial(context, chat, messageId);
  if (partial !== undefined) due.push({ jobId: partial });
  if (after !== undefined) due.push(...(await readPeople(context, chat, after)));
  const conversation = await readConversation(context.db.pool, chat.id);
  due.push(...(conversation?.openJobs ?? []).filter((jobId) => jobId !== partial).map((jobId) => ({ jobId })));
  if (due.length > 0 || chat.handledBy === "ai") return due;
  using wait = new LinkedAbort(signal, context.watch.waitsEnded);
  wait.abortAfter(maxWaitSeconds * 1000);
  const next = await nextFromPeople(context, chat, wait.signal);
  return next ? [next] : [];
}

/** Yields what a client has to be sent, each message from its start. */
export async function* resumeChunks(
  context: ApiContext,
  { chat, due, token, after }: { chat: OpenedConversation; due: readonly Due[]; token: string } & Resumed,
  reader: StreamReader,
): AsyncGenerator<UiChunk | StreamEnd> {
  const { id: conversationId, handledBy, operator, eventSeq } = chat;
  const sent = new Set<string>();
  // No further than what was sent: a stream may break off before the next message of a person.
  let cursor = after ?? cursorOf(conversationId, eventSeq);
  for (const each of due) {
    if ("message" in each) {
      ({ cursor } = each);
      const parley = { conversationId, token, cursor };
      yield* personChunks(context, each.message, { parley, handledBy, operator });
      continue;
    }
    const steps = await readMessageSteps(context.db.pool, each.jobId);
    const [first] = steps;
    // A job that belongs to a message which was sent already, or whose conversation was deleted.
    if (!first || sent.has(first.id)) continue;
    sent.add(first.id);
    const parley = { conversationId, token, cursor };
    const ended = yield* messageChunks(context, { id: first.id, parley, steps, handledBy, operator }, reader);
    if (!ended) return;
  }
  yield streamEnd;
}

async function findPartial({ db }: ApiContext, chat: OpenedConversation, messageId: string) {
  const parsed = uuid.safeParse(messageId);
  const job = parsed.success ? await readJob(db.pool, parsed.data) : undefined;
  return job?.conversationId === chat.id ? job.id : undefined;
}

/** Reads messages of people after a cursor, without waiting for more. */
async function readPeople(context: ApiContext, chat: OpenedConversation, after: string): Promise<Due[]> {
  const found: Due[] = [];
  for await (const event of followConversation(context, { ...followed(chat), after, signal: AbortSignal.abort() })) {
    if (event.event !== "message" || event.data.sender !== "operator" || event.id === undefined) continue;
    found.push({ message: event.data, cursor: event.id });
  }
  return found;
}

/** Waits for a message of a person, or for a job of the AI that has the conversation again. */
async function nextFromPeople(
  context: ApiContext,
  chat: OpenedConversation,
  signal: AbortSignal,
): Promise<Due | undefined> {
  // From the row that was read: its conversation may have moved on since.
  const after = cursorOf(chat.id, chat.eventSeq);
  for await (const event of followConversation(context, { ...followed(chat), after, signal })) {
    if (event.event === "deleted") return undefined;
    if (event.event === "job" && event.data.status === "queued") return { jobId: event.data.jobId };
    if (event.event !== "message" || event.data.sender !== "operator" || event.id === undefined) continue;
    return { message: event.data, cursor: event.id };
  }
  return undefined;
}

function followed({ id: conversationId, eventSeq, handledBy, operator }: OpenedConversation) {
  return { conversationId, eventSeq, handledBy, operator };
}
