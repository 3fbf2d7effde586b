import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigError, readConfig } from "../../../../shared/config/config.ts";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import type { Script, Step } from "../../../../tools/fake-provider/fake-script.ts";
import { type Provider, ProviderError, type ProviderErrorCode } from "../provider.ts";
import { collect, providerSuite, testRequest } from "../provider.testsuite.ts";
import { threadsSuite } from "../threads.testsuite.ts";
import { createOpenaiProvider, openaiFromConfig } from "./openai.ts";

providerSuite("openai", (upstream) => createOpenaiProvider({ ...upstream, model: "test-model" }), {
  cacheUsage: ["cachedInputTokens", "cacheWriteTokens"],
  work: {
    "a thought": { type: "response.reasoning_text.delta", delta: "Hm." },
    "a summary of thoughts": { type: "response.reasoning_summary_text.delta", delta: "Hm." },
    "a tool": { type: "response.web_search_call.searching", item_id: "ws_1" },
    "the input of a tool": { type: "response.function_call_arguments.delta", delta: "{" },
    "an event that is not known": { type: "response.news" },
  },
  alive: {
    "a keep-alive": { type: "keepalive", sequence_number: 3 },
    "the head of a thought": { type: "response.output_item.added", item: { type: "reasoning" } },
  },
});
threadsSuite("openai", (upstream) => createOpenaiProvider({ ...upstream, model: "test-model" }));

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

const openai = () => createOpenaiProvider({ baseUrl: fake.url, apiKey: "sk-1", model: "test-model" });

function answerTo(...scripts: Script[]) {
  fake.next(...scripts);
  return collect(openai());
}

/** An event in the words of the API, in the midst of what the fake says. */
function event(data: unknown): Step {
  return { raw: `data: ${JSON.stringify(data)}\n\n` };
}

/** Nothing but these events. */
function events(...data: unknown[]): Script {
  return {
    headers: { "content-type": "text/event-stream" },
    body: data.map((item) => `data: ${JSON.stringify(item)}\n\n`).join(""),
  };
}

describe("request for a response", () => {
  const common = {
    model: "test-model",
    instructions: "Be brief.",
    max_output_tokens: 77,
    safety_identifier: "a-conversation",
    prompt_cache_key: "a-conversation",
    store: false,
    stream: true,
  };

  it("contains instructions, history and limits, and is not stored", async () => {
    await answerTo({});
    const { request } = await fake.waitForCall(1);
    expect(request.path).toBe("/v1/responses");
    expect(request.headers).toMatchObject({ authorization: "Bearer sk-1", "content-type": "application/json" });
    expect(request.body).toEqual({
      ...common,
      input: [
        { type: "message", role: "user", content: "Hello" },
        { type: "message", role: "assistant", content: "Hi! What can I do for you?" },
        { type: "message", role: "user", content: "My secret question" },
      ],
    });
  });

  it("contains only the last message within an OpenAI conversation", async () => {
    await collect(openai(), { request: { ...testRequest, threadId: "conv_1" } });
    expect(fake.calls[0]?.request.body).toEqual({
      ...common,
      conversation: "conv_1",
      input: [{ type: "message", role: "user", content: "My secret question" }],
    });
  });

  it.each([
    ["openai", "own-model", "own-model"],
    [undefined, "model-of-another-provider", "test-model"],
    ["compatible", "model-of-another-provider", "test-model"],
    ["openai", undefined, "test-model"],
  ] as const)("of an assistant with provider %s and model %s asks for %s", async (provider, model, expected) => {
    const request = { ...testRequest, assistant: { ...testRequest.assistant, provider, model } };
    await collect(openai(), { request });
    expect(fake.calls[0]?.request.model).toBe(expected);
  });

  it("never asks for fewer tokens than the API allows", async () => {
    const request = { ...testRequest, assistant: { ...testRequest.assistant, maxOutputTokens: 1 } };
    await collect(openai(), { request });
    expect(fake.calls[0]?.request.body).toMatchObject({ max_output_tokens: 16 });
  });

  it("works with a base URL that ends in a slash", async () => {
    const provider = createOpenaiProvider({ baseUrl: `${fake.url}/`, apiKey: "sk-1", model: "test-model" });
    expect((await collect(provider)).error).toBeUndefined();
  });

  it("reuses the connection of the previous one", async () => {
    const provider = openai();
    for (let i = 0; i < 3; i++) await collect(provider);
    expect(new Set(fake.calls.map(({ request }) => request.clientPort)).size).toBe(1);
  });

  it("is made once, whatever is returned", async () => {
    await answerTo({ status: 500 });
    await answerTo({ status: 429, headers: { "retry-after": "0", "x-should-retry": "true" } });
    await answerTo({ before: { cut: true } });
    expect(fake.calls).toHaveLength(3);
  });

  it("takes nothing from the environment", async () => {
    vi.stubEnv("OPENAI_ORG_ID", "org-of-somebody");
    vi.stubEnv("OPENAI_PROJECT_ID", "project-of-somebody");
    await answerTo({});
    vi.unstubAllEnvs();
    expect(JSON.stringify(fake.calls[0]?.request.headers)).not.toContain("of-somebody");
  });
});

