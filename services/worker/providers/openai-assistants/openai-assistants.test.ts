import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError, readConfig } from "../../../../shared/config/config.ts";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import type { Script, Step } from "../../../../tools/fake-provider/fake-script.ts";
import { ProviderError, type ProviderErrorCode } from "../provider.ts";
import { collect, providerSuite, testRequest } from "../provider.testsuite.ts";
import { threadsSuite } from "../threads.testsuite.ts";
import { defaultTimeouts } from "../timeouts.ts";
import { createAssistantsProvider, openaiAssistantsFromConfig } from "./openai-assistants.ts";

const request = { ...testRequest, threadId: "thread_before" };

providerSuite("openai-assistants", (upstream) => createAssistantsProvider({ ...upstream, assistantId: "asst_test" }), {
  request,
  work: {
    "a step": { id: "step_1", object: "thread.run.step", status: "in_progress" },
    "the input of a tool": { id: "step_1", object: "thread.run.step.delta", delta: {} },
  },
  alive: {},
});
threadsSuite("openai-assistants", (upstream) => createAssistantsProvider({ ...upstream, assistantId: "asst_test" }));

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

const assistants = (timeouts = defaultTimeouts) =>
  createAssistantsProvider({ baseUrl: fake.url, apiKey: "sk-1", assistantId: "asst_test", timeouts });

function answerTo(...scripts: Script[]) {
  fake.next(...scripts);
  return collect(assistants(), { request });
}

/** An event in the words of the API, in the midst of what the fake says. */
function event(data: unknown): Step {
  return { raw: `data: ${JSON.stringify(data)}\n\n` };
}

const run = (status: string, more: object = {}) => event({ object: "thread.run", id: "run_fake-1", status, ...more });

describe("request for a run", () => {
  it("contains our instructions and limits, and adds the message to the thread", async () => {
    await answerTo({});
    const { path, headers, body } = (await fake.waitForCall(1)).request;
    expect(path).toBe("/v1/threads/thread_before/runs");
    expect(headers).toMatchObject({ authorization: "Bearer sk-1", "openai-beta": "assistants=v2" });
    expect(body).toEqual({
      assistant_id: "asst_test",
      instructions: "Be brief.",
      additional_messages: [{ role: "user", content: "My secret question" }],
      max_completion_tokens: 256,
      stream: true,
    });
  });

  it.each([
    ["openai-assistants", "own-model", "own-model"],
    ["openai", "model-of-another-provider", undefined],
    [undefined, "model-of-another-provider", undefined],
  ] as const)("of an assistant with provider %s and model %s asks for %s", async (provider, model, expected) => {
    const assistant = { ...testRequest.assistant, provider, model, maxOutputTokens: 500 };
    await collect(assistants(), { request: { ...request, assistant } });
    const { body } = (await fake.waitForCall(1)).request;
    expect(body).toMatchObject({ max_completion_tokens: 500 });
    expect((body as { model?: string }).model).toBe(expected);
  });

  it("requires a thread", async () => {
    expect((await collect(assistants(), { request: testRequest })).error).toBeInstanceOf(TypeError);
    expect(fake.calls).toEqual([]);
  });

  it("is refused for a thread id that changes the path", async () => {
    const { error } = await collect(assistants(), { request: { ...request, threadId: ".." } });
    expect(error).toMatchObject({ name: "ProviderError", code: "rejected" });
    expect(fake.stats.total).toBe(0);
  });
});

