import { z } from "zod";
import { actionCard } from "./actions/action-card.ts";
import { handling, operatorView } from "./handling.ts";
import { finishReason } from "./job.ts";
import { replySource } from "./knowledge/reply-source.ts";
import { pageLimit } from "./page-limit.ts";

const maxHistoryPage = 200;
export const defaultHistoryPage = 50;

export const sender = z.enum(["user", "ai", "operator"]);
export type Sender = z.output<typeof sender>;

/** Front end in which a conversation was begun. */
export const channel = z.enum(["widget", "api", "ai-sdk", "mcp"]);
export type ConversationChannel = z.output<typeof channel>;

/** Place in a conversation's events, to go on from; see `GET /api/conversations/:id/events`. */
export const cursor = z.string().meta({ description: "Pass it to the conversation's event stream as `after`" });

/** A visitor's rating of a reply. */
export const rating = z.enum(["up", "down"]);
export type Rating = z.output<typeof rating>;

export const message = z
  .object({
    id: z.uuid(),
    text: z.string(),
    sender,
    operator: operatorView.optional().meta({ description: "Author of an operator's message" }),
    timestamp: z.int().meta({ description: "Unix milliseconds" }),
    imported: z.literal(true).optional().meta({ description: "Came with the request, not from this service" }),
    rating: rating.optional().meta({ description: "What the visitor thinks of it" }),
    finishReason: finishReason.optional().meta({ description: "Why the reply ended; `cancelled`: it was stopped" }),
    replaces: z.uuid().optional().meta({ description: "The visitor's message that this one replaces, with its reply" }),
    fallback: z
      .literal(true)
      .optional()
      .meta({ description: "No provider's: a preset, or sentences of the site's own pages" }),
    sources: z
      .array(replySource)
      .optional()
      .meta({ description: "Of the AI's own replies: passages that the reply rests on, sorted by `end`" }),
  })
  .meta({ id: "Message" });
export type MessageView = z.output<typeof message>;

export const history = z
  .object({
    sessionId: z.uuid(),
    messages: z.array(message),
    cursor,
    ...handling.shape,
    actions: z.array(actionCard).optional().meta({ description: "Newest actions proposed in it, oldest first" }),
    nextBefore: z.uuid().optional().meta({ description: "There are older ones: pass it as `before`" }),
  })
  .meta({ id: "History" });
export type HistoryView = z.output<typeof history>;

export const historyQuery = z.object({
  limit: pageLimit(maxHistoryPage, defaultHistoryPage),
  before: z.uuid("must be a message id").optional(),
});

export const conversation = z
  .object({
    id: z.uuid(),
    sessionId: z.uuid(),
    assistantType: z.string(),
    provider: z.string(),
    threadId: z.string().nullable(),
    createdAt: z.iso.datetime(),
    updatedAt: z.iso.datetime(),
    messageCount: z.int(),
    activeJobId: z.uuid().nullable(),
    metadata: z.record(z.string(), z.string()),
    cursor,
    ...handling.shape,
    messages: z.array(message),
    actions: z.array(actionCard).optional().meta({ description: "Newest actions proposed in it, oldest first" }),
  })
  .meta({ id: "Conversation" });
export type ConversationView = z.output<typeof conversation>;
