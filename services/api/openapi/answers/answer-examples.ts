import type {
  ZodOpenApiMediaTypeObject,
  ZodOpenApiOperationObject,
  ZodOpenApiPathsObject,
  ZodOpenApiResponsesObject,
} from "zod-openapi";
import { deskAnswers } from "./desk-answers.ts";
import type { AnswerExamples } from "./shop.ts";
import { siteAnswers } from "./site-answers.ts";
import { teamAnswers } from "./team-answers.ts";
import { visitorAnswers } from "./visitor-answers.ts";

const examples: AnswerExamples = { ...visitorAnswers, ...deskAnswers, ...teamAnswers, ...siteAnswers };

const methods = ["get", "post", "put", "patch", "delete"] as const;
const json = "application/json";

/** Adds its example to each JSON answer that is no problem. */
export function withAnswerExamples(paths: ZodOpenApiPathsObject): ZodOpenApiPathsObject {
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => {
      const shown = { ...item };
      for (const method of methods) {
        const operation = shown[method];
        if (operation !== undefined) shown[method] = withExamples(operation);
      }
      return [path, shown];
    }),
  );
}

function withExamples(operation: ZodOpenApiOperationObject): ZodOpenApiOperationObject {
  const given: ZodOpenApiResponsesObject = { ...operation.responses };
  for (const [status, example] of Object.entries(examples[operation.operationId ?? ""] ?? {})) {
    const response = given[status as "200"];
    if (response === undefined || !("content" in response)) continue;
    const media = response.content?.[json];
    if (media === undefined || "$ref" in media) continue;
    // Operations may share an answer: a change of the object itself would show one's example at all of them.
    const shown: ZodOpenApiMediaTypeObject = { ...media, example };
    given[status as "200"] = { ...response, content: { ...response.content, [json]: shown } };
  }
  return { ...operation, responses: given };
}