describe("response", () => {
  it("consists of its text: no reasoning, tools or unknown parts", async () => {
    const { text, error } = await answerTo({
      steps: [
        event({ type: "response.output_item.added", item: { type: "reasoning", summary: [] } }),
        event({ type: "response.reasoning_summary_text.delta", delta: "Hm." }),
        event({ type: "response.reasoning_text.delta", delta: "Hm!" }),
        "Yes.",
        event({ type: "response.web_search_call.searching", item_id: "ws_1" }),
        event({ type: "response.something.new", delta: "?" }),
      ],
    });
    expect(error).toBeUndefined();
    expect(text).toBe("Yes.");
  });

  it("joins two messages as paragraphs", async () => {
    const message = event({ type: "response.output_item.added", item: { type: "message", role: "assistant" } });
    expect((await answerTo({ steps: ["One.", message, message, "Two", "."] })).text).toBe("One.\n\nTwo.");
  });

  const message = (...texts: string[]) => ({
    type: "message",
    content: texts.map((text) => ({ type: "output_text", text })),
  });
  const completed = (...output: object[]) => ({ type: "response.completed", response: { output } });
  const partDone = (text: string, index = 0) => ({ type: "response.output_text.done", content_index: index, text });
  const contentPartDone = (text: string) => ({
    type: "response.content_part.done",
    part: { type: "output_text", text },
  });
  const itemDone = (item: object) => ({ type: "response.output_item.done", item });
  const added = { type: "response.output_item.added", item: { type: "message" } };
  const said = (delta: string, index = 0) => ({ type: "response.output_text.delta", content_index: index, delta });

  it.each<[string, string, object[]]>([
    ["at its end alone", "Yes.", [completed({ type: "reasoning", summary: [] }, message("Yes."))]],
    ["at its end alone, in two messages", "One.\n\nTwo.", [completed(message("One."), message("Two."))]],
    ["at the end of a part", "Yes.", [partDone("Yes."), completed()]],
    ["at the end of a part, twice", "Yes.", [partDone("Yes."), contentPartDone("Yes."), completed()]],
    ["as the content of a part", "Yes.", [added, contentPartDone("Yes."), completed()]],
    ["in one field at its end", "Yes.", [{ type: "response.completed", response: { output_text: "Yes." } }]],
    ["before an end of another name", "Yes.", [said("Yes."), { type: "response.done", response: {} }]],
    ["at the end of a message", "Yes.", [added, itemDone(message("Yes.")), completed()]],
    ["at each end", "Yes.", [added, partDone("Yes."), itemDone(message("Yes.")), completed(message("Yes."))]],
    [
      "in deltas, and at each end",
      "Yes.",
      [added, said("Ye"), said("s."), partDone("Yes."), itemDone(message("Yes.")), completed(message("Yes."))],
    ],
    [
      "in two parts",
      "One. Two.",
      [said("One. "), partDone("One. "), partDone("Two.", 1), itemDone(message("One. ", "Two."))],
    ],
    ["in two parts that are alike", "haha", [partDone("ha"), partDone("ha", 1), completed(message("ha", "ha"))]],
    ["in deltas that lack the end", "One, two.", [said("One"), partDone("One, two."), completed(message("One, two."))]],
    [
      "of two messages in deltas and whole",
      "One.\n\nTwo.",
      [added, said("One."), itemDone(message("One.")), added, said("Two."), itemDone(message("Two."))],
    ],
    ["as a refusal", "No.", [completed({ type: "message", content: [{ type: "refusal", refusal: "No." }] })]],
  ])("whose text comes %s is shown once", async (_, text, steps) => {
    const last = steps.at(-1);
    const end = last && "response" in last ? [] : [completed()];
    const collected = await answerTo(events(...steps, ...end));
    expect([collected.text, collected.error]).toEqual([text, undefined]);
  });

  it("is read if it is not streamed", async () => {
    const usage = { input_tokens: 7, output_tokens: 3 };
    const body = { object: "response", status: "completed", model: "m-1", output: [message("Yes.")], usage };
    for (const json of [JSON.stringify(body), JSON.stringify(body, null, 2)]) {
      const { text, finish } = await answerTo({ headers: { "content-type": "application/json" }, body: json });
      expect(text).toBe("Yes.");
      expect(finish).toMatchObject({ finishReason: "stop", model: "m-1", usage: { inputTokens: 7, outputTokens: 3 } });
    }
  });

  it.each([
    ["max_output_tokens", "length"],
    ["content_filter", "content_filter"],
    ["SAFETY", "content_filter"],
    ["model_context_window_exceeded", "length"],
  ])("that is incomplete for %s ends with %s, also where it is called completed", async (reason, expected) => {
    for (const type of ["response.incomplete", "response.completed"]) {
      const ended = { type, response: { incomplete_details: { reason } } };
      const { text, finish } = await answerTo(events(said("So far"), ended));
      expect([text, finish?.finishReason]).toEqual(["So far", expected]);
    }
  });

  it("is an error if incomplete because its server failed", async () => {
    const ended = { type: "response.incomplete", response: { incomplete_details: { reason: "server_error" } } };
    expect((await answerTo(events(said("So far"), ended))).error).toMatchObject({ code: "overloaded" });
  });

  it.each([
    ["another one", "resp_2", "malformed"],
    ["itself", "resp_1", undefined],
  ])("in whose stream %s begins is whole only if it is the same", async (_, id, code) => {
    const created = (each: string) => ({ type: "response.created", response: { id: each } });
    const { error } = await answerTo(events(created("resp_1"), said("Yes"), created(id), said("."), completed()));
    expect((error as ProviderError | undefined)?.code).toBe(code);
  });

  it("keeps its text if stopped by the content filter", async () => {
    const { text, finish } = await answerTo({ steps: ["So far"], finishReason: "content_filter" });
    expect(text).toBe("So far");
    expect(finish?.finishReason).toBe("content_filter");
  });

  it("counts as cut off if incomplete for an unknown reason", async () => {
    const ended = { type: "response.incomplete", response: { incomplete_details: { reason: "steered" } } };
    expect((await answerTo(events(ended))).finish?.finishReason).toBe("length");
  });

  it("reports model and usage at its end", async () => {
    const usage = { input_tokens: 7, input_tokens_details: { cached_tokens: 0 }, output_tokens: 3 };
    const ended = { type: "response.completed", response: { model: "big-1-2026-11", usage } };
    expect((await answerTo(events(ended))).finish).toEqual({
      type: "finish",
      finishReason: "stop",
      model: "big-1-2026-11",
      usage: { inputTokens: 7, cachedInputTokens: 0, outputTokens: 3 },
    });
  });

  it.each<[string, Script]>([
    ["stays open after its end", { end: false }],
    ["is cut after its end", { steps: ["All.", event({ type: "response.completed", response: {} }), { cut: true }] }],
    [
      "is followed by an error",
      { steps: ["All.", event({ type: "response.completed", response: {} }), event({ type: "error", code: "x" })] },
    ],
    ["is followed by an end mark", { steps: ["All.", { raw: "data: [DONE]\n\n" }] }],
  ])("that %s is whole", async (_, script) => {
    const { text, finish, error } = await answerTo({ steps: ["All."], ...script });
    expect(error).toBeUndefined();
    expect(text).toBe("All.");
    expect(finish?.finishReason).toBe("stop");
  });

  it.each<[string, unknown, ProviderErrorCode]>([
    ["fails", { type: "response.failed", response: { error: { code: "server_error", message: "no" } } }, "overloaded"],
    ["fails for its prompt", { type: "response.failed", response: { error: { code: "invalid_prompt" } } }, "rejected"],
    ["fails without a word", { type: "response.failed", response: { error: null } }, "overloaded"],
    ["is cancelled", { type: "response.cancelled", response: { status: "cancelled" } }, "overloaded"],
    ["breaks off", { type: "error", code: "rate_limit_exceeded", message: "slow down", param: null }, "overloaded"],
    ["breaks off by our fault", { type: "error", error: { type: "invalid_request_error", code: null } }, "rejected"],
    ["breaks off in words of a proxy", { error: { code: 401, message: "no" } }, "rejected"],
  ])("that %s is an error, after its text so far", async (_, data, code) => {
    const { text, error } = await answerTo({ steps: ["So far", event(data), "never seen"] });
    expect(text).toBe("So far");
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ code });
  });

  it.each<[string, unknown]>([
    ["has no type", { delta: "x" }],
    ["says no text", { type: "response.output_text.delta", delta: 42 }],
    ["ends nothing", { type: "response.completed" }],
  ])("with an event that %s is malformed", async (_, data) => {
    const { text, error } = await answerTo({ steps: ["So far", event(data)] });
    expect(text).toBe("So far");
    expect(error).toMatchObject({ code: "malformed" });
  });
});

