import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { fileTypes, maxFileBytes } from "../../../shared/protocol/knowledge/file-types.ts";
import {
  addedSource,
  addedSources,
  fileQuery,
  knowledgeSearchQuery,
  knowledgeSearchResult,
  maxBatchSources,
  sourceBatchRequest,
  sourceDetail,
  sourceList,
  sourceListQuery,
  sourceQuery,
  sourceRequest,
} from "../../../shared/protocol/knowledge.ts";
import {
  unansweredGroupId,
  unansweredList,
  unansweredListQuery,
} from "../../../shared/protocol/knowledge/unanswered.ts";
import { idempotencyKey } from "../../../shared/protocol/submit.ts";
import * as part from "./parts.ts";

/** Paths of the sources that assistants answer from. */
export function knowledgePaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/knowledge/search": { get: searchKnowledge },
    "/api/operator/knowledge/unanswered": { get: listUnanswered },
    "/api/operator/knowledge/unanswered/{id}": { delete: putUnansweredAside },
    "/api/operator/sources": { get: listSources, post: addSource },
    "/api/operator/sources/batch": { post: addSources },
    "/api/operator/sources/{id}": { get: readSource, delete: deleteSource },
    "/api/operator/sources/{id}/refresh": { post: refreshSource },
  };
}

const common = { tags: ["Knowledge"], security: part.asOperatorOfApi };
const problems = part.problems(...part.operatorProblems);
const problemsOfChange = part.problems(...part.operatorProblems, "origin-not-allowed");
const problemsOfAdding = part.problems(...part.operatorProblems, ...part.bodyProblems);

const keyed = z.object({
  "Idempotency-Key": idempotencyKey.meta({ description: "The same source under the same key is added once" }),
});
const ofSource = { path: z.object({ id: part.sourceId }) };
const file = { schema: z.string().meta({ override: { type: "string", format: "binary" } }) };

const addSource: ZodOpenApiOperationObject = {
  ...common,
  operationId: "addSource",
  summary: "Add a page, sitemap, text, question or file",
  description:
    `It is read soon; its status tells how far. A file is the body itself, of at most ${maxFileBytes / 2 ** 20} MB, with its media ` +
    "type; what else is to be said of it stands in the query. All other kinds are JSON, of at most 8 MB, without a query.",
  requestParams: { query: fileQuery.partial(), header: keyed },
  requestBody: {
    required: true,
    content: {
      "application/json": { schema: sourceRequest },
      ...Object.fromEntries(Object.values(fileTypes).map((type) => [type, file])),
    },
  },
  responses: { "201": part.json("It is stored", addedSource), ...problemsOfAdding },
};

const addSources: ZodOpenApiOperationObject = {
  ...common,
  operationId: "addSources",
  summary: `Add up to ${maxBatchSources} texts and questions, all or none`,
  requestParams: { header: keyed },
  requestBody: { required: true, content: { "application/json": { schema: sourceBatchRequest } } },
  responses: { "201": part.json("They are stored, and named in their order", addedSources), ...problemsOfAdding },
};

const listSources: ZodOpenApiOperationObject = {
  ...common,
  operationId: "listSources",
  summary: "Sources of the site, the newest first",
  requestParams: { query: sourceListQuery },
  responses: { "200": part.json("One page, and counts of all", sourceList), ...problems },
};

const readSource: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readSource",
  summary: "A source with a page of its documents, in the order in which they were found",
  description:
    "A list of documents has no texts. With `text`, the id of a document, it is that document alone, with the text that was taken.",
  requestParams: { ...ofSource, query: sourceQuery },
  responses: { "200": part.json("The source", sourceDetail), ...problems },
};

const deleteSource: ZodOpenApiOperationObject = {
  ...common,
  operationId: "deleteSource",
  summary: "Delete a source with all that was taken from it",
  description: "No reply is made from it once this has answered.",
  requestParams: ofSource,
  responses: { "204": part.empty("It is gone"), ...problemsOfChange },
};

const refreshSource: ZodOpenApiOperationObject = {
  ...common,
  operationId: "refreshSource",
  summary: "Look at a source again now",
  description: "What is stored answers until then. A look that is under way goes on.",
  requestParams: ofSource,
  responses: { "200": part.json("It is due", addedSource), ...problemsOfChange },
};

const searchKnowledge: ZodOpenApiOperationObject = {
  ...common,
  operationId: "searchKnowledge",
  summary: "Passages that an answer to a question would be made from, the best first",
  requestParams: { query: knowledgeSearchQuery },
  responses: { "200": part.json("What was found, and why", knowledgeSearchResult), ...problems },
};

const listUnanswered: ZodOpenApiOperationObject = {
  ...common,
  operationId: "listUnanswered",
  summary: "Questions that the site's knowledge does not answer, equal ones together, the newest first",
  description: "They are gone with their conversations.",
  requestParams: { query: unansweredListQuery },
  responses: { "200": part.json("One page", unansweredList), ...problems },
};

const putUnansweredAside: ZodOpenApiOperationObject = {
  ...common,
  operationId: "putUnansweredAside",
  summary: "Take a question off the list, until somebody asks it again",
  requestParams: { path: z.object({ id: unansweredGroupId }) },
  responses: { "204": part.empty("It is put aside"), ...problemsOfChange },
};
