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
    ...part.problems(...part.tokenProblems, "handled", "updating"),
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

const assign = change("assignConversation", "Give a conversation to a colleague", assignRequest);

function problemsOfChange() {
  return [...part.operatorProblems, ...part.bodyProblems, "handled", "not-theirs", "updating"] as const;
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
