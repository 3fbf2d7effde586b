import { z } from "zod";

/** The subset of an OpenAPI description that the page shows. */

const reference = z.object({ $ref: z.string() });
export type Reference = z.output<typeof reference>;

const schema = z.object({
  $ref: z.string().optional(),
  type: z.union([z.string(), z.array(z.string())]).optional(),
  format: z.string().optional(),
  description: z.string().optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  default: z.unknown().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  required: z.array(z.string()).optional(),
  get items() {
    return schema.optional();
  },
  get properties() {
    return z.record(z.string(), schema).optional();
  },
  get anyOf() {
    return z.array(schema).optional();
  },
});
export type Schema = z.output<typeof schema>;

const content = z.record(z.string(), z.object({ schema, example: z.unknown().optional() }));
export type Content = z.output<typeof content>;

const response = z.object({
  description: z.string(),
  headers: z.record(z.string(), z.unknown()).default({}),
  content: content.default({}),
});
export type Response = z.output<typeof response>;

const parameter = z.object({
  name: z.string(),
  in: z.string(),
  required: z.boolean().default(false),
  description: z.string().default(""),
  schema,
});
export type Parameter = z.output<typeof parameter>;

const operation = z.object({
  operationId: z.string(),
  tags: z.array(z.string()),
  summary: z.string(),
  description: z.string().default(""),
  security: z.array(z.record(z.string(), z.unknown())).default([]),
  parameters: z.array(parameter).default([]),
  requestBody: z.object({ content }).optional(),
  responses: z.record(z.string(), z.union([reference, response])),
});
export type Operation = z.output<typeof operation> & { method: string; path: string };

export const shownApi = z.object({
  info: z.object({ title: z.string(), description: z.string() }),
  tags: z.array(z.object({ name: z.string(), description: z.string() })),
  paths: z.record(z.string(), z.record(z.string(), operation)),
  components: z.object({ schemas: z.record(z.string(), schema), responses: z.record(z.string(), response) }),
});
export type ShownApi = z.output<typeof shownApi>;

/** Resolves a reference to its schema. */
export function schemaOf(given: Schema, { components }: ShownApi): Schema {
  return given.$ref === undefined ? given : found(components.schemas, given.$ref);
}

export function responseOf(given: Reference | Response, { components }: ShownApi): Response {
  return "$ref" in given ? found(components.responses, given.$ref) : given;
}

function found<T>(all: Record<string, T>, ref: string): T {
  const named = all[ref.slice(ref.lastIndexOf("/") + 1)];
  if (named === undefined) throw new Error(`the description refers to ${ref}, which it does not have`);
  return named;
}
