import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { uiChatRequest, uiStreamQuery } from "../../../shared/protocol/doors/ui-chat.ts";
import { challengeHeader } from "../../../shared/protocol/headers.ts";
import { idempotencyKey } from "../../../shared/protocol/submit.ts";
import * as part from "./parts.ts";

/** Paths for front ends of other protocols. */
export function doorPaths({ maxMessageChars }: { maxMessageChars: number }): ZodOpenApiPathsObject {
  return {
    "/api/ui/chat": { post: sendUiMessage(maxMessageChars) },
    "/api/ui/chat/{id}/stream": { get: resumeUiStream, delete: stopUiStream },
    "/mcp": { post: callMcp },
  };
}

const uiStream = {
  description: "The stream: one message, or several, each from its start",
  headers: part.headers("X-Parley-Token"),
  content: {
    "text/event-stream": {
      schema: z.string().meta({
        description:
          "UI message stream v1 of the AI SDK. `reset-step`: a new attempt began. `data-parley`: `{conversationId, token, cursor}`; " +
          "`data-handling`: who answers. It ends after `finish`; one that ends before was broken off, and is to be resumed",
        example: 'data: {"type":"text-delta","id":"text","delta":"Hello"}\n\n',
      }),
    },
  },
};

function sendUiMessage(maxMessageChars: number): ZodOpenApiOperationObject {
  return {
    operationId: "sendUiMessage",
    tags: ["Messages"],
    summary: "Send a message as the AI SDK's `useChat` does",
    description:
      "The last message alone is read. It is stored before the answer begins, and is the same message each time that its id is " +
      "sent: with other words, it replaces the one before. Approval responses answer actions, and ask nothing.",
    security: part.withTokenOrNew,
    requestParams: {
      header: z.object({
        "Idempotency-Key": idempotencyKey,
        [challengeHeader]: z.string().optional().meta({
          description: "On a first message: what the visitor's browser got for solving a bot challenge",
        }),
      }),
    },
    requestBody: { required: true, content: { "application/json": { schema: uiChatRequest(maxMessageChars) } } },
    responses: {
      "200": uiStream,
      ...part.problems(
        ...part.tokenProblems,
        ...part.bodyProblems,
        "identity-required",
        "challenge-failed",
        "blocked",
        "idempotency-conflict",
        "already-replaced",
        "reply-open",
        "answered",
        "updating",
        "action-over",
        "tool-changed",
        "too-many-unanswered",
        "backlog",
      ),
    },
  };
}

const ofChat = { path: z.object({ id: z.string().meta({ description: "The chat's id, as the front end gave it" }) }) };

const resumeUiStream: ZodOpenApiOperationObject = {
  operationId: "resumeUiStream",
  tags: ["Messages"],
  summary: "Go on with a chat of the AI SDK",
  description:
    "Sends what is being written, each message from its start and with the id that it had. While people have the conversation, it " +
    "waits up to 25 s for their next message.",
  security: part.withTokenOrNew,
  requestParams: { ...ofChat, query: uiStreamQuery },
  responses: {
    "200": uiStream,
    "204": {
      description: "Nothing to send. With `Retry-After`, people have the conversation: come again",
      headers: part.headers("Retry-After"),
    },
    ...part.problems(...part.tokenProblems),
  },
};

const stopUiStream: ZodOpenApiOperationObject = {
  operationId: "stopUiStream",
  tags: ["Messages"],
  summary: "Stop what is being written in a chat of the AI SDK",
  description: "What was written so far is kept, and the stream ends with it.",
  security: part.withToken,
  requestParams: ofChat,
  responses: {
    "204": part.empty("It stops, or nothing was being written"),
    ...part.problems(...part.tokenProblems, "origin-not-allowed"),
  },
};

const jsonRpc = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.union([z.string(), z.number()]).optional(),
  method: z.string().meta({ description: "`initialize`, `tools/list`, `tools/call` …", example: "tools/call" }),
  params: z.record(z.string(), z.unknown()).optional(),
});

const callMcp: ZodOpenApiOperationObject = {
  operationId: "callMcp",
  tags: ["Messages"],
  summary: "Use the site's knowledge and its assistant as tools (MCP)",
  description:
    "MCP's Streamable HTTP without sessions, one message in each request. `search_knowledge` needs no credentials; `ask` is there for an " +
    "operator's key whose role may write, and for everyone where an assistant has `askByMcp`.",
  security: [{}, { operatorKey: [] }],
  requestBody: { required: true, content: { "application/json": { schema: jsonRpc } } },
  responses: {
    "200": {
      description: "The answer in JSON-RPC, as JSON or as an event stream of one message",
      content: {
        "application/json": { schema: z.record(z.string(), z.unknown()) },
        "text/event-stream": { schema: z.string() },
      },
    },
    "202": part.empty("A notification was taken"),
    ...part.problems(...part.bodyProblems, "admin-unauthorized", "origin-not-allowed"),
  },
};
