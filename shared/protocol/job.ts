import { z } from "zod";
import { actionCard } from "./actions/action-card.ts";
import { handledBy } from "./handling.ts";
import { replySource } from "./knowledge/reply-source.ts";

export const jobStatus = z.enum(["queued", "active", "completed", "failed", "cancelled"]);
export type JobStatus = z.output<typeof jobStatus>;

/**
 * Reason a reply ended. `cancelled`: the visitor stopped it, `taken_over`: a person took over; the text so far was kept.
 */
export const finishReason = z.enum(["stop", "length", "refusal", "content_filter", "cancelled", "taken_over"]);
export type FinishReason = z.output<typeof finishReason>;

/** Reasons a job ended without a complete reply; the messages are fit for a visitor. */
export const jobErrors = {
  provider_unavailable: "The assistant could not be reached. Please try again.",
  provider_rejected: "The assistant could not answer this message.",
  deadline: "The answer took too long. Please try again.",
  workers_died: "Something went wrong while the answer was written. Please try again.",
  cancelled: "The answer was stopped.",
  deleted: "The conversation was deleted.",
  taken_over: "A person has taken over this conversation.",
} as const;
export type JobErrorCode = keyof typeof jobErrors;

export const jobErrorCode = z.enum(Object.keys(jobErrors) as [JobErrorCode, ...JobErrorCode[]]);

const jobError = z.object({ code: jobErrorCode, message: z.string() }).meta({ id: "JobError" });

const usage = z
  .object({ inputTokens: z.int(), outputTokens: z.int(), costUsd: z.number().nullable() })
  .meta({ id: "Usage" });

const reply = z
  .object({
    id: z.uuid(),
    text: z.string(),
    sender: z.literal("ai"),
    timestamp: z.int().meta({ description: "Unix milliseconds" }),
    fallback: z.boolean(),
    finishReason,
    sources: z.array(replySource).meta({ description: "Passages that it rests on, sorted by `end`" }),
  })
  .meta({ id: "Reply" });

const time = z.iso.datetime();

/** Events of a job and their times. */
export const timeline = z
  .object({
    jobId: z.uuid(),
    status: jobStatus,
    traceId: z.string().optional().meta({ description: "Of the message's trace, where traces are on" }),
    events: z.array(
      z.object({
        at: time,
        event: z.enum(["accepted", "queued", "started", "first_delta", "given_back", "stored", "ended"]),
        attempt: z.int().optional(),
      }),
    ),
  })
  .meta({ id: "Timeline" });
export type TimelineView = z.output<typeof timeline>;

/** A job as shown by `GET /api/jobs/:jobId` and the last event of its stream. */
export const jobView = z
  .object({
    jobId: z.uuid(),
    conversationId: z.uuid(),
    messageId: z.uuid(),
    status: jobStatus,
    attempt: z.int(),
    position: z.int().optional().meta({ description: "While queued: an estimate of how many are ahead" }),
    partial: z.string().optional().meta({ description: "While active: the text so far" }),
    reply: reply.optional(),
    error: jobError.optional(),
    handledBy: handledBy.optional().meta({ description: "Who answers instead of the AI; the job has no reply" }),
    provider: z.string().optional(),
    assistantId: z.string().optional(),
    threadId: z.string().nullable().optional(),
    usage: usage.optional(),
    actions: z.array(actionCard).optional().meta({ description: "Actions that its reply proposes" }),
    createdAt: time,
    startedAt: time.optional(),
    finishedAt: time.optional(),
  })
  .meta({ id: "Job" });
export type JobView = z.output<typeof jobView>;
