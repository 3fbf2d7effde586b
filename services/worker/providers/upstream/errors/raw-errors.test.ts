import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeProvider, type FakeProvider } from "../../../../../tools/fake-provider/fake-provider.ts";
import { createAnthropicProvider } from "../../anthropic/anthropic.ts";
import { createCompatibleProvider } from "../../compatible/compatible.ts";
import { createOpenaiProvider } from "../../openai/openai.ts";
import { createAssistantsProvider } from "../../openai-assistants/openai-assistants.ts";
import { collect, testRequest } from "../../provider.testsuite.ts";
import type { Provider, ProviderErrorCode } from "../../provider.ts";

const apiKey = "sk-test-123456789";

const providers = {
  compatible: (baseUrl: string) => createCompatibleProvider({ baseUrl, apiKey, model: "asked" }),
  openai: (baseUrl: string) => createOpenaiProvider({ baseUrl, apiKey, model: "asked" }),
  anthropic: (baseUrl: string) => createAnthropicProvider({ baseUrl, apiKey, model: "asked" }),
  "openai-assistants": (baseUrl: string) => createAssistantsProvider({ baseUrl, apiKey, assistantId: "asst_1" }),
} satisfies Record<string, (baseUrl: string) => Provider>;

interface Expected {
  code: ProviderErrorCode;
  /** In the message: its names, for the operator. */
  names?: string;
  refusedKey?: boolean;
}

/** Errors that gateways answer with status 200 in place of a reply, or in the middle of one. */
const answers: [string, string, Expected][] = [
  [
    "an error as a bare line",
    '{"error":{"message":"slow down","type":"rate_limit_error","code":429}}\n',
    { code: "overloaded", names: "rate_limit_error" },
  ],
  ["the words of FastAPI", '{"detail":"Invalid API key"}', { code: "rejected", refusedKey: true }],
  [
    "a list of FastAPI",
    '{"detail":[{"type":"missing","loc":["body","model"],"msg":"Field required"}]}',
    { code: "rejected", names: "missing, model" },
  ],
  [
    "an error over several lines",
    '{\n  "error": {\n    "message": "no",\n    "type": "invalid_request_error"\n  }\n}\n',
    { code: "rejected", names: "invalid_request_error" },
  ],
  ["an error as a string", '{"error":"Incorrect API key provided"}', { code: "rejected", refusedKey: true }],
  [
    "a bare object",
    '{"object":"error","message":"no","type":"NotFoundError","code":404}\n',
    { code: "rejected", names: "NotFoundError" },
  ],
  ["words", "Invalid API key\n", { code: "rejected", refusedKey: true }],
  ["words that nobody knows", "upstream connect error or reset before headers\n", { code: "malformed" }],
  [
    "words with a status",
    "HTTP 401: https://gateway.example/docs\n",
    { code: "rejected", names: "check", refusedKey: true },
  ],
  [
    "the name of an exception",
    "litellm.AuthenticationError: OpenAIException - no\n",
    { code: "rejected", names: "litellm.AuthenticationError", refusedKey: true },
  ],
  [
    "words as an event",
    "event: error\ndata: rate_limit_exceeded: try later\n\n",
    { code: "overloaded", names: "rate_limit_exceeded" },
  ],
  [
    "a name as an event",
    "event: error\ndata: authentication_error\n\n",
    { code: "rejected", names: "authentication_error", refusedKey: true },
  ],
  [
    "an object without a type as an event",
    'event: error\ndata: {"message":"Unauthorized","status":401}\n\n',
    { code: "rejected", names: "Unauthorized", refusedKey: true },
  ],
  [
    "an event of another name",
    'event: throttlingException\ndata: {"message":"Too many tokens"}\n\n',
    { code: "overloaded", names: "throttlingException" },
  ],
  ["a half line", '{"error":{"message":"My secr', { code: "malformed" }],
  ["a page", "<html>\n<body>Bad gateway</body>\n</html>\n", { code: "malformed" }],
];

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

const request = { ...testRequest, threadId: "thread_1" };

describe.each(Object.entries(providers))("%s, answered with status 200", (_provider, open) => {
  const ask = async (script: Parameters<FakeProvider["next"]>[0]) => {
    fake.next(script);
    return collect(open(fake.url), { request });
  };

  it.each(answers)("and %s: the log names its fields", async (_, body, { code, names = "", refusedKey }) => {
    for (const type of ["text/event-stream", "application/json"]) {
      const { error, text } = await ask({ headers: { "content-type": type }, body });
      expect(text).toBe("");
      expect(error).toMatchObject({ name: "ProviderError", code, refusedKey: refusedKey ?? false });
      expect((error as Error).message).toContain(names);
      if (refusedKey) expect((error as Error).message).toMatch(/check \w+_API_KEY/);
    }
  });

  it.each(answers)(
    "after some text, and %s: the log names its fields",
    async (_, body, { code, names = "", refusedKey }) => {
      const raw = `${body}\n`;
      for (const splitAt of [[], "every-byte"] as const) {
        const { error, text } = await ask({ steps: ["So far", { raw }], done: false, finishReason: null, splitAt });
        expect(text).toBe("So far");
        expect(error).toMatchObject({ name: "ProviderError", code, refusedKey: refusedKey ?? false });
        expect((error as Error).message).toContain(names);
      }
    },
  );

  it("and megabytes of words: gives up at once", async () => {
    const long = "Aa".repeat(2 * 1024 * 1024);
    for (const body of [`${long}\n`, JSON.stringify({ error: { message: long } }), `event: error\ndata: ${long}\n\n`]) {
      const { error } = await ask({ headers: { "content-type": "text/event-stream" }, body });
      expect(error).toMatchObject({ name: "ProviderError", retryable: true });
      expect((error as Error).message.length).toBeLessThan(200);
    }
  });

  it("and meaningless lines between its events: gives the reply", async () => {
    const noise = { raw: "foo: bar\nconnected\n\nevent: ping\ndata: ping\n\n" };
    const { text, error } = await ask({ steps: [noise, "Yes", noise, "."] });
    expect([text, error]).toEqual(["Yes.", undefined]);
  });
});
