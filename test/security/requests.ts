import fc from "fast-check";

/** An attacker's request, sent unchanged. */
export interface WildRequest {
  method: string;
  path: string;
  headers: [name: string, value: string][];
  body: Buffer | undefined;
}

/** Existing objects, for requests that pass the first checks. */
export interface Known {
  conversationIds: readonly string[];
  jobIds: readonly string[];
  messageIds: readonly string[];
  tokens: readonly string[];
}

export const routeGroups = {
  chat: ["/api/chat"],
  history: [
    "/api/chat/history/:conversation",
    "/api/conversations/:conversation",
    "/api/conversations/:conversation/export",
  ],
  jobs: ["/api/jobs/:job", "/api/jobs/:job/timeline"],
  feedback: [
    "/api/messages/:message/feedback",
    "/api/conversations/:conversation/stretches/:word/rating",
    "/api/me/conversations",
  ],
  service: ["/api/providers", "/api/assistants", "/health", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs"],
  pages: [
    "/",
    "/widget.js",
    "/widget/:word",
    "/admin",
    "/admin/queues",
    "/admin/conversations/:conversation",
    "/:word",
    "/api/:word",
  ],
} as const;
export type RouteGroup = keyof typeof routeGroups;

const oddTexts = fc.constantFrom(
  "",
  " ",
  "\0",
  "\ud800",
  "__proto__",
  "constructor",
  "null",
  "-1",
  "1e999",
  "9007199254740993",
  "' or 1=1 --",
  "$where",
  "../../etc/passwd",
  "%00",
  "%ff",
  "{{7*7}}",
  "<script>",
  "\u202e",
  "😀".repeat(50),
  "x".repeat(5000),
);
const text = fc.oneof(
  { weight: 3, arbitrary: oddTexts },
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constant("Hello"),
);

/** @param group the group of the requested paths */
export function wildRequests(group: RouteGroup, known: Known): fc.Arbitrary<WildRequest> {
  const id = (ids: readonly string[]) =>
    fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, fc.uuid(), text.map(encodeURIComponentSafely));
  const templates: readonly string[] = routeGroups[group];
  const path = fc
    .record({
      template: fc.constantFrom(...templates),
      conversation: id(known.conversationIds),
      job: id(known.jobIds),
      message: id(known.messageIds),
      word: text.map(encodeURIComponentSafely),
      query: fc.oneof({ weight: 2, arbitrary: fc.constant("") }, query()),
    })
    .map(
      ({ template, query: asked, ...parts }) =>
        Object.entries(parts).reduce((made, [name, value]) => made.replace(`:${name}`, value), template) + asked,
    );
  return fc.record({
    method: fc.constantFrom("GET", "GET", "POST", "POST", "DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"),
    path,
    headers: headers(known),
    body: fc.option(body(known), { nil: undefined }),
  });
}

function query(): fc.Arbitrary<string> {
  const name = fc.constantFrom("limit", "before", "access_token", "id", "status", "from", "to", "__proto__", "a[b]");
  return fc
    .array(fc.tuple(name, text), { minLength: 1, maxLength: 3 })
    .map((pairs) => `?${pairs.map(([key, value]) => `${key}=${encodeURIComponentSafely(value)}`).join("&")}`);
}

function named(names: readonly string[], values: fc.Arbitrary<string>): fc.Arbitrary<[string, string]> {
  return fc.tuple(fc.constantFrom(...names), values);
}

function headers(known: Known): fc.Arbitrary<[string, string][]> {
  const token = fc.constantFrom(...known.tokens.map((each) => `Bearer ${each}`));
  const value = fc.oneof(
    text.map(toHeaderValue),
    token,
    fc.constantFrom("*/*", "gzip;q=2", "wait=1e9", "wait=-1", "end", "1:0"),
  );
  const odd = named(
    [
      "authorization",
      "idempotency-key",
      "prefer",
      "last-event-id",
      "x-request-id",
      "x-forwarded-for",
      "x-forwarded-proto",
      "x-parley-identity",
      "x-parley-challenge",
      "origin",
      "sec-fetch-site",
      "accept",
      "accept-encoding",
      "if-none-match",
      "range",
      "x-http-method-override",
    ],
    value,
  );
  return fc
    .tuple(
      fc.oneof({ weight: 3, arbitrary: named(["authorization"], token) }, odd),
      fc.oneof(
        { weight: 4, arbitrary: fc.constant<[string, string]>(["content-type", "application/json"]) },
        named(["content-type"], value),
      ),
      fc.array(odd, { maxLength: 3 }),
    )
    .map(([first, type, more]) => [first, type, ...more]);
}

function body(known: Known): fc.Arbitrary<Buffer> {
  const value = fc.oneof(text, fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.jsonValue());
  const conversationId = fc.constantFrom(...known.conversationIds);
  const object = fc
    .record(
      {
        message: fc.oneof({ weight: 3, arbitrary: fc.constant("Hello") }, value),
        conversationId: fc.oneof({ weight: 3, arbitrary: conversationId }, value),
        sessionId: value,
        assistantType: value,
        provider: value,
        threadId: value,
        history: fc.oneof(
          value,
          fc.array(fc.record({ text: value, sender: fc.oneof(fc.constant("user"), value), timestamp: value }), {
            maxLength: 4,
          }),
        ),
        metadata: fc.oneof(value, fc.dictionary(text, value, { maxKeys: 4 })),
        rating: fc.oneof(fc.constantFrom("up", "down"), value),
        comment: value,
        ["__proto__"]: value,
      },
      { requiredKeys: [] },
    )
    .map((made) => Buffer.from(JSON.stringify(made)));
  return fc.oneof(
    { weight: 6, arbitrary: object },
    {
      weight: 2,
      arbitrary: fc.constantFrom('{"message":"Hello"}', '{"rating":"up"}').map((made) => Buffer.from(made)),
    },
    fc.jsonValue().map((made) => Buffer.from(JSON.stringify(made))),
    // Invalid UTF-8, cut off, one field twice, very deep.
    fc.uint8Array({ maxLength: 60 }).map((bytes) => Buffer.from(bytes)),
    object.map((bytes) => bytes.subarray(0, -1)),
    fc.constantFrom(
      Buffer.from('{"message":"a","message":"b","message":{"c":1}}'),
      Buffer.from(`${"[".repeat(3000)}${"]".repeat(3000)}`),
      Buffer.from('{"message":"\\ud800"}'),
      Buffer.from([0x7b, 0x22, 0x6d, 0xff, 0xfe, 0x22, 0x3a, 0x31, 0x7d]),
    ),
  );
}

function encodeURIComponentSafely(part: string): string {
  return encodeURIComponent(part.toWellFormed());
}

/** Encodes allowed header characters as the bytes of UTF-8. */
function toHeaderValue(part: string): string {
  const bytes = [...Buffer.from(part.toWellFormed())].filter((byte) => byte === 9 || (byte >= 32 && byte !== 127));
  return Buffer.from(bytes.slice(0, 3000)).toString("latin1");
}
