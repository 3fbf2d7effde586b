import { cursor } from "./conversation.ts";
import { z } from "zod";
import { handling, notice } from "./handling.ts";
import { jobStatus, jobView } from "./job.ts";
import { isVisible } from "./text/visible.ts";

/** Limits of one submission that operators do not need to change. */
const maxHistoryItems = 50;
export const maxMetadataBytes = 2048;
/** Maximum code points of one earlier message. */
const maxHistoryChars = 20_000;

/** Text that PostgreSQL and UTF-8 can store: no U+0000, no unpaired surrogate. */
export const storable = z
  .string()
  .refine((text) => !text.includes("\0"), "must not contain U+0000")
  .refine((text) => text.isWellFormed(), "must not contain lone surrogates");

/** Trimmed text of at most `max` code points. */
export function cleanText(max: number) {
  return storable
    .transform((text) => text.trim())
    .refine((text) => codePoints(text, max) <= max, `must have at most ${max} characters`);
}

/** Text with visible characters: an empty or invisible message would cost a call and say nothing. */
export function messageText(max: number) {
  return cleanText(max).refine(isVisible, {
    error: ({ input }) => (input === "" ? "must not be empty" : "must not be empty: no character of it is visible"),
  });
}

/**
 * Refuses a value by its size before its items are validated: zod would check and report each of them.
 * @param isTooLarge only called for values of the expected type; `schema` refuses all others
 */
function sized<Schema extends z.ZodType>(schema: Schema, isTooLarge: (value: object) => boolean, message: string) {
  return z.preprocess((value, context) => {
    if (typeof value === "object" && value !== null && isTooLarge(value)) {
      context.addIssue({ code: "custom", message });
    }
    return value;
  }, schema);
}

const historyItem = (max: number) =>
  z.strictObject({
    // A reply may be longer than a message; the body has a separate limit.
    text: messageText(Math.max(max, maxHistoryChars)),
    sender: z.enum(["user", "ai"]),
    timestamp: z.int().min(0).max(8_640_000_000_000_000).meta({ description: "Unix milliseconds" }),
  });

const history = (max: number) =>
  sized(
    z.array(historyItem(max)).max(maxHistoryItems),
    (value) => Array.isArray(value) && value.length > maxHistoryItems,
    `must have at most ${maxHistoryItems} messages`,
  );

const metadataTooLarge = `must have at most ${maxMetadataBytes} bytes as JSON`;
/** Maximum entries: each takes six bytes of JSON or more: `"":"",`. */
const maxMetadataEntries = Math.ceil(maxMetadataBytes / 6);

const metadata = sized(
  z
    .record(storable.max(64), storable.max(1024))
    .refine((value) => new TextEncoder().encode(JSON.stringify(value)).length <= maxMetadataBytes, metadataTooLarge),
  (value) => Object.keys(value).length > maxMetadataEntries,
  metadataTooLarge,
);

/** An id in lower case. Ids are compared as text, so each needs one spelling. */
export const id = z.uuid("must be a UUID").transform((text) => text.toLowerCase());

/** The `Idempotency-Key` header. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 visible ASCII characters")
  .optional()
  .meta({
    description:
      "The same key in the same conversation answers with the same job, for 24 hours. On a first message it must be a " +
      "version-4 UUID, since it alone finds the conversation and its token again",
  });

/** The body of `POST /api/chat`, for a service whose messages have at most `maxMessageChars` code points. */
export function submitRequest(maxMessageChars: number) {
  return z
    .object({
      message: messageText(maxMessageChars).meta({
        description: `1 to ${maxMessageChars} characters (code points) after trimming`,
      }),
      conversationId: id.optional().meta({ description: "Absent: a new conversation begins" }),
      sessionId: id.optional().meta({ description: "Another name of conversationId" }),
      assistantType: storable
        .max(100)
        .optional()
        .meta({ description: "From this message on; one of `/api/assistants`" }),
      provider: storable.max(100).optional().meta({
        description: "In place of the assistant's own, from this message on; one of `/api/providers`",
      }),
      threadId: storable.min(1).max(255).optional().meta({
        description: "New conversations only: a thread at the provider to go on with, where the service allows it",
      }),
      history: history(maxMessageChars).optional().meta({
        description: "New conversations only: what was said elsewhere before, in its order",
      }),
      replaces: id.optional().meta({
        description:
          "Existing conversations only: the visitor's own message that this one stands for from now on, edited or repeated. " +
          "Prompts leave it out, and its reply",
      }),
      metadata: metadata.optional().meta({
        description: `Kept with the conversation, in place of what was; at most ${maxMetadataBytes} bytes as JSON`,
      }),
    })
    .refine((body) => !body.conversationId || !body.sessionId || body.conversationId === body.sessionId, {
      path: ["sessionId"],
      message: "must equal conversationId: both name the same conversation",
    })
    .refine((body) => !body.history || !(body.conversationId ?? body.sessionId), {
      path: ["history"],
      message: "is allowed for new conversations only",
    })
    .refine((body) => !body.threadId || !(body.conversationId ?? body.sessionId), {
      path: ["threadId"],
      message: "is allowed for new conversations only",
    })
    .refine((body) => !body.replaces || (body.conversationId ?? body.sessionId), {
      path: ["replaces"],
      message: "is allowed in an existing conversation only",
    })
    .refine((body) => !body.threadId || !body.history, {
      path: ["history"],
      message: "cannot be combined with threadId: the thread already holds the history",
    })
    .meta({ id: "SubmitRequest" });
}

export type SubmitRequest = z.output<ReturnType<typeof submitRequest>>;

export const submitResponse = z
  .object({
    jobId: z.uuid(),
    status: jobStatus,
    conversationId: z.uuid(),
    sessionId: z.uuid(),
    messageId: z.uuid(),
    token: z.string(),
    cursor,
    ...handling.shape,
    links: z.object({ job: z.string(), events: z.string(), conversation: z.string() }),
  })
  .meta({ id: "SubmitResponse" });

export type SubmitResponse = z.output<typeof submitResponse>;

/** The answer to a request that waited, when the job ended in time: with the reply, or with an error. */
export const submitAnswer = submitResponse
  .extend({
    message: z.string().nullable().optional().meta({ description: "The reply; null while people answer" }),
    reply: z.string().nullable().optional().meta({ description: "The same" }),
    sources: jobView.shape.reply.unwrap().shape.sources.optional(),
    notice: notice.optional().meta({ description: "What to tell the visitor in place of a reply" }),
    provider: jobView.shape.provider,
    assistantId: jobView.shape.assistantId,
    threadId: jobView.shape.threadId,
    error: jobView.shape.error,
  })
  .meta({ id: "SubmitAnswer" });

export type SubmitAnswer = z.output<typeof submitAnswer>;

/** Counts code points, but not far beyond `enough`: the exact count does not matter then. */
function codePoints(text: string, enough: number): number {
  if (text.length <= enough) return text.length;
  let count = 0;
  for (const _ of text) if (++count > enough) break;
  return count;
}
