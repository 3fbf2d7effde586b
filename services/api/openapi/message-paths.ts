import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { eventData } from "../../../shared/protocol/events.ts";
import { Problem } from "../../../shared/errors.ts";
import { actionAnswer } from "../../../shared/protocol/actions/action-card.ts";
import { jobView, timeline } from "../../../shared/protocol/job.ts";
import { challengeHeader } from "../../../shared/protocol/headers.ts";
import { idempotencyKey, submitAnswer, submitRequest, submitResponse } from "../../../shared/protocol/submit.ts";
import * as part from "./parts.ts";

/** Paths to send, follow and stop a message. */
export function messagePaths({ maxMessageChars }: { maxMessageChars: number }): ZodOpenApiPathsObject {
  return {
    "/api/chat": { post: sendMessage(maxMessageChars) },
    "/api/jobs/{jobId}": { get: readJob, delete: stopJob },
    "/api/actions/{id}": { post: answerAction },
    "/api/jobs/{jobId}/events": { get: followJob },
    "/api/jobs/{jobId}/timeline": { get: readTimeline },
  };
}

function sendMessage(maxMessageChars: number): ZodOpenApiOperationObject {
  return {
    operationId: "sendMessage",
    tags: ["Messages"],
    summary: "Send a message",
    description:
      "Without a conversation a new one begins. The message is stored before the answer leaves; a worker answers it, " +
      `in its conversation's order. A message has 1 to ${maxMessageChars} characters (code points) after trimming, a body ` +
      "at most 64 KB, with `history` 256 KB. The token in the answer opens the conversation and its jobs.",
    security: part.withTokenOrNew,
    requestParams: {
      header: z.object({
        "Idempotency-Key": idempotencyKey,
        Prefer: part.preferWait,
        [challengeHeader]: z.string().optional().meta({
          description:
            "On a first message: what the visitor's browser got for solving a bot challenge, where one is asked for",
        }),
      }),
    },
    requestBody: { required: true, content: { "application/json": { schema: submitRequest(maxMessageChars) } } },
    responses: {
      "200": part.json(
        "With `Prefer: wait`: the job has ended in time",
        submitAnswer,
        "Location",
        "Preference-Applied",
      ),
      "202": part.json("Accepted: stored, and to be answered", submitResponse, "Location"),
      ...part.problems(
        ...part.tokenProblems,
        ...part.bodyProblems,
        "identity-required",
        "challenge-failed",
        "idempotency-conflict",
        "already-replaced",
        "reply-open",
        "too-many-unanswered",
        "backlog",
      ),
    },
  };
}

const answerAction: ZodOpenApiOperationObject = {
  operationId: "answerAction",
  tags: ["Messages"],
  summary: "Answer what the assistant asks to do",
  description:
    "An action waits for this answer for 24 hours, and nothing is done before. The answer becomes a message of the visitor " +
    "with a job of its own, which carries the action out, and tells what came of it.",
  security: part.withToken,
  requestParams: { path: z.object({ id: z.uuid() }) },
  requestBody: { required: true, content: { "application/json": { schema: actionAnswer } } },
  responses: {
    "200": part.json("The same answer was given before: its job", submitResponse, "Location"),
    "202": part.json("Accepted", submitResponse, "Location"),
    ...part.problems(
      ...part.tokenProblems,
      ...part.bodyProblems,
      "blocked",
      new Problem("identity-required", "", { status: 403 }),
      "answered",
      "updating",
      "action-over",
      "tool-changed",
      "backlog",
    ),
  },
};

const ofJob = { path: z.object({ jobId: part.jobId }) };
const readJob: ZodOpenApiOperationObject = {
  operationId: "readJob",
  tags: ["Messages"],
  summary: "How a job stands",
  description: "Its status, the text so far, in the end the reply or an error.",
  security: part.withToken,
  requestParams: { ...ofJob, header: z.object({ Prefer: part.preferWait }) },
  responses: {
    "200": part.json("The job", jobView, "Retry-After", "Preference-Applied"),
    ...part.problems(...part.tokenProblems),
  },
};

const stopJob: ZodOpenApiOperationObject = {
  operationId: "stopJob",
  tags: ["Messages"],
  summary: "Stop a job",
  description: "What was written so far is kept as the reply, with the finish reason `cancelled`.",
  security: part.withToken,
  requestParams: ofJob,
  responses: {
    "200": part.json("It was queued, and is cancelled", jobView),
    "202": part.json("It is being answered, and will end as cancelled within about a second", jobView),
    ...part.problems(...part.tokenProblems, "origin-not-allowed", "already-ended"),
  },
};

/** The events of a job. */
export const jobStream = z.string().meta({
  description:
    "Server-sent events. `status`: StatusEvent; `delta`: DeltaEvent, its id is `<attempt>:<offset>`; `reset`: ResetEvent, drop " +
    "the text shown so far; `done`, `failed`, `cancelled`: the ended Job, with the id `end`, after which the response ends. The " +
    "deltas of an attempt, put together, are the reply, byte for byte. A comment every 15 s keeps the connection open. Trouble " +
    "that passes never has an error status: `wait`: WaitEvent, without an id, and the end of the response; connect again after " +
    "`retryMs`, with the id of the last event that had one",
  ...part.eventsOf(eventData),
  example: 'id: 1:5\nevent: delta\ndata: {"text":"Hello","offset":5}\n\n',
});

const followJob: ZodOpenApiOperationObject = {
  operationId: "followJob",
  tags: ["Messages"],
  summary: "Follow a job as it happens",
  security: part.withTokenOrQuery,
  requestParams: {
    ...ofJob,
    header: z.object({
      "Last-Event-ID": z.string().optional().meta({
        description: "The id of the last event that was read: only what is missing is sent, whichever process answers",
        example: "1:22",
      }),
    }),
    query: z.object({
      lastEventId: z.string().optional().meta({
        description: "The same for clients that cannot send headers; the header goes before it",
        example: "1:22",
      }),
    }),
  },
  responses: {
    "200": {
      description: "The stream",
      headers: part.headers(),
      content: { "text/event-stream": { schema: jobStream } },
    },
    "204": part.empty("The last id is `end`: there is nothing more to come"),
    ...part.problems("invalid-request", "unauthorized", "identity-invalid", "forbidden", "not-found", "internal"),
  },
};

const readTimeline: ZodOpenApiOperationObject = {
  operationId: "readTimeline",
  tags: ["Messages"],
  summary: "What happened to a job, and when",
  security: part.withToken,
  requestParams: ofJob,
  responses: { "200": part.json("Its timeline", timeline), ...part.problems(...part.tokenProblems) },
};
