import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../../../shared/config/config.ts";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../../tools/fake-provider/fake-script.ts";
import { Meter } from "../meter.ts";
import type { PromptMessage, ProviderErrorCode } from "../provider.ts";
import { collect, providerSuite, testRequest } from "../provider.testsuite.ts";
import { anthropicFromConfig, createAnthropicProvider } from "./anthropic.ts";
import { toBaseUrl, toRequest } from "./to-request.ts";

const apiKey = "sk-ant-1234567890";

providerSuite("anthropic", (upstream) => createAnthropicProvider({ ...upstream, model: "test-model" }), {
  cacheUsage: ["cachedInputTokens", "cacheWriteTokens"],
  work: {
    "a thought": { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hm." } },
    "the signature of a thought": { type: "content_block_delta", index: 0, delta: { type: "signature_delta" } },
    "a tool": { type: "content_block_start", index: 0, content_block: { type: "server_tool_use", name: "search" } },
    "the input of a tool": { type: "content_block_delta", index: 0, delta: { type: "input_json_delta" } },
  },
  alive: {
    "a ping": { type: "ping" },
    "the head of a thought": { type: "content_block_start", index: 0, content_block: { type: "thinking" } },
    "an event that is not known": { type: "news" },
  },
});

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

function create() {
  return createAnthropicProvider({ baseUrl: fake.url, apiKey, model: "test-model" });
}

function answerTo(...scripts: Script[]) {
  fake.next(...scripts);
  return collect(create());
}

type Event = { type: string } & Record<string, unknown>;

function events(...data: Event[]): Script {
  return {
    headers: { "content-type": "text/event-stream" },
    body: data.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(""),
  };
}

const text = (said: string, index = 0): Event => ({
  type: "content_block_delta",
  index,
  delta: { type: "text_delta", text: said },
});
const stop = (reason: string): Event => ({ type: "message_delta", delta: { stop_reason: reason } });

describe("request to Anthropic", () => {
  it("contains instructions, history and limits, and no sampling parameter", async () => {
    await collect(create());
    const { request } = await fake.waitForCall(1);
    expect(request.path).toBe("/v1/messages");
    expect(request.body).toEqual({
      model: "test-model",
      system: [{ type: "text", text: "Be brief.", cache_control: { type: "ephemeral" } }],
      messages: [
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi! What can I do for you?" },
        {
          role: "user",
          content: [{ type: "text", text: "My secret question", cache_control: { type: "ephemeral" } }],
        },
      ],
      max_tokens: 77,
      metadata: { user_id: "a-conversation" },
      stream: true,
    });
    expect(JSON.stringify(request.headers)).toContain(apiKey);
  });

  it.each([
    ["anthropic", "own-model", "own-model"],
    [undefined, "model-of-another-provider", "test-model"],
    ["openai", "model-of-another-provider", "test-model"],
    ["anthropic", undefined, "test-model"],
  ] as const)("of an assistant with provider %s and model %s asks for %s", (provider, model, expected) => {
    const request = { ...testRequest, assistant: { ...testRequest.assistant, provider, model } };
    expect(toRequest(request, "test-model").model).toBe(expected);
  });

  it.each<[string, PromptMessage[], [string, string][]]>([
    [
      "begins with the visitor",
      [assistant("Welcome!"), assistant("How can I help?"), user("Hi"), assistant("Yes?"), user("Well")],
      [
        ["user", "Hi"],
        ["assistant", "Yes?"],
        ["user", "Well"],
      ],
    ],
    [
      "has no blank turns",
      [user("Hi"), assistant(" \n"), user("Are you there?")],
      [
        ["user", "Hi"],
        ["user", "Are you there?"],
      ],
    ],
  ])("%s, as the API demands", (_, prompt, expected) => {
    const { messages } = toRequest({ ...testRequest, prompt }, "test-model");
    expect(messages.map(({ role, content }) => [role, typeof content === "string" ? content : content[0]])).toEqual([
      ...expected.slice(0, -1),
      [expected.at(-1)?.[0], expect.objectContaining({ text: expected.at(-1)?.[1] })],
    ]);
  });

  it.each([
    ["https://api.anthropic.com", "https://api.anthropic.com"],
    ["https://api.anthropic.com/", "https://api.anthropic.com"],
    ["https://proxy/anthropic/v1", "https://proxy/anthropic"],
    ["https://proxy/v1/", "https://proxy"],
  ])("below %s goes to %s/v1", (url, expected) => {
    expect(toBaseUrl(url)).toBe(expected);
  });

  it("reuses the connection of the previous one", async () => {
    const provider = create();
    for (let i = 0; i < 3; i++) await collect(provider);
    expect(new Set(fake.calls.map(({ request }) => request.clientPort)).size).toBe(1);
  });
});

describe("response of Anthropic", () => {
  it.each([
    ["end_turn", "stop"],
    ["stop_sequence", "stop"],
    ["max_tokens", "length"],
    ["model_context_window_exceeded", "length"],
    ["refusal", "refusal"],
    ["tool_use", "stop"],
    ["pause_turn", "stop"],
    ["a_reason_of_tomorrow", "stop"],
  ] as const)("that stops with %s finishes with %s", async (finishReason, expected) => {
    const collected = await answerTo({ steps: ["x"], finishReason });
    expect(collected).toMatchObject({ text: "x", error: undefined, finish: { finishReason: expected } });
  });

  it("consists of its text: no thinking, signatures or tools", async () => {
    const { text: said, error } = await answerTo(
      events(
        { type: "message_start", message: { model: "m" } },
        { type: "content_block_start", index: 0, content_block: { type: "thinking", thinking: "Hm", signature: "" } },
        { type: "content_block_delta", index: 0, delta: { type: "thinking_delta", thinking: "Hmm." } },
        { type: "content_block_delta", index: 0, delta: { type: "signature_delta", signature: "abc" } },
        { type: "content_block_stop", index: 0 },
        { type: "content_block_start", index: 1, content_block: { type: "redacted_thinking", data: "xyz" } },
        { type: "content_block_start", index: 2, content_block: { type: "text", text: "He" } },
        text("llo", 2),
        { type: "content_block_delta", index: 2, delta: { type: "citations_delta", citation: {} } },
        { type: "content_block_start", index: 3, content_block: { type: "tool_use", id: "t", name: "n", input: {} } },
        { type: "content_block_delta", index: 3, delta: { type: "input_json_delta", partial_json: "{}" } },
        text("!", 2),
        stop("end_turn"),
        { type: "message_stop" },
      ),
    );
    expect(error).toBeUndefined();
    expect(said).toBe("Hello!");
  });

  it("may contain unknown and unnamed events", async () => {
    const unnamed = { raw: `data: ${JSON.stringify(text("a"))}\n\n` };
    const unknown = { raw: 'event: applause\ndata: {"type":"applause"}\n\n' };
    expect(await answerTo({ steps: [unknown, unnamed, "b"] })).toMatchObject({ text: "ab", error: undefined });
  });

  it("reports usage incrementally, counted from the start", async () => {
    const { finish } = await answerTo(
      events(
        {
          type: "message_start",
          message: { model: "m", usage: { input_tokens: 5, cache_read_input_tokens: 900, output_tokens: 1 } },
        },
        text("x"),
        { ...stop("end_turn"), usage: { input_tokens: null, cache_creation_input_tokens: 20, output_tokens: 7 } },
        { type: "message_stop" },
      ),
    );
    expect(finish?.usage).toEqual({ inputTokens: 925, cachedInputTokens: 900, cacheWriteTokens: 20, outputTokens: 7 });
  });

  it("is complete at its stop reason, even if the connection breaks afterwards", async () => {
    const end = { raw: `data: ${JSON.stringify(stop("max_tokens"))}\n\n` };
    const collected = await answerTo({ steps: ["Hello.", end, { cut: true }] });
    expect(collected).toMatchObject({ text: "Hello.", error: undefined, finish: { finishReason: "length" } });
  });

  it.each<[string, Event]>([
    ["text that is none", { type: "content_block_delta", index: 0, delta: { type: "text_delta", text: 7 } }],
    ["a delta without a type", { type: "content_block_delta", index: 0 }],
    ["a start without a message", { type: "message_start" }],
  ])("with %s is malformed", async (_, event) => {
    const collected = await answerTo(events(text("So far"), event));
    expect(collected).toMatchObject({ text: "So far", error: { code: "malformed" } });
  });

  it("is read if it is not streamed", async () => {
    const content = [
      { type: "thinking", thinking: "Hm." },
      { type: "text", text: "Yes." },
    ];
    const usage = { input_tokens: 7, output_tokens: 3 };
    const body = { type: "message", role: "assistant", model: "m-1", content, stop_reason: "end_turn", usage };
    const answer = { headers: { "content-type": "application/json" }, body: JSON.stringify(body, null, 2) };
    const { text: read, finish } = await answerTo(answer);
    expect(read).toBe("Yes.");
    expect(finish).toMatchObject({ finishReason: "stop", model: "m-1", usage: { inputTokens: 7, outputTokens: 3 } });
  });

  it.each<[string, ProviderErrorCode, string?]>([
    ["overloaded_error", "overloaded"],
    ["rate_limit_error", "overloaded"],
    ["api_error", "overloaded"],
    ["timeout_error", "overloaded"],
    ["error_of_tomorrow", "overloaded"],
    ["invalid_request_error", "rejected"],
    ["authentication_error", "rejected", ": check ANTHROPIC_API_KEY"],
    ["permission_error", "rejected"],
    ["not_found_error", "rejected"],
    ["billing_error", "rejected", ": check the account's billing"],
  ])("that breaks off with %s is %s", async (type, code, hint = "") => {
    const collected = await answerTo(
      events(text("So far"), { type: "error", error: { type, message: `${apiKey}, My secret question` } }),
    );
    expect(collected).toMatchObject({
      text: "So far",
      error: { name: "ProviderError", code, message: `an error in the stream (${type})${hint}` },
    });
  });
});

describe("error message", () => {
  const credit = "Your credit balance is too low to access the Anthropic API.";

  it.each([
    ["the key", '{"error":{"message":"Invalid API key"}}', true, "check ANTHROPIC_API_KEY"],
    ["the key, in words", "Invalid API key", true, "check ANTHROPIC_API_KEY"],
    [
      "the credit",
      JSON.stringify({ type: "error", error: { type: "invalid_request_error", message: credit } }),
      false,
      "billing",
    ],
  ])("names what to check where status 400 is about %s", async (_, body, refusedKey, hint) => {
    const { error } = await answerTo({ status: 400, body });
    expect(error).toMatchObject({ code: "rejected", refusedKey });
    expect((error as Error).message).toContain(hint);
  });
});

describe("meter of an interrupted call", () => {
  it("has the prompt count that was sent first", async () => {
    const meter = new Meter();
    fake.next({ steps: ["So far", { cut: true }], usage: { inputTokens: 30, cachedInputTokens: 20, outputTokens: 9 } });
    await collect(create(), { request: { ...testRequest, meter } });
    expect(meter).toMatchObject({
      begun: true,
      whole: false,
      usage: { inputTokens: 30, cachedInputTokens: 20, outputTokens: 1 },
    });
  });
});

describe("error message", () => {
  it("names the fields of the API's error and what to check", async () => {
    const error = { type: "authentication_error", message: "long story" };
    const { error: thrown } = await answerTo({ status: 401, body: JSON.stringify({ type: "error", error }) });
    expect(thrown).toMatchObject({ message: "HTTP 401 (authentication_error): check ANTHROPIC_API_KEY" });
  });
});

describe("anthropic provider from the configuration", () => {
  const environment = { DATABASE_URL: "postgres://localhost/parley" };

  it.each([
    [{ ANTHROPIC_API_KEY: "key-a" }, "key-a"],
    [{ CLAUDE_API_KEY: "key-b" }, "key-b"],
    [{ ANTHROPIC_API_KEY: "key-a", CLAUDE_API_KEY: "key-b" }, "key-a"],
  ])("with %j calls the server named there with %j", async (keys, expected) => {
    const config = readConfig({ ...environment, ...keys, ANTHROPIC_BASE_URL: fake.url, ANTHROPIC_MODEL: "m" });
    expect((await collect(anthropicFromConfig(config))).text).toBe("Hello from the fake.");
    const { model, headers } = (await fake.waitForCall(1)).request;
    expect(model).toBe("m");
    expect(headers.authorization ?? headers["x-api-key"]).toContain(expected);
  });

  it.each(["ANTHROPIC_API_KEY", "CLAUDE_API_KEY"])("cannot have a %s that no header holds, nor tells it", (setting) => {
    const config = readConfig({ ...environment, [setting]: "sk-12345\nsk-67890" });
    expect(() => anthropicFromConfig(config)).toThrow(new RegExp(`^${setting}: (?!.*sk-)`));
  });

  it("requires a key", () => {
    expect(() => anthropicFromConfig(readConfig(environment))).toThrow(ConfigError);
  });
});

function user(said: string): PromptMessage {
  return { role: "user", text: said };
}

function assistant(said: string): PromptMessage {
  return { role: "assistant", text: said };
}
