import { z } from "zod";
import { actionCard, actionState } from "../../shared/protocol/actions/action-card.ts";
import { conversation, history, message } from "../../shared/protocol/conversation.ts";
import { conversationEventData, eventData } from "../../shared/protocol/events.ts";
import { feedbackReason } from "../../shared/protocol/feedback.ts";
import {
  expected,
  handledBy,
  handoffAnswer,
  handoffRequest,
  notice,
  operatorView,
} from "../../shared/protocol/handling.ts";
import { visitorConversations } from "../../shared/protocol/identity.ts";
import { jobStatus, jobView } from "../../shared/protocol/job.ts";
import { replySource } from "../../shared/protocol/knowledge/reply-source.ts";
import { stretchRatingRequest } from "../../shared/protocol/people/stretch-rating.ts";
import { assistantInfo, originReport, problem } from "../../shared/protocol/service.ts";
import { submitRequest, submitResponse } from "../../shared/protocol/submit.ts";

/** Types of the package, in the order of its file. A schema that another one contains is referred to by its name here. */
const types: Record<string, z.ZodType> = {
  JobStatus: jobStatus,
  HandledBy: handledBy,
  ActionState: actionState,
  FeedbackReason: feedbackReason,
  SubmitRequest: submitRequest(4000),
  SubmitResponse: submitResponse,
  JobView: jobView,
  MessageView: message,
  ReplySourceView: replySource,
  ActionCard: actionCard,
  ConversationView: conversation,
  HistoryView: history,
  HandoffRequest: handoffRequest,
  HandoffAnswer: handoffAnswer,
  OperatorView: operatorView,
  Expected: expected,
  Notice: notice,
  StretchRatingRequest: stretchRatingRequest,
  AssistantInfo: assistantInfo,
  VisitorConversationsView: visitorConversations,
  OriginReport: originReport,
  ProblemBody: problem,
};

/** Bodies that clients send: their types are those before the transforms. */
const requests = new Set(["SubmitRequest", "HandoffRequest", "StretchRatingRequest"]);

/** The part of JSON Schema that the protocol's schemas become. */
interface JsonSchema {
  $ref?: string;
  anyOf?: JsonSchema[];
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
  description?: string;
}

/** Names of the types by the ids that their schemas have in OpenAPI. */
const namesById = new Map(
  Object.entries(types).flatMap(([name, schema]) => {
    const id = schema.meta()?.id;
    return id === undefined ? [] : [[id, name] as const];
  }),
);

/** Names of the types that are one of some texts. */
const namesByUnion = new Map(
  Object.entries(types).flatMap(([name, schema]) => {
    const texts = schema instanceof z.ZodEnum ? schema.options : undefined;
    return texts === undefined ? [] : [[union(texts), name] as const];
  }),
);

/**
 * Writes the protocol's types without zod, from the schemas that validate: a package that needed zod for its types would
 * need it in every browser's project.
 */
export function protocolTypes(): string {
  const declared = Object.entries(types).map(([name, schema]) => {
    const { description, ...type } = toJson(schema, requests.has(name));
    return `${comment(description, "")}export type ${name} = ${type.enum ? union(type.enum) : typeOf(type, "")};`;
  });
  return [
    "// Made from shared/protocol by `npm run write:protocol`.",
    ...declared,
    `/** Contents of \`data\` of a job's events. */\nexport type EventData = ${eventMap(eventData)};`,
    `type ConversationEventData = ${eventMap(conversationEventData)};`,
    "/** Event of a conversation's stream, its data parsed. */\nexport type ConversationEvent = {\n" +
      "  [Name in keyof ConversationEventData]: { event: Name; data: ConversationEventData[Name]; id?: string | undefined };\n" +
      "}[keyof ConversationEventData];\n",
  ].join("\n\n");
}

function eventMap(events: Record<string, z.ZodType>): string {
  const members = Object.entries(events).map(([name, schema]) => {
    const type = namesById.get(schema.meta()?.id ?? "") ?? typeOf(toJson(schema, false), "  ");
    return `  ${name}: ${type};`;
  });
  return `{\n${members.join("\n")}\n}`;
}

/** @returns the schema itself, with those inside that have no name here in their places */
function toJson(schema: z.ZodType, isRequest: boolean): JsonSchema {
  const { $defs = {}, ...json } = z.toJSONSchema(schema, { io: isRequest ? "input" : "output" }) as JsonSchema & {
    $defs?: Record<string, JsonSchema>;
  };
  const resolve = (id: string) => $defs[id] ?? fail(`Nothing is known of the schema ${id}`);
  const inPlace = (value: unknown): unknown => {
    if (typeof value !== "object" || value === null) return value;
    if (Array.isArray(value)) return value.map(inPlace);
    const { $ref, ...others } = value as JsonSchema;
    const isNamed = $ref !== undefined && namesById.has(lastOf($ref));
    const found = $ref === undefined || isNamed ? value : { ...resolve(lastOf($ref)), ...others };
    return Object.fromEntries(Object.entries(found).map(([key, inner]) => [key, inPlace(inner)]));
  };
  const own = json.$ref === undefined ? json : resolve(lastOf(json.$ref));
  return inPlace(own) as JsonSchema;
}

function typeOf(schema: JsonSchema, indent: string): string {
  const { $ref, anyOf, type, properties, items, additionalProperties } = schema;
  if ($ref !== undefined) return namesById.get(lastOf($ref)) ?? fail(`No type has the name of ${$ref}`);
  if (anyOf !== undefined) return anyOf.map((option) => typeOf(option, indent)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return namesByUnion.get(union(schema.enum)) ?? union(schema.enum);
  if (properties !== undefined) return objectType(schema, properties, indent);
  if (type === "object" && typeof additionalProperties === "object") {
    return `Record<string, ${typeOf(additionalProperties, indent)}>`;
  }
  if (type === "array" && items !== undefined) {
    const item = typeOf(items, indent);
    return / \| /.test(item) && !item.startsWith("{") ? `(${item})[]` : `${item}[]`;
  }
  if (Array.isArray(type)) return type.map((one) => typeOf({ ...schema, type: one }, indent)).join(" | ");
  if (type === "integer" || type === "number") return "number";
  if (type === "string" || type === "boolean" || type === "null") return type;
  return fail(`No type is known for ${JSON.stringify(schema)}`);
}

function objectType({ required = [] }: JsonSchema, properties: Record<string, JsonSchema>, indent: string): string {
  const inner = `${indent}  `;
  const members = Object.entries(properties).map(([name, property]) => {
    const type = typeOf(property, inner);
    const member = required.includes(name) ? `${name}: ${type};` : `${name}?: ${type} | undefined;`;
    return comment(property.description, inner) + inner + member;
  });
  return `{\n${members.join("\n")}\n${indent}}`;
}

function union(values: readonly unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(" | ");
}

function comment(text: string | undefined, indent: string): string {
  return text === undefined ? "" : `${indent}/** ${text} */\n`;
}

function lastOf(ref: string): string {
  return ref.slice(ref.lastIndexOf("/") + 1);
}

function fail(reason: string): never {
  throw new Error(reason);
}
