import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { conversation, history, historyQuery } from "../../../shared/protocol/conversation.ts";
import { conversationEventData } from "../../../shared/protocol/events.ts";
import { conversationExport } from "../../../shared/protocol/export.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { feedbackRequest } from "../../../shared/protocol/feedback.ts";
import { stretchRatingRequest } from "../../../shared/protocol/people/stretch-rating.ts";
import { visitorConversations, visitorConversationsQuery } from "../../../shared/protocol/identity.ts";
import { visitorSeenRequest } from "../../../shared/protocol/people/mail.ts";
import * as part from "./parts.ts";

/** Paths to read, rate, export and erase conversations. */
export function conversationPaths(): ZodOpenApiPathsObject {
  return {
    "/api/chat/history/{sessionId}": { get: readHistory },
    "/api/conversations/{id}": { get: readConversation, delete: deleteConversation },
    "/api/conversations/{id}/events": { get: followConversation },
    "/api/conversations/{id}/export": { get: exportConversation },
    "/api/conversations/{id}/stretches/{no}/rating": { post: rateStretch },
    "/api/conversations/{id}/seen": { post: saySeen },
    "/api/conversations/{id}/typing": { post: sayTyping },
    "/api/me/conversations": { get: listConversations },
    "/api/messages/{id}/feedback": { post: rateReply },
  };
}

const readHistory: ZodOpenApiOperationObject = {
  operationId: "readHistory",
  tags: ["Conversations"],
  summary: "Messages of a conversation",
  description: "By turn, oldest first; the newest ones, or those before a message.",
  security: part.withToken,
  requestParams: { path: z.object({ sessionId: part.conversationId }), query: historyQuery },
  responses: { "200": part.json("One page", history), ...part.problems(...part.tokenProblems) },
};

const ofConversation = { path: z.object({ id: part.conversationId }) };

const readConversation: ZodOpenApiOperationObject = {
  operationId: "readConversation",
  tags: ["Conversations"],
  summary: "A conversation and its newest 50 messages",
  security: part.withToken,
  requestParams: ofConversation,
  responses: { "200": part.json("The conversation", conversation), ...part.problems(...part.tokenProblems) },
};

/** The events of a conversation. */
export const conversationStream = z.string().meta({
  description:
    "Server-sent events, each with `seq` and `at`; its id is a cursor. `message`: a message, complete; `job`: one was accepted " +
    "or has ended; `handling`: who answers; `resync`: the cursor cannot be honoured, read the conversation again; `deleted`: " +
    "with the id `end`, after which the response ends. At least once, in order. Heartbeats and `wait` are as on a job's stream",
  ...part.eventsOf(conversationEventData),
  example: 'id: 4-0d6f3a52\nevent: job\ndata: {"jobId":"…","status":"completed","seq":4,"at":"…"}\n\n',
});

const lastId = z.string().optional();
/** Parameters of a conversation's stream that say where to go on. */
export const fromCursor = {
  header: z.object({
    "Last-Event-ID": lastId.meta({ description: "The id of the last event that was read; it goes before the query" }),
  }),
  query: z.object({
    lastEventId: lastId.meta({ description: "The same for clients that cannot send headers" }),
    after: z.string().optional().meta({
      description: "A `cursor`, to go on from there; `0`: all messages first, then `handling`; absent: from now",
    }),
  }),
};

const followConversation: ZodOpenApiOperationObject = {
  operationId: "followConversation",
  tags: ["Conversations"],
  summary: "Follow a conversation as it happens",
  security: part.withTokenOrQuery,
  requestParams: { ...ofConversation, ...fromCursor },
  responses: {
    "200": {
      description: "The stream",
      headers: part.headers(),
      content: { "text/event-stream": { schema: conversationStream } },
    },
    "204": part.empty("The last id is `end`: there is nothing more to come"),
    ...part.problems("invalid-request", "unauthorized", "identity-invalid", "forbidden", "not-found", "internal"),
  },
};

