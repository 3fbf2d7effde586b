import type {
  ZodOpenApiMediaTypeObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from "zod-openapi";
import { mapOperations } from "../map-operations.ts";
import { deskAnswers } from "./desk-answers.ts";
import type { AnswerExamples } from "./shop.ts";
import { siteAnswers } from "./site-answers.ts";
import { teamAnswers } from "./team-answers.ts";
import { visitorAnswers } from "./visitor-answers.ts";

const examples: AnswerExamples = { ...visitorAnswers, ...deskAnswers, ...teamAnswers, ...siteAnswers };

const json = "application/json";

/** Adds its example to each JSON answer that is no problem. */
export function withAnswerExamples(paths: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  return mapOperations(paths, withExamples);
}

function withExamples(operation: ZodOpenApiOperationObject): ZodOpenApiOperationObject {
  const given: ZodOpenApiResponsesObject = { ...operation.responses };
  for (const [status, example] of Object.entries(examples[operation.operationId ?? ""] ?? {})) {
    const response = given[status as "200"];
    if (response === undefined || !("content" in response)) continue;
    const media = response.content?.[json];
    if (media === undefined || "$ref" in media) continue;
    const shown: ZodOpenApiMediaTypeObject = { ...media, example };
    given[status as "200"] = { ...response, content: { ...response.content, [json]: shown } };
  }
  return { ...operation, responses: given };
}
