import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../../../shared/config/config.ts";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../../tools/fake-provider/fake-script.ts";
import { Meter } from "../meter.ts";
import { ProviderError, type ProviderErrorCode } from "../provider.ts";
import { collect, providerSuite, testRequest } from "../provider.testsuite.ts";
import { compatibleFromConfig, createCompatibleProvider } from "./compatible.ts";
import { fromAnswer } from "./to-error.ts";
import { completionsUrl } from "./to-request.ts";

providerSuite("compatible", (upstream) => createCompatibleProvider({ ...upstream, model: "test-model" }), {
  cacheUsage: ["cachedInputTokens"],
  work: {
    "a thought of vLLM or DeepSeek": chunkOf({ reasoning_content: "Hm." }),
    "a thought of OpenRouter or Ollama": chunkOf({ content: "", reasoning: "Hm." }),
    "a thought in details": chunkOf({ reasoning_details: [{ type: "reasoning.encrypted", data: "x" }] }),
    "a thought of Cohere or Mistral": chunkOf({ thinking: "Hm." }),
    "a tool": chunkOf({ tool_calls: [{ index: 0, function: { name: "search" } }] }),
  },
  alive: {},
});

function chunkOf(delta: object): object {
  return { choices: [{ index: 0, delta, finish_reason: null }] };
}

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

function answerTo(...scripts: Script[]) {
  fake.next(...scripts);
  return collect(createCompatibleProvider({ baseUrl: fake.url, model: "test-model" }));
}

const events = (...data: unknown[]): Script => ({
  headers: { "content-type": "text/event-stream" },
  body: data.map((item) => `data: ${typeof item === "string" ? item : JSON.stringify(item)}\n\n`).join(""),
});

describe("meter of a call", () => {
  it("counts the bytes of everything written, thoughts included, if no usage is sent", async () => {
    const meter = new Meter();
    fake.next({ steps: ["<think>Hm", ".</think>", "Né⠿"], usage: null });
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
    expect((await collect(provider, { request: { ...testRequest, meter } })).text).toBe("Né⠿");
    expect(meter).toMatchObject({ whole: true, usage: undefined, bytes: 24 });
  });
});

describe("request to a compatible server", () => {
  it("contains instructions, history and limits, and asks for a stream with usage", async () => {
    await collect(createCompatibleProvider({ baseUrl: fake.url, apiKey: "sk-1", model: "test-model" }));
    const { request } = await fake.waitForCall(1);
    expect(request.body).toEqual({
      model: "test-model",
      messages: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Hello" },
        { role: "assistant", content: "Hi! What can I do for you?" },
        { role: "user", content: "My secret question" },
      ],
      max_tokens: 77,
      stream: true,
      stream_options: { include_usage: true },
    });
    expect(request.headers).toMatchObject({ authorization: "Bearer sk-1", "content-type": "application/json" });
  });

  it("has no Authorization header without a key", async () => {
    await answerTo({});
    expect(fake.calls[0]?.request.headers).not.toHaveProperty("authorization");
  });

  it.each([
    ["compatible", "own-model", "own-model"],
    [undefined, "model-of-another-provider", "test-model"],
    ["preset", "model-of-another-provider", "test-model"],
    ["compatible", undefined, "test-model"],
  ] as const)("of an assistant with provider %s and model %s asks for %s", async (provider, model, expected) => {
    const request = { ...testRequest, assistant: { ...testRequest.assistant, provider, model } };
    await collect(createCompatibleProvider({ baseUrl: fake.url, model: "test-model" }), { request });
    expect(fake.calls[0]?.request.model).toBe(expected);
  });

  it.each([
    ["http://host:11434/v1", "http://host:11434/v1/chat/completions"],
    ["http://host:11434/v1/", "http://host:11434/v1/chat/completions"],
    ["https://host", "https://host/chat/completions"],
    ["https://host/deploy/x?api-version=2", "https://host/deploy/x/chat/completions?api-version=2"],
  ])("below %s goes to %s", (baseUrl, expected) => {
    expect(completionsUrl(baseUrl).href).toBe(expected);
  });

  it("reuses the connection of the previous one", async () => {
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
    for (let i = 0; i < 3; i++) await collect(provider);
    expect(fake.calls).toHaveLength(3);
    expect(new Set(fake.calls.map(({ request }) => request.clientPort)).size).toBe(1);
  });

  it("is retried once if the server closes a kept connection at that moment", async () => {
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
    await collect(provider);
    fake.next({ before: { cut: true } }, { steps: ["here"] });
    expect(await collect(provider)).toMatchObject({ text: "here", error: undefined });
    expect(fake.calls).toHaveLength(3);

    await collect(provider);
    fake.next({ before: { cut: true } }, { before: { cut: true } });
    expect((await collect(provider)).error).toMatchObject({ code: "unreachable" });
    expect(fake.calls).toHaveLength(6);
  });

  it("is not retried on a new connection", async () => {
    expect((await answerTo({ before: { cut: true } })).error).toMatchObject({ code: "unreachable" });
    expect(fake.calls).toHaveLength(1);
  });
});

