import { z } from "zod";
import { actionState } from "./actions/action-card.ts";
import { rating, sender } from "./conversation.ts";
import { feedbackReason } from "./feedback.ts";
import { handledBy, operatorView } from "./handling.ts";
import { finishReason, jobErrorCode, jobStatus } from "./job.ts";
import { exportedStretchRating } from "./people/stretch-rating.ts";
import { replySource } from "./knowledge/reply-source.ts";

const time = z.iso.datetime();
const count = z.int().nullable();

export const exportedMessage = z
  .object({
    id: z.uuid(),
    turn: z.int(),
    sender,
    operator: operatorView.nullable().meta({ description: "Author of an operator's message" }),
    text: z.string(),
    createdAt: time,
    imported: z.boolean().meta({ description: "Came with the request, not from this service" }),
    fallback: z.boolean().meta({ description: "Not from the provider that was to answer" }),
    finishReason: finishReason.nullable(),
    replaces: z.uuid().nullable().meta({ description: "The message that this one replaces, with its reply" }),
    sources: z.array(replySource).nullable().meta({ description: "Passages that a reply rests on; null for others" }),
    feedback: z
      .object({ rating, reason: feedbackReason.nullable(), comment: z.string().nullable(), ratedAt: time })
      .nullable(),
  })
  .meta({ id: "ExportedMessage" });
export type ExportedMessage = z.output<typeof exportedMessage>;

const run = z.object({
  claimedAt: time,
  firstDeltaMs: count,
  endedAt: time.nullable(),
  outcome: z.string().nullable(),
});

const call = z.object({
  provider: z.string(),
  model: z.string(),
  begunAt: time,
  settledAt: time.nullable(),
  outcome: z.string().nullable(),
  inputTokens: count,
  cachedInputTokens: count,
  cacheWriteTokens: count,
  outputTokens: count,
  estimated: z.boolean(),
  costUsd: z.number().nullable(),
});

export const exportedJob = z
  .object({
    id: z.uuid(),
    turn: z.int(),
    messageId: z.uuid(),
    replyId: z.uuid().nullable(),
    status: jobStatus,
    attempt: z.int(),
    assistantType: z.string(),
    providerAsked: z.string().nullable().meta({ description: "In place of the assistant's own" }),
    provider: z.string().nullable(),
    model: z.string().nullable(),
    error: jobErrorCode.nullable(),
    handledBy: handledBy.nullable().meta({ description: "Who answers instead of the AI; the job has no reply" }),
    inputTokens: count,
    outputTokens: count,
    costUsd: z.number().nullable(),
    requestId: z.string().nullable(),
    createdAt: time,
    startedAt: time.nullable(),
    finishedAt: time.nullable(),
    runs: z.array(run).meta({ description: "Each time a worker took it" }),
    calls: z.array(call).meta({ description: "To providers" }),
  })
  .meta({ id: "ExportedJob" });
export type ExportedJob = z.output<typeof exportedJob>;

const exportedAction = z
  .object({
    id: z.uuid(),
    tool: z.string(),
    arguments: z.record(z.string(), z.unknown()).nullable(),
    title: z.string().nullable(),
    lines: z.array(z.object({ label: z.string(), value: z.string() })).nullable(),
    state: actionState,
    result: z.string().nullable(),
    proposedAt: time,
    answeredAt: time.nullable(),
    sentAt: time.nullable(),
    endedAt: time.nullable(),
  })
  .meta({ id: "ExportedAction" });

export const exportedConversation = z
  .object({
    id: z.uuid(),
    assistantType: z.string(),
    provider: z.string().nullable(),
    metadata: z.record(z.string(), z.string()),
    thread: z
      .object({ provider: z.string(), id: z.string(), adopted: z.boolean() })
      .nullable()
      .meta({ description: "What a provider keeps of it itself" }),
    verifiedVisitor: z.boolean().meta({ description: "It belongs to somebody the embedding site knows" }),
    handledBy,
    email: z.string().nullable().meta({ description: "Address that the visitor has left, to be told of an answer" }),
    stretchRatings: z
      .array(exportedStretchRating)
      .meta({ description: "How it went with people, as the visitor said" }),
    actions: z.array(exportedAction).meta({ description: "What the assistant proposed to do, and what became of it" }),
    messageCount: z.int(),
    createdAt: time,
    updatedAt: time,
  })
  .meta({ id: "ExportedConversation" });
export type ExportedConversation = z.output<typeof exportedConversation>;

/** `GET /api/conversations/:id/export`, as JSON. */
export const conversationExport = z
  .object({
    exportedAt: time,
    conversation: exportedConversation,
    messages: z.array(exportedMessage),
    jobs: z.array(exportedJob),
  })
  .meta({ id: "ConversationExport" });
