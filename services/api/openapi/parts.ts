import { z } from "zod";
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { Problem, type ProblemCode } from "../../../shared/errors.ts";
import { identityHeader } from "../../../shared/protocol/headers.ts";
import { problem } from "../../../shared/protocol/service.ts";
import { problemExamples } from "./answers/problem-examples.ts";

/** Parts shared by the descriptions of several routes. */

export const tags = [
  { name: "Messages", description: "Send a message, follow its job, read the reply." },
  { name: "Conversations", description: "What was said, and erasing it." },
  { name: "Service", description: "What this service offers, and how it is." },
  { name: "Desk", description: "People who answer beside the AI: their conversations, and what they do with them." },
  { name: "Accounts", description: "How people of the team sign in." },
  { name: "Knowledge", description: "What assistants answer from: sources, and what was taken from them." },
  { name: "Operators", description: "For whoever runs it." },
  { name: "Pages", description: "For browsers." },
];

/** Keyed by the header's name in the description's components. */
export const headerComponents = {
  RequestId: text("The request's id: the caller's, where it sent a sane one"),
  Location: text("Where the job is", "/api/jobs/0190a7e4-7c1b-7d3e-9f52-0a1b2c3d4e5f"),
  RetryAfter: text("Seconds until it is worth trying again", "2"),
  RateLimit: text("What is left of which limit, and until when"),
  RateLimitPolicy: text("The limits that count here"),
  PreferenceApplied: text("`wait=N`, as it was honoured", "wait=20"),
  Authenticate: text("How to sign in", "Bearer"),
  ConversationToken: text("Token of the conversation, for `Authorization: Bearer`"),
} as const;

function text(description: string, example?: string) {
  return { description, schema: { type: "string" as const }, ...(example !== undefined && { example }) };
}

const headerNames = {
  "X-Request-Id": "RequestId",
  Location: "Location",
  "Retry-After": "RetryAfter",
  RateLimit: "RateLimit",
  "RateLimit-Policy": "RateLimitPolicy",
  "Preference-Applied": "PreferenceApplied",
  "WWW-Authenticate": "Authenticate",
  "X-Parley-Token": "ConversationToken",
} as const satisfies Record<string, keyof typeof headerComponents>;
type HeaderName = keyof typeof headerNames;

/** The headers of every answer, plus those given. */
export function headers(...more: HeaderName[]) {
  const names: HeaderName[] = ["X-Request-Id", ...more];
  return Object.fromEntries(
    names.map((name) => [name, { $ref: `#/components/headers/${headerNames[name]}` as const }]),
  );
}

export function json(description: string, schema: z.ZodType, ...more: HeaderName[]): ZodOpenApiResponseObject {
  return { description, headers: headers(...more), content: { "application/json": { schema } } };
}

export function empty(description: string): ZodOpenApiResponseObject {
  return { description, headers: headers() };
}

export function page(description: string): ZodOpenApiResponseObject {
  return { description, headers: headers(), content: { "text/html": { schema: z.string() } } };
}

/** Describes errors by status: our problem types, and the meaning of each. */
export function problems(...all: (ProblemCode | Problem)[]): ZodOpenApiResponsesObject {
  const distinct = new Map(
    all.map((each) => (each instanceof Problem ? each : new Problem(each, ""))).map((each) => [each.code, each]),
  );
  const byStatus = Map.groupBy(distinct.values(), ({ status }) => status);
  return Object.fromEntries([...byStatus].map(([status, those]) => [String(status), problemResponse(status, those)]));
}

const responses = new Map<string, ZodOpenApiResponseObject>();

/** Returns one object per set of problems, so that a set shared by several routes appears in the description once. */
function problemResponse(status: number, all: readonly Problem[]): ZodOpenApiResponseObject {
  const id = all.map(({ code }) => code).join("_");
  const made = responses.get(id) ?? {
    id,
    description: all.map(({ code, title }) => `\`${code}\`: ${title}`).join("; "),
    headers: headers(...headersOf(status)),
    content: { "application/problem+json": { schema: problem, examples: problemExamples(all) } },
  };
  responses.set(id, made);
  return made;
}

function headersOf(status: number): HeaderName[] {
  if (status === 401) return ["WWW-Authenticate"];
  if (status === 429) return ["Retry-After", "RateLimit", "RateLimit-Policy"];
  return status === 503 ? ["Retry-After"] : [];
}

