import type { MessageStep } from "../../../../shared/db/conversations/ui-messages.ts";
import type { FinishReason, JobView } from "../../../../shared/protocol/job.ts";
import type { MessageView } from "../../../../shared/protocol/conversation.ts";
import type { OperatorName } from "../../../../shared/db/conversations/conversations.ts";
import type { HandledBy } from "../../../../shared/protocol/handling.ts";
import type { ApiContext } from "../../api-context.ts";
import { readOwnerHere } from "../../access/access.ts";
import { endOfStep, openStep, type StreamReader, type StepContext, StepText } from "./step-chunks.ts";
import { type HandlingData, type ParleyData, type StreamEnd, streamEnd, type UiChunk } from "./ui-chunk.ts";

type MessageContext = StepContext & Pick<ApiContext, "handling" | "siteId">;

interface Voice {
  handledBy: HandledBy;
  operator: OperatorName | null;
}

interface NewUiMessage extends Voice {
  /** Id of the message in the client; the same each time that it is sent. */
  id: string;
  parley: ParleyData;
  /** Jobs whose replies are the message, in their order. */
  steps: readonly MessageStep[];
  /** True if the stream ends with it. */
  isLast?: boolean;
}

/**
 * Yields a message from its start until its last job has ended.
 * @returns false if the message has not ended
 */
export async function* messageChunks(
  context: MessageContext,
  { id, parley, steps, isLast, ...voice }: NewUiMessage,
  reader: StreamReader,
): AsyncGenerator<UiChunk | StreamEnd, boolean> {
  const { conversationId } = parley;
  yield { type: "start", messageId: id };
  yield parleyChunk(parley);
  // Before the first step, so that no `reset-step` drops them.
  yield await handlingChunk(context, conversationId, voice);
  let last: JobView | undefined;
  for (const step of steps) {
    last = undefined;
    const events = await openStep(context, step, reader);
    const text = new StepText();
    yield { type: "start-step" };
    // No generator of its own: each level of them costs as much as a delta.
    for await (const event of events ?? []) {
      for (const chunk of text.pass(event)) yield chunk;
      if (event.event === "done" || event.event === "failed" || event.event === "cancelled") last = event.data;
    }
    if (!last) return false;
    for (const chunk of await endOfStep(context, step, last)) yield chunk;
  }
  if (last) {
    const now = await readOwnerHere(context, conversationId);
    if (now && isOther(now, voice)) yield await handlingChunk(context, conversationId, now);
    yield parleyChunk({ ...parley, jobId: last.jobId, ...describeReply(last) });
    if (last.error && !isCut(last)) yield { type: "error", errorText: last.error.message };
  }
  yield { type: "finish", finishReason: last ? reasonOf(last) : "other" };
  if (isLast) yield streamEnd;
  return true;
}

/** Yields a person's message. */
export async function* personChunks(
  context: MessageContext,
  { id, text }: Pick<MessageView, "id" | "text">,
  { parley, ...voice }: Voice & { parley: ParleyData },
): AsyncGenerator<UiChunk> {
  yield { type: "start", messageId: id };
  yield parleyChunk(parley);
  yield await handlingChunk(context, parley.conversationId, voice);
  yield { type: "start-step" };
  yield { type: "text-start", id };
  yield { type: "text-delta", id, delta: text };
  yield { type: "text-end", id };
  yield { type: "finish-step" };
  yield { type: "finish", finishReason: "stop" };
}

// A part with a known id takes the place of the one before.
function parleyChunk(data: ParleyData): UiChunk {
  return { type: "data-parley", id: "parley", data };
}

async function handlingChunk({ handling }: MessageContext, conversationId: string, voice: Voice): Promise<UiChunk> {
  const notice = await handling.insteadOfReply(conversationId, voice);
  const data: HandlingData = { ...(await handling.describe(conversationId, voice)), ...(notice && { notice }) };
  return { type: "data-handling", id: "handling", data };
}

function isOther(now: Voice, before: Voice): boolean {
  return now.handledBy !== before.handledBy || now.operator?.name !== before.operator?.name;
}

function describeReply({ reply }: JobView): Pick<ParleyData, "reply"> {
  if (!reply) return {};
  const { id, timestamp, fallback, finishReason, sources } = reply;
  return { reply: { id, timestamp, fallback, finishReason, sources } };
}

/** True if the visitor or a person ended it: what was written is kept, and nothing failed. */
function isCut({ error }: JobView): boolean {
  return error?.code === "cancelled" || error?.code === "taken_over";
}

const reasons = {
  stop: "stop",
  length: "length",
  refusal: "content-filter",
  content_filter: "content-filter",
  cancelled: "interrupted",
  taken_over: "interrupted",
} as const satisfies Record<FinishReason, string>;

function reasonOf(job: JobView): (UiChunk & { type: "finish" })["finishReason"] {
  if (job.error) return isCut(job) ? "interrupted" : "error";
  if (job.actions?.some(({ state }) => state === "waiting")) return "tool-calls";
  return job.reply ? reasons[job.reply.finishReason] : "other";
}
