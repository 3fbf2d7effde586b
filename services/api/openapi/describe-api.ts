import type { z } from "zod";
import {
  createDocument,
  type CreateDocumentOptions,
  type ZodOpenApiObject,
  type ZodOpenApiPathsObject,
} from "zod-openapi";
import type { Config } from "../../../shared/config/config.ts";
import { conversationEventData, eventData } from "../../../shared/protocol/events.ts";
import { inboxEventData } from "../../../shared/protocol/operator.ts";
import { identityClaims } from "../../../shared/protocol/identity.ts";
import { accountPaths } from "./account-paths.ts";
import { withAnswerExamples } from "./answers/answer-examples.ts";
import { conversationPaths } from "./conversation-paths.ts";
import { doorPaths } from "./door-paths.ts";
import { knowledgePaths } from "./knowledge-paths.ts";
import { mailPaths } from "./mail-paths.ts";
import { messagePaths } from "./message-paths.ts";
import { operatorPaths } from "./operator-paths.ts";
import { takeOverPaths } from "./take-over-paths.ts";
import { headerComponents, securitySchemes, tags, withToken } from "./parts.ts";
import { withRequestExamples } from "./request-examples.ts";
import { servicePaths } from "./service-paths.ts";
import { sitePaths } from "./site-paths.ts";
import { toolPaths } from "./tool-paths.ts";

/**
 * Describes this API in OpenAPI 3.1, generated from the schemas that validate its requests. Loaded at the first request
 * for it.
 */
export function describeApi({ MAX_MESSAGE_CHARS }: Pick<Config, "MAX_MESSAGE_CHARS">) {
  const description: ZodOpenApiObject = {
    openapi: "3.1.1",
    info: {
      title: "Parley",
      version: "1.0.0",
      summary: "The backend of a support-chat widget",
      description:
        "A message is accepted in milliseconds and answered by a worker; its reply can be watched while it is written.\n\n" +
        "JSON in UTF-8; times are ISO 8601 strings, but `timestamp` in histories is Unix milliseconds. Errors are " +
        "`application/problem+json` (RFC 9457). Every answer has an `X-Request-Id`; send your own, and find it in our logs.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    // For a route that does not say otherwise: one that is described without a thought is closed, not open.
    security: withToken,
    tags,
    paths: describedPaths({ MAX_MESSAGE_CHARS }),
    components: {
      securitySchemes,
      headers: headerComponents,
      schemas: {
        ...byId(eventData),
        ...byId(conversationEventData),
        ...byId(inboxEventData),
        Identity: identityClaims,
      },
    },
  };
  return createDocument(description, { override: plainer });
}

/** Paths with the zod schemas of their bodies, which a test of the examples needs. */
export function describedPaths({ MAX_MESSAGE_CHARS }: Pick<Config, "MAX_MESSAGE_CHARS">): ZodOpenApiPathsObject {
  const paths = {
    ...messagePaths({ maxMessageChars: MAX_MESSAGE_CHARS }),
    ...conversationPaths(),
    ...doorPaths({ maxMessageChars: MAX_MESSAGE_CHARS }),
    ...accountPaths(),
    ...operatorPaths(),
    ...takeOverPaths(),
    ...sitePaths(),
    ...toolPaths(),
    ...mailPaths(),
    ...knowledgePaths(),
    ...servicePaths(),
  };
  return withAnswerExamples(withRequestExamples(paths));
}

/** Schemas that no path refers to: OpenAPI 3.1 has no place for the events of a stream. */
function byId(schemas: Record<string, z.ZodType>): Record<string, z.ZodType> {
  return Object.fromEntries(Object.values(schemas).map((schema) => [schema.meta()?.id ?? "", schema]));
}

/** Drops keywords that tell a reader nothing, or would bind us for ever. */
const plainer: NonNullable<CreateDocumentOptions["override"]> = ({ jsonSchema, io }) => {
  if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
  if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
  if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
  // A later version may add fields to an answer.
  if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
};