describe("error message", () => {
  it.each([
    ["a string", '{"error":"Incorrect API key provided"}'],
    ["a detail", '{"detail":"Invalid API key"}'],
    ["words", "Invalid API key"],
  ])("says that the key is refused where %s with status 400 says so", async (_, body) => {
    const { error } = await answerTo({ status: 400, body });
    expect(error).toMatchObject({ code: "rejected", status: 400, refusedKey: true });
    expect((error as Error).message).toContain("check OPENAI_API_KEY");
  });

  it("names the fields of OpenAI's error and what to check", async () => {
    const body = JSON.stringify({ error: { message: "long story", type: "invalid_request_error", code: "bad_key" } });
    const { error } = await answerTo({ status: 401, body });
    expect((error as Error).message).toBe("HTTP 401 (invalid_request_error, bad_key): check OPENAI_API_KEY");
  });

  it("distinguishes an account without credit from a busy server", async () => {
    const body = JSON.stringify({ error: { type: "insufficient_quota", code: "insufficient_quota" } });
    const { error } = await answerTo({ status: 429, headers: { "retry-after": "1" }, body });
    expect(error).toMatchObject({ code: "rejected", status: 429 });
    expect((error as Error).message).toContain("billing");
  });
});

describe("OpenAI conversation", () => {
  const filled = async (threads: Provider["threads"]) => {
    const { signal } = new AbortController();
    const id = (await threads?.create(signal)) ?? "";
    await threads?.fill(id, testRequest.prompt, signal);
    return id;
  };

  it("is deleted after its items, even if some are already gone", async () => {
    const { threads } = openai();
    const { signal } = new AbortController();
    const id = await filled(threads);
    fake.threads.next({}, { status: 404 });
    await threads?.delete(id, signal);
    const calls = fake.threads.calls.map(({ request }) => `${request.method} ${request.path}`);
    const items = `/v1/conversations/${id}/items`;
    expect(calls.slice(0, 3)).toEqual(["POST /v1/conversations", `POST ${items}`, `GET ${items}`]);
    expect(calls.slice(3, -1).toSorted()).toEqual(Array.from({ length: 3 }, (_, i) => `DELETE ${items}/item_${i + 1}`));
    expect(calls.at(-1)).toBe(`DELETE /v1/conversations/${id}`);
  });

  it("is kept while an item cannot be deleted", async () => {
    const { threads } = openai();
    const { signal } = new AbortController();
    const id = await filled(threads);
    fake.threads.next({}, { status: 500 });
    await expect(threads?.delete(id, signal)).rejects.toMatchObject({ status: 500 });
    expect(fake.threads.deleted).toEqual([]);
    await threads?.delete(id, signal);
    expect(fake.threads.deleted).toEqual([id]);
  });
});

describe("openai provider from the configuration", () => {
  const environment = { DATABASE_URL: "postgres://localhost/parley" };

  it("calls the configured server", async () => {
    const config = readConfig({ ...environment, OPENAI_BASE_URL: fake.url, OPENAI_MODEL: "m", OPENAI_API_KEY: "k" });
    const provider = openaiFromConfig(config);
    expect((await collect(provider)).text).toBe("Hello from the fake.");
    expect(fake.calls.at(-1)?.request).toMatchObject({ model: "m", headers: { authorization: "Bearer k" } });
    expect(provider.upstream).toBe(fake.url);
  });

  it("rejects a key that no header can hold, without printing it", () => {
    const config = readConfig({ ...environment, OPENAI_API_KEY: "sk-12345\nsk-67890" });
    expect(() => openaiFromConfig(config)).toThrow(/^OPENAI_API_KEY: (?!.*sk-)/);
  });

  it("requires a key", () => {
    expect(() => openaiFromConfig(readConfig(environment))).toThrow(ConfigError);
  });
});
