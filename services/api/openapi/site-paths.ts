import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { assistantState, assistantStates } from "../../../shared/protocol/people/assistants.ts";
import { hoursText, siteHours } from "../../../shared/protocol/people/hours.ts";
import * as part from "./parts.ts";

/** Paths about what admins set for the whole site. */
export function sitePaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/assistants": { get: readAssistants },
    "/api/operator/assistants/{type}/pause": { put: pauseAssistant, delete: resumeAssistant },
    "/api/operator/hours": { get: readHours, put: setHours, delete: dropHours },
  };
}

const common = { tags: ["Desk"], security: part.asOperatorOfApi };
const problems = part.problems(...part.operatorProblems);

const readAssistants: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readAssistantStates",
  summary: "The assistants of the site, and which of them are paused",
  responses: { "200": part.json("All that are configured or paused", assistantStates), ...problems },
};

const ofType = {
  path: z.object({ type: z.string().meta({ description: "The assistant's type, its key in the configuration" }) }),
};

const pauseAssistant: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "pauseAssistant",
  summary: "Pause the AI of an assistant",
  description:
    "From now on its AI begins no reply: messages are accepted and wait for a person. Replies that have begun go on to their end. Paused already, " +
    "nothing changes.",
  requestParams: ofType,
  responses: {
    "200": part.json("It is paused", assistantState),
    ...part.problems(...part.operatorProblems, "origin-not-allowed", "updating"),
  },
};

const resumeAssistant: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "resumeAssistant",
  summary: "Let the AI of an assistant answer again",
  description: "Conversations that went to people meanwhile stay with them.",
  requestParams: ofType,
  responses: {
    "204": part.empty("It answers, or did so before"),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};

const readHours: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readHours",
  summary: "When people answer, and where that was set",
  responses: { "200": part.json("The hours that count, and those of the file", siteHours), ...problems },
};

const setHours: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "setHours",
  summary: "Set when people answer",
  description: "They win over the file. Visitors who wait are told within seconds.",
  requestBody: { required: true, content: { "application/json": { schema: hoursText } } },
  responses: {
    "200": part.json("They count", siteHours),
    ...part.problems(...part.operatorProblems, ...part.bodyProblems),
  },
};

const dropHours: ZodOpenApiOperationObject = {
  ...common,
  "x-role": "admin",
  operationId: "dropHours",
  summary: "Go back to the hours of the file",
  responses: {
    "200": part.json("Those of the file count, or none", siteHours),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};