/** Problems of every route that needs a conversation's token. */
export const tokenProblems = [
  "invalid-request",
  "unauthorized",
  "identity-invalid",
  "forbidden",
  "not-found",
  "rate-limited",
  "internal",
  "unavailable",
] as const satisfies ProblemCode[];
/** Problems of every route for operators. */
export const operatorProblems = [
  "invalid-request",
  "admin-unauthorized",
  "read-only",
  "role-required",
  "not-found",
  "rate-limited",
  "internal",
  "unavailable",
] as const satisfies ProblemCode[];
/** Problems of every route that takes a body. */
export const bodyProblems = [
  "request-timeout",
  "too-large",
  "unsupported-media-type",
  "origin-not-allowed",
] as const satisfies ProblemCode[];

/** Keywords of a stream's text: the schema of each event's data, by the event's name. OpenAPI 3.1 has none for them. */
export function eventsOf(data: Record<string, z.ZodType>) {
  const refs = Object.entries(data).map(([name, schema]): [string, { $ref: string }] => [
    name,
    { $ref: `#/components/schemas/${schema.meta()?.id}` },
  ]);
  const distinct = new Map(refs.map(([, ref]) => [JSON.stringify(ref), ref]));
  return {
    contentMediaType: "text/event-stream",
    // Tools that do not know `x-events` find the schemas here.
    contentSchema: { anyOf: [...distinct.values()] },
    "x-events": Object.fromEntries(refs),
  };
}

const uuid = z.uuid();

export const jobId = uuid.meta({ description: "A job's id, as the answer to a message names it" });
export const conversationId = uuid.meta({ description: "A conversation's id; sessionId is another name of the same" });
export const sourceId = uuid.meta({ description: "A source's id" });
export const messageId = uuid.meta({ description: "A message's id" });

export const preferWait = z.string().optional().meta({
  description: "`wait=N` (RFC 7240): hold the answer until the job ends, at most N seconds; over 25 counts as 25",
  example: "wait=20",
});

export const securitySchemes = {
  conversationToken: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "JWT",
    description: "The token that came with the conversation's last `POST /api/chat`; good for 30 days",
  },
  conversationTokenInQuery: {
    type: "apiKey",
    in: "query",
    name: "access_token",
    description: "The same token, on event streams alone: a browser's `EventSource` cannot send headers",
  },
  visitorIdentity: {
    type: "apiKey",
    in: "header",
    name: identityHeader,
    description:
      "Who the visitor is, by the word of the site they are on: a compact JWS (HS256, under `IDENTITY_SECRET`) of the claims " +
      "of Identity. It opens all conversations of that visitor",
  },
  operator: {
    type: "http",
    scheme: "basic",
    description: "`ADMIN_USER` and `ADMIN_PASSWORD`; to look only, `ADMIN_READ_USER` and `ADMIN_READ_PASSWORD`",
  },
  operatorKey: {
    type: "http",
    scheme: "bearer",
    bearerFormat: "psk_…",
    description: "A key of an operator, made by `npm run keys`; it has a role and an end",
  },
  operatorSession: {
    type: "apiKey",
    in: "cookie",
    name: "__Host-parley_session",
    description:
      "A session of an account, begun by `POST /api/operator/sign-in`; `parley_session` on localhost. Changes with it are taken " +
      "from the console's own pages alone, as `application/json`",
  },
  metricsToken: { type: "http", scheme: "bearer", description: "`METRICS_TOKEN`" },
} as const;

type Security = { [Name in keyof typeof securitySchemes]?: string[] }[];

export const withToken: Security = [{ conversationToken: [] }, { visitorIdentity: [] }];
export const withTokenOrQuery: Security = [...withToken, { conversationTokenInQuery: [] }];
export const asVisitor: Security = [{ visitorIdentity: [] }];
export const asOperatorOfApi: Security = [{ operatorSession: [] }, { operatorKey: [] }, { operator: [] }];
export const withSession: Security = [{ operatorSession: [] }];
export const withMetricsToken: Security = [{ metricsToken: [] }];
/** Needs no credentials. */
export const open: Security = [];
/** A new conversation needs no token; an existing one needs its own. */
export const withTokenOrNew: Security = [{}, ...withToken];
