import { z } from "zod";
import { localizedText } from "../localized-text.ts";
import { parseUrlTemplate, placeholdersIn } from "./tool-template.ts";

/** Name of our own tool, by which a model hands a conversation to people. */
export const handoffToolName = "handoff";

/** Time for one call of an endpoint, in milliseconds: a visitor waits, and a job has two minutes for all it does. */
const toolTimeout = { usualMs: 10_000, longestMs: 30_000 };
export const toolTimeoutMs = z.int().min(100).max(toolTimeout.longestMs).default(toolTimeout.usualMs);
export const maxCardLines = 12;

/** Name by which a model calls a tool: every provider takes it. */
export const toolName = z
  .string()
  .regex(/^[A-Za-z][\w-]{0,63}$/, 'expected a name like "order_status": at most 64 letters, digits, _ and -')
  .refine((name) => name !== handoffToolName, "is the name of a tool of Parley's own");

/** Claims of every identity that are about its own life. */
const timeClaims = ["exp", "iat", "nbf"];

const url = z
  .string()
  .refine(
    (text) => parseUrlTemplate(text) !== undefined,
    "expected an address like https://shop.example.com/orders/{order}?lang={lang}: http or https, and placeholders only in path and values of the query",
  );

/** Names that the client sets itself, or that belong to one connection. */
const ownHeaders =
  /^(?:idempotency-key|host|connection|content-length|content-type|accept-encoding|user-agent|te|trailer|transfer-encoding|upgrade|expect|keep-alive|proxy-.*)$/i;

export const sentHeaders = z.record(
  z
    .string()
    .regex(/^[\w!#$%&'*+.^`|~-]+$/, "expected the name of a header")
    .refine((name) => !ownHeaders.test(name), "is set by Parley itself"),
  z.string().regex(/^[\x20-\x7e]*$/, "expected characters that an HTTP header can hold"),
);

const request = z.strictObject({
  method: z.enum(["GET", "POST", "PUT", "PATCH", "DELETE"]),
  url,
  headers: sentHeaders.optional(),
  body: z.record(z.string(), z.json()).optional().describe("JSON; a text that is one placeholder becomes its value"),
});

/** Words of a button: a longer one would not fit. */
const maxLabelChars = 40;
const label = localizedText.refine(
  (text) => [text].flatMap((given) => (typeof given === "string" ? given : Object.values(given))).every(isShort),
  `expected at most ${maxLabelChars} characters, without placeholders`,
);

export const cardTemplate = z.strictObject({
  title: localizedText,
  lines: z
    .array(z.strictObject({ label: localizedText, value: localizedText.describe("with placeholders") }))
    .max(maxCardLines),
  yes: label.optional().describe("words of the button that confirms; absent: the chat's own"),
  no: label.optional().describe("words of the other button"),
});

const parameters = z.looseObject({
  type: z.literal("object"),
  properties: z.record(z.string(), z.union([z.record(z.string(), z.json()), z.boolean()])).default({}),
  required: z.array(z.string()).optional(),
});

function isShort(text: string): boolean {
  return text.length <= maxLabelChars && placeholdersIn(text, "value").length === 0;
}

/** Fields of a tool, each valid alone. */
export const toolDeclaration = z.strictObject({
  name: toolName,
  description: z.string().regex(/\S/, "expected text").max(4000).describe("tells the model when to call it"),
  parameters: parameters.describe("JSON Schema of the arguments"),
  effect: z.enum(["read", "change"]),
  confirm: z.enum(["visitor", "never"]).optional().describe("absent: visitor for a change, never for reading"),
  request,
  repeat: z.enum(["never", "key"]).default("never").describe("key: the endpoint honours Idempotency-Key"),
  status: z.strictObject({ url }).optional().describe("where to ask whether a call was carried out"),
  result: localizedText.optional().describe("words of the outcome; absent: the response as text"),
  card: cardTemplate
    .optional()
    .describe("question to the visitor before a change, or what they are shown of one that was not asked about"),
  timeoutMs: toolTimeoutMs,
  hosts: z.array(z.string().min(1)).optional().describe("other hosts that an address of this tool may have"),
  identity: z
    .record(
      z.string(),
      z
        .string()
        .regex(/^[\w:/.-]{1,200}$/, 'expected the name of a claim like "sub" or "customer_id"')
        .refine((claim) => !timeClaims.includes(claim), "is a time of the identity, and says nothing of the visitor"),
    )
    .refine((given) => Object.keys(given).length > 0, "expected a parameter")
    .optional()
    .describe("parameters that the visitor's signed identity gives, by its claims; no model is shown them"),
});

export type ToolDeclaration = z.output<typeof toolDeclaration>;