describe("deviating compatible server", () => {
  it.each([
    ["stop", "stop"],
    ["length", "length"],
    ["content_filter", "content_filter"],
    ["refusal", "refusal"],
    ["tool_calls", "stop"],
    ["eos", "stop"],
  ] as const)("ends with the finish reason %s, which is our %s", async (finishReason, expected) => {
    expect((await answerTo({ steps: ["x"], finishReason })).finish?.finishReason).toBe(expected);
  });

  it.each<[string, Script]>([
    ["sends no end mark", { done: false }],
    ["sends no finish reason, only the end mark", { finishReason: null }],
    ["stays silent after the usage", { end: false, done: false }],
    ["keeps the connection open after the end mark", { end: false }],
  ])("%s: the reply is whole", async (_, script) => {
    const { text, finish, error } = await answerTo({ steps: ["Hello."], ...script });
    expect(error).toBeUndefined();
    expect(text).toBe("Hello.");
    expect(finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 10, outputTokens: 1 } });
  });

  it.each<[string, Script]>([
    ["with the end mark", {}],
    ["with the end of the body", { done: false }],
    ["in silence", { end: false, done: false }],
  ])("finishes with each chunk, and ends %s: all of it is the reply", async (_, script) => {
    const said = (content: string) => ({ raw: finished({ content }) });
    // The first two show that this server goes on after it has finished; the pause is longer than for one that does not.
    const steps = [said("Please "), said("send it "), { waitMs: 1500 }, said("to "), { waitMs: 1500 }, said("us.")];
    const { text, finish, error } = await answerTo({ steps, ...script });
    expect(error).toBeUndefined();
    expect(text).toBe("Please send it to us.");
    expect(finish?.finishReason).toBe("stop");
  });

  it("that sends the finish reason first and thoughts later gives the whole reply", async () => {
    const thought = { raw: `data: ${JSON.stringify(chunkOf({ reasoning: "Hm." }))}\n\n` };
    const steps = [{ raw: finished({ content: "" }) }, { waitMs: 1500 }, thought, { waitMs: 1500 }, "Yes.", " No."];
    expect(await answerTo({ steps })).toMatchObject({ text: "Yes. No.", error: undefined });
  });

  it("that is cut after the finish reason gives the whole reply", async () => {
    const end = { raw: 'data: {"choices":[{"delta":{},"finish_reason":"length"}]}\n\n' };
    const { finish, text, error } = await answerTo({ steps: ["Hello.", end, { cut: true }] });
    expect(error).toBeUndefined();
    expect(text).toBe("Hello.");
    expect(finish).toEqual({ type: "finish", finishReason: "length", model: "test-model" });
  });

  it("that answers with one JSON body instead of a stream gives the reply", async () => {
    const { text, finish } = await answerTo({ whole: true, steps: ["Hello", " 👋"] });
    expect(text).toBe("Hello 👋");
    expect(finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 10, outputTokens: 2 } });
  });

  it("that answers with JSON that is no completion is malformed", async () => {
    expect((await answerTo({ body: '{"status":"ok"}' })).error).toMatchObject({ code: "malformed" });
    expect((await answerTo({ body: '{"choices":' })).error).toMatchObject({ code: "malformed" });
  });

  it("may send chunks without choices, empty finish reasons, nulls, and usage in each chunk", async () => {
    const { text, finish, error } = await answerTo(
      events(
        { choices: [], prompt_filter_results: [{}] },
        { choices: [{ delta: { role: "assistant", content: null }, finish_reason: "" }], usage: null },
        { choices: [{ delta: { content: "a" } }], usage: { prompt_tokens: 3, completion_tokens: 1 } },
        { choices: [{ delta: { content: "b" } }], usage: { prompt_tokens: 3, completion_tokens: 2 } },
        { choices: [{ delta: null, finish_reason: "stop" }], usage: { prompt_tokens: "?" } },
        "[DONE]",
      ),
    );
    expect(error).toBeUndefined();
    expect(text).toBe("ab");
    expect(finish?.usage).toEqual({ inputTokens: 3, outputTokens: 2 });
  });

  it("may begin with a byte order mark and end without an empty line", async () => {
    const chunk = JSON.stringify({ choices: [{ delta: { content: "a" } }] });
    const { text, finish } = await answerTo({
      headers: { "content-type": "text/event-stream" },
      body: `\uFEFFdata:${chunk}\n\ndata: [DONE]`,
    });
    expect(text).toBe("a");
    expect(finish?.finishReason).toBe("stop");
  });

  it("that never ends an error body is not waited for", async () => {
    const began = performance.now();
    const long = { raw: "x".repeat(4096) };
    await answerTo({ status: 500, steps: [long, { stall: true }] });
    expect(performance.now() - began).toBeLessThan(900);
  });

  it("may omit the content type", async () => {
    const chunk = JSON.stringify({ choices: [{ delta: { content: "a" }, finish_reason: "stop" }] });
    const script = { headers: { "content-type": "" }, body: `data: ${chunk}\n\n` };
    expect((await answerTo(script)).text).toBe("a");
  });

  it("that refuses in a field of its own gives that text", async () => {
    const { text, finish } = await answerTo(
      events(
        { choices: [{ delta: { refusal: "I can't " } }] },
        { choices: [{ delta: { refusal: "do that." } }] },
        { choices: [{ delta: {}, finish_reason: "stop" }] },
        "[DONE]",
      ),
    );
    expect(text).toBe("I can't do that.");
    expect(finish?.finishReason).toBe("refusal");
  });

  it.each<[string, unknown, ProviderErrorCode]>([
    ["a status as code", { code: 429, message: "slow down" }, "overloaded"],
    ["a status of our fault", { code: 400, message: "no" }, "rejected"],
    ["a name", { code: "server_error", type: "server_error" }, "overloaded"],
    ["a name of our fault", { code: null, type: "invalid_request_error", param: "max_tokens" }, "rejected"],
    ["only words", "the model has crashed", "overloaded"],
  ])("breaks off with an error in the stream, with %s", async (_, error, code) => {
    const collected = await answerTo(events({ choices: [{ delta: { content: "So far" } }] }, { error }));
    expect(collected.text).toBe("So far");
    expect(collected.error).toBeInstanceOf(ProviderError);
    expect(collected.error).toMatchObject({ code });
  });

  it("that stops with an error as finish reason is an error", async () => {
    expect((await answerTo({ steps: ["x"], finishReason: "error" })).error).toMatchObject({ code: "overloaded" });
  });

  it("that sends an error after the finish reason gives the whole reply", async () => {
    const end = { choices: [{ delta: { content: "All." }, finish_reason: "stop" }] };
    expect(await answerTo(events(end, { error: { code: 500 } }))).toMatchObject({ text: "All.", error: undefined });
  });

  it("that sends an endless event is malformed", async () => {
    const nine = { raw: `data: ${"x".repeat(9 * 1024 * 1024)}` };
    expect((await answerTo({ steps: [nine, { stall: true }] })).error).toMatchObject({ code: "malformed" });
  });
});