const sayTyping: ZodOpenApiOperationObject = {
  operationId: "sayTyping",
  tags: ["Conversations"],
  summary: "Show a person who answers that the visitor is typing",
  description: "It holds for 6 s, and may be lost. More than one in 3 s changes nothing.",
  security: part.withToken,
  requestParams: ofConversation,
  responses: {
    "204": part.empty("Said, or said just now"),
    ...part.problems(...part.tokenProblems, "origin-not-allowed"),
  },
};

const saySeen: ZodOpenApiOperationObject = {
  operationId: "saySeen",
  tags: ["Conversations"],
  summary: "Note that the visitor has seen the messages up to one",
  description: "No mail tells of an answer that was seen.",
  security: part.withToken,
  requestParams: ofConversation,
  requestBody: { required: true, content: { "application/json": { schema: visitorSeenRequest } } },
  responses: {
    "204": part.empty("Noted"),
    ...part.problems(...part.tokenProblems, "origin-not-allowed", ...part.bodyProblems),
  },
};

const deleteConversation: ZodOpenApiOperationObject = {
  operationId: "deleteConversation",
  tags: ["Conversations"],
  summary: "Erase a conversation",
  description: "Its messages at once; drafts, queue entries and what a provider keeps within two minutes.",
  security: part.withToken,
  requestParams: ofConversation,
  responses: { "204": part.empty("Erased"), ...part.problems(...part.tokenProblems, "origin-not-allowed") },
};

const listConversations: ZodOpenApiOperationObject = {
  operationId: "listConversations",
  tags: ["Conversations"],
  summary: "A verified visitor's conversations",
  description: "Those with the latest news first, from whatever device.",
  security: part.asVisitor,
  requestParams: {
    query: visitorConversationsQuery,
    header: z.object({
      [identityHeader]: z
        .string()
        .optional()
        .meta({
          description: "The credential of this route, for clients that do not fill in security schemes",
          contentMediaType: "application/jwt",
          contentSchema: { $ref: "#/components/schemas/Identity" },
        }),
    }),
  },
  responses: {
    "200": part.json("One page", visitorConversations),
    ...part.problems(
      "invalid-request",
      "identity-required",
      "identity-invalid",
      "rate-limited",
      "internal",
      "unavailable",
    ),
  },
};

const exportConversation: ZodOpenApiOperationObject = {
  operationId: "exportConversation",
  tags: ["Conversations"],
  summary: "All that is stored of a conversation",
  description:
    "As JSON, or with `Accept: text/plain` for people to read. An answer that breaks off is no whole export.",
  security: part.withToken,
  requestParams: ofConversation,
  responses: {
    "200": {
      description: "The conversation, to be saved as a file",
      headers: part.headers(),
      content: { "application/json": { schema: conversationExport }, "text/plain": { schema: z.string() } },
    },
    ...part.problems(...part.tokenProblems),
  },
};

const rateReply: ZodOpenApiOperationObject = {
  operationId: "rateReply",
  tags: ["Conversations"],
  summary: "What the visitor thinks of a reply",
  description: "Replaces what was said of it before.",
  security: part.withToken,
  requestParams: { path: z.object({ id: part.messageId }) },
  requestBody: { required: true, content: { "application/json": { schema: feedbackRequest } } },
  responses: {
    "204": part.empty("Kept"),
    ...part.problems(...part.tokenProblems, ...part.bodyProblems),
  },
};

const rateStretch: ZodOpenApiOperationObject = {
  operationId: "rateStretch",
  tags: ["Conversations"],
  summary: "How it went with a person, as the visitor says",
  description:
    "About a stretch that has ended, as `ratingAsked` of the conversation names it. Replaces what was said of it before; " +
    "the visitor is not asked about it again.",
  security: part.withToken,
  requestParams: {
    path: z.object({ id: part.conversationId, no: z.int().meta({ description: "The number of the stretch" }) }),
  },
  requestBody: { required: true, content: { "application/json": { schema: stretchRatingRequest } } },
  responses: {
    "204": part.empty("Kept"),
    ...part.problems(...part.tokenProblems, ...part.bodyProblems),
  },
};