describe("run", () => {
  it.each<[string, (abort: AbortController) => Promise<unknown>]>([
    ["is aborted", (abort) => collect(assistants(), { request, signal: abort.signal, onDelta: () => abort.abort() })],
    ["is silent for too long", () => collect(assistants({ ...defaultTimeouts, betweenTokensMs: 50 }), { request })],
    [
      "is read no further",
      async (abort) => {
        for await (const said of assistants().stream(request, abort.signal)) if (said.type === "delta") break;
      },
    ],
  ])("that %s is cancelled upstream", async (_, use) => {
    fake.next({ steps: ["So far", { stall: true }] });
    await use(new AbortController());
    const cancel = await fake.threads.waitForCall(1);
    expect(cancel.request).toMatchObject({ method: "POST", path: "/v1/threads/thread_before/runs/run_fake-1/cancel" });
    expect((await cancel.ended).how).toBe("answered");
  });

  it("is cancelled without waiting for the response", async () => {
    const abort = new AbortController();
    fake.next({ steps: ["So far", { stall: true }] });
    fake.threads.next({ before: { stall: true } });
    const { error } = await collect(assistants(), { request, signal: abort.signal, onDelta: () => abort.abort() });
    expect(error).toBe(abort.signal.reason);
  });

  it.each<[string, Script]>([
    ["completed", {}],
    ["failed", { finishReason: "error" }],
    ["was cut off by its limit", { finishReason: "length" }],
  ])("that %s is not cancelled", async (_, script) => {
    await answerTo(script);
    // A call about a thread comes after any cancel there was.
    await assistants().threads?.delete("thread_before", new AbortController().signal);
    expect(fake.threads.calls.map((call) => call.request.method)).toEqual(["DELETE"]);
  });

  it("consists of its text: no steps, files or unknown parts", async () => {
    const { text, error } = await answerTo({
      steps: [
        event({ object: "thread.run.step", status: "in_progress" }),
        event({ object: "thread.run.step.delta", delta: { step_details: {} } }),
        event({
          object: "thread.message.delta",
          delta: {
            content: [
              { type: "image_file", index: 0 },
              { type: "text", text: { value: "Yes." } },
            ],
          },
        }),
        event({ object: "thread.message.delta", delta: {} }),
        event({ object: "thread.something" }),
      ],
    });
    expect(error).toBeUndefined();
    expect(text).toBe("Yes.");
  });

  it("joins two messages as paragraphs", async () => {
    const message = event({ object: "thread.message", status: "in_progress" });
    expect((await answerTo({ steps: ["One.", message, message, "Two", "."] })).text).toBe("One.\n\nTwo.");
  });

  it.each<[string, Script]>([
    ["in its message", { steps: ["So far"], finishReason: "content_filter" }],
    ["without saying why", { steps: ["So far", run("incomplete", { incomplete_details: null })] }],
  ])("that the content filter stopped %s keeps its text", async (_, script) => {
    const { text, finish } = await answerTo(script);
    expect(text).toBe("So far");
    expect(finish?.finishReason).toBe("content_filter");
  });

  it("with another run in its stream is malformed, and that run is cancelled", async () => {
    const other = event({ object: "thread.run", id: "run_2", status: "in_progress" });
    const { text, error } = await answerTo({ steps: ["So far", run("in_progress"), other, "never seen"] });
    expect(text).toBe("So far");
    expect(error).toMatchObject({ code: "malformed" });
    const cancelled = await fake.threads.waitForCall(1);
    expect(cancelled.request.path).toBe("/v1/threads/thread_before/runs/run_2/cancel");
  });

  it.each([
    ["max_prompt_tokens", "length"],
    ["content_filter", "content_filter"],
  ])("that is incomplete for %s ends with %s", async (reason, expected) => {
    const { finish } = await answerTo({ steps: ["So far", run("incomplete", { incomplete_details: { reason } })] });
    expect(finish?.finishReason).toBe(expected);
  });

  it("without its end mark is complete", async () => {
    const { text, finish, error } = await answerTo({ steps: ["All."], done: false });
    expect(error).toBeUndefined();
    expect(text).toBe("All.");
    expect(finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 10, outputTokens: 1 } });
  });

  it.each<[string, Step, ProviderErrorCode]>([
    ["fails", run("failed", { last_error: { code: "rate_limit_exceeded", message: "no" } }), "overloaded"],
    ["fails for its prompt", run("failed", { last_error: { code: "invalid_prompt" } }), "rejected"],
    ["expires", run("expired"), "overloaded"],
    ["is cancelled by somebody else", run("cancelled"), "overloaded"],
    ["waits for a function", run("requires_action"), "rejected"],
    ["breaks off", event({ code: "server_error", message: "no", param: null, type: null }), "overloaded"],
    ["breaks off in words of a proxy", event({ error: { code: 401 } }), "rejected"],
    ["says what is no event", event({ delta: "x" }), "malformed"],
    ["says what is no text", event({ object: "thread.message.delta", delta: { content: "x" } }), "malformed"],
  ])("that %s is an error, after its text so far", async (_, step, code) => {
    const { text, error } = await answerTo({ steps: ["So far", step, "never seen"] });
    expect(text).toBe("So far");
    expect(error).toBeInstanceOf(ProviderError);
    expect(error).toMatchObject({ code });
  });
});

describe("openai-assistants provider from the configuration", () => {
  const environment = { DATABASE_URL: "postgres://localhost/parley" };

  it("calls the configured server and assistant", async () => {
    const keys = { OPENAI_BASE_URL: fake.url, OPENAI_API_KEY: "k", OPENAI_ASSISTANT_ID: "asst_1" };
    const provider = openaiAssistantsFromConfig(readConfig({ ...environment, ...keys }));
    const { text, finish } = await collect(provider, { request });
    expect(text).toBe("Hello from the fake.");
    expect(finish?.model).toBe("asst_1");
    expect(fake.calls.at(-1)?.request).toMatchObject({ headers: { authorization: "Bearer k" } });
    expect(provider.threads?.required).toBe(true);
  });

  it("rejects a key that no header can hold, without printing it", () => {
    const keys = { OPENAI_API_KEY: "sk-12345\nsk-67890", OPENAI_ASSISTANT_ID: "asst_1" };
    expect(() => openaiAssistantsFromConfig(readConfig({ ...environment, ...keys }))).toThrow(
      /^OPENAI_API_KEY: (?!.*sk-)/,
    );
  });

  it("requires a key and an assistant", () => {
    expect(() => openaiAssistantsFromConfig(readConfig(environment))).toThrow(ConfigError);
    const config = readConfig({ ...environment, OPENAI_API_KEY: "k" });
    expect(() => openaiAssistantsFromConfig(config)).toThrow(ConfigError);
  });
});
