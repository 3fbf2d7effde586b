import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { colleague, operatorList, presenceRequest } from "../../../shared/protocol/operator.ts";
import * as part from "./parts.ts";

/** Paths of the operators' side of the API. */
export function operatorPaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/me": { get: readMe },
    "/api/operator/operators": { get: readOperators },
    "/api/operator/presence": { put: setPresence },
  };
}

const common = { tags: ["Desk"], security: part.asOperatorOfApi };
const problems = part.problems(...part.operatorProblems);
const problemsOfChange = part.problems(...part.operatorProblems, ...part.bodyProblems);

const readMe: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readMe",
  summary: "The operator behind these credentials",
  responses: { "200": part.json("With the role that the credentials give", colleague), ...problems },
};

const readOperators: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readOperators",
  summary: "All operators of the site, by name",
  responses: { "200": part.json("Operators, and who is there", operatorList), ...problems },
};

const setPresence: ZodOpenApiOperationObject = {
  ...common,
  operationId: "setPresence",
  summary: "Say that you are there, or away",
  description: "`online` holds for 150 s: say it again once a minute. While anybody is there, visitors are told so.",
  requestBody: { required: true, content: { "application/json": { schema: presenceRequest } } },
  responses: { "204": part.empty("Noted"), ...problemsOfChange },
};