describe("compatible server that sends more than the reply", () => {
  const said = (content: string) => ({ choices: [{ delta: { content } }] });
  const end = { choices: [{ delta: {}, finish_reason: "stop" }] };

  it("sends thoughts within the text: only the rest is the reply", async () => {
    const { text } = await answerTo(events(said("<thi"), said("nk>No.</think>\n\nSor"), said("ry."), end, "[DONE]"));
    expect(text).toBe("Sorry.");
  });

  it("sends only thoughts: there is no text", async () => {
    const { text, finish, events: all } = await answerTo(events(said("<think>Let me "), said("see"), end, "[DONE]"));
    expect(text).toBe("");
    expect(all).toEqual([{ type: "progress", sign: "work" }, finish]);
  });

  it("repeats the whole text with its finish reason: it is shown once", async () => {
    const whole = { choices: [{ delta: { content: "You can return it within 30 days." }, finish_reason: "stop" }] };
    const { text } = await answerTo(events(said("You can "), said("return it within 30 days."), whole, "[DONE]"));
    expect(text).toBe("You can return it within 30 days.");
  });

  it("omits the opening tag of thoughts: one call fails, later ones are right", async () => {
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
    const { promise: shown, resolve } = Promise.withResolvers<void>();
    const rest = "is angry.</think>Sorry.";
    fake.next({ steps: ["The visitor ", { until: shown }, rest] }, { steps: ["The visitor ", { until: shown }, rest] });
    const { error } = await collect(provider, { onDelta: () => resolve() });
    expect(error).toMatchObject({ code: "malformed" });
    expect(error).toHaveProperty("message", expect.stringContaining("opening tag"));
    expect(await collect(provider)).toMatchObject({ text: "Sorry.", error: undefined });
  });

  it.each([
    { citations: ["https://example.com/a", "https://example.com/b"] },
    { search_results: [{ title: "A", url: "https://example.com/a" }, { title: "B" }] },
    {
      choices: [{ delta: { annotations: [1, 2].map((n) => ({ url_citation: { url: `https://example.com/${n}` } })) } }],
    },
    { choices: [{ delta: { context: { citations: [{ title: "A" }, { title: "B", url: null }] } } }] },
  ])("names its sources: the marks of them are gone: %j", async (sources) => {
    const { text, error } = await answerTo(
      events(sources, said("At nine ["), said("1], [2] or later."), end, "[DONE]"),
    );
    expect([text, error]).toEqual(["At nine, or later.", undefined]);
  });

  it("cites sources in an unknown form: they are ignored", async () => {
    const strange = {
      citations: { a: 1 },
      search_results: [1],
      choices: [{ delta: { content: "Hi.", annotations: "?" } }],
    };
    expect(await answerTo(events(strange, end, "[DONE]"))).toMatchObject({ text: "Hi.", error: undefined });
  });
});

