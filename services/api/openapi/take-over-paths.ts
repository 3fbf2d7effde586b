import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { handoffAnswer, handoffRequest } from "../../../shared/protocol/handling.ts";
import {
  assignRequest,
  operatorAnswer,
  operatorMessageAnswer,
  operatorMessageRequest,
  releaseRequest,
  takeRequest,
} from "../../../shared/protocol/operator.ts";
import { suggestion } from "../../../shared/protocol/people/suggestions.ts";
import { idempotencyKey } from "../../../shared/protocol/submit.ts";
import * as part from "./parts.ts";

/** Paths by which visitors ask for a person, and people take over and hand back. */
export function takeOverPaths(): ZodOpenApiPathsObject {
  return {
    "/api/conversations/{id}/handoff": { post: askForPerson, delete: backToAssistant },
    "/api/operator/conversations/{id}/take": { post: take },
    "/api/operator/conversations/{id}/messages": { post: say },
    "/api/operator/conversations/{id}/release": { post: release },
    "/api/operator/conversations/{id}/assign": { post: assign },
    "/api/operator/conversations/{id}/suggestions": { post: suggest },
    "/api/operator/conversations/{id}/suggestions/{suggestionId}": { get: readSuggestion },
    "/api/operator/conversations/{id}/close": {
      post: change("closeConversation", "End an exchange: the visitor's next message goes to the assistant"),
    },
  };
}

const ofConversation = { path: z.object({ id: part.conversationId }) };

const askForPerson: ZodOpenApiOperationObject = {
  operationId: "askForPerson",
  tags: ["Conversations"],
  summary: "Ask for a person, or change the address for their answer",
  description: "A reply that is being written ends as it would; the assistant begins no other until it is handed back.",
  security: part.withToken,
  requestParams: ofConversation,
  requestBody: { required: false, content: { "application/json": { schema: handoffRequest } } },
  responses: {
    "200": part.json("Somebody is waited for", handoffAnswer),
    ...part.problems(
      ...part.tokenProblems,
      ...part.bodyProblems,
      "handled",
      "no-people",
      "too-many-addresses",
      "updating",
    ),
  },
};

const backToAssistant: ZodOpenApiOperationObject = {
  operationId: "backToAssistant",
  tags: ["Conversations"],
  summary: "Wait for a person no longer: the assistant answers again",
  security: part.withToken,
  requestParams: ofConversation,
  responses: {
    "200": part.json("The assistant has it", handoffAnswer),
    ...part.problems(...part.tokenProblems, "handled", "assistant-paused", "updating"),
  },
};

const take = change(
  "takeConversation",
  "Take a conversation over, at once",
  takeRequest,
  "A reply that is being written ends with what has been shown of it; nothing more of it is shown to anybody.",
);

const say: ZodOpenApiOperationObject = {
  ...change("sayAsOperator", "Write to the visitor; it takes the conversation over", operatorMessageRequest),
  requestParams: { ...ofConversation, header: z.object({ "Idempotency-Key": idempotencyKey }) },
  responses: {
    "201": part.json("The message", operatorMessageAnswer),
    ...part.problems(...problemsOfChange(), "idempotency-conflict"),
  },
};

const release = change(
  "releaseConversation",
  "Give a conversation back, to the assistant or to the queue",
  releaseRequest,
  "The assistant answers the visitor's newest message if nobody has.",
);

const suggest: ZodOpenApiOperationObject = {
  operationId: "suggestReply",
  tags: ["Desk"],
  summary: "Ask the assistant for a draft of an answer",
  description:
    "For the person who has the conversation. The draft is no message: it is in no stream and no history, and is kept for a quarter of an " +
    "hour. Asked again while one is being written, it is the same one.",
  security: part.asOperatorOfApi,
  requestParams: ofConversation,
  responses: {
    "201": part.json("It is being written", suggestion),
    ...part.problems(
      ...part.operatorProblems,
      "origin-not-allowed",
      "not-theirs",
      "assistant-paused",
      "nothing-to-answer",
    ),
  },
};

const readSuggestion: ZodOpenApiOperationObject = {
  operationId: "readSuggestion",
  tags: ["Desk"],
  summary: "Read a draft of an answer that you asked for",
  security: part.asOperatorOfApi,
  requestParams: {
    path: z.object({ id: part.conversationId, suggestionId: z.uuid() }),
    header: z.object({ Prefer: part.preferWait }),
  },
  responses: {
    "200": part.json("The draft, or why there is none; one that is not there after a minute is lost", suggestion),
    ...part.problems(...part.operatorProblems),
  },
};

const assign: ZodOpenApiOperationObject = {
  ...change("assignConversation", "Give a conversation to a colleague, with a note for them", assignRequest),
  requestParams: { ...ofConversation, header: z.object({ "Idempotency-Key": idempotencyKey }) },
};

function problemsOfChange() {
  return [
    ...part.operatorProblems,
    ...part.bodyProblems,
    "handled",
    "not-theirs",
    "assistant-paused",
    "updating",
  ] as const;
}

function change(
  operationId: string,
  summary: string,
  body?: z.ZodType,
  description?: string,
): ZodOpenApiOperationObject {
  return {
    operationId,
    tags: ["Desk"],
    summary,
    ...(description !== undefined && { description }),
    security: part.asOperatorOfApi,
    requestParams: ofConversation,
    ...(body && { requestBody: { required: body !== takeRequest, content: { "application/json": { schema: body } } } }),
    responses: { "200": part.json("Who answers now", operatorAnswer), ...part.problems(...problemsOfChange()) },
  };
}