function finished(delta: object): string {
  return `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: "stop" }] })}\n\n`;
}

describe("error message", () => {
  it("names the fields of the upstream's error and what to check", () => {
    const body = JSON.stringify({ error: { message: "long story", type: "invalid_request_error", code: "bad_key" } });
    const { message } = fromAnswer({ status: 401, body });
    expect(message).toBe("HTTP 401 (invalid_request_error, bad_key): check COMPATIBLE_API_KEY");
  });

  it("contains the status if the body is cut or odd", () => {
    expect(fromAnswer({ status: 500, body: '{"error":{"type":"a' }).message).toBe("HTTP 500");
    expect(fromAnswer({ status: 500, body: "[1]" }).message).toBe("HTTP 500");
    expect(fromAnswer({ status: 500, body: '{"error":{"type":["a"],"code":"two words"}}' }).message).toBe("HTTP 500");
  });
});

describe("compatible provider from the configuration", () => {
  const environment = { DATABASE_URL: "postgres://localhost/parley" };

  it("calls the configured server", async () => {
    const { url: COMPATIBLE_BASE_URL } = fake;
    const config = readConfig({ ...environment, COMPATIBLE_BASE_URL, COMPATIBLE_MODEL: "m", COMPATIBLE_API_KEY: "k" });
    expect((await collect(compatibleFromConfig(config))).text).toBe("Hello from the fake.");
    expect(fake.calls.at(-1)?.request).toMatchObject({ model: "m", headers: { authorization: "Bearer k" } });
  });

  it("rejects a key that no header can hold, without printing it", () => {
    const key = "sk-12345\nsk-67890";
    const config = readConfig({ ...environment, COMPATIBLE_BASE_URL: fake.url, COMPATIBLE_API_KEY: key });
    expect(() => compatibleFromConfig(config)).toThrow(/^COMPATIBLE_API_KEY: (?!.*sk-)/);
  });

  it("requires a server", () => {
    expect(() => compatibleFromConfig(readConfig(environment))).toThrow(ConfigError);
  });
});
