import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startFakeProvider, type FakeProvider } from "../../../../tools/fake-provider/fake-provider.ts";
import { createAnthropicProvider } from "../anthropic/anthropic.ts";
import { createCompatibleProvider } from "../compatible/compatible.ts";
import { createOpenaiProvider } from "../openai/openai.ts";
import { createAssistantsProvider } from "../openai-assistants/openai-assistants.ts";
import { collect, testRequest } from "../provider.testsuite.ts";
import { defaultTimeouts } from "../timeouts.ts";
import type { Provider, ProviderErrorCode, ProviderEvent } from "../provider.ts";

type Api = "chat" | "responses" | "anthropic" | "assistants";
type FinishReason = Extract<ProviderEvent, { type: "finish" }>["finishReason"];

interface Expected {
  text?: string;
  finishReason?: FinishReason;
  error?: ProviderErrorCode;
  /** Part of the error's message. */
  hint?: string;
  model?: string;
  /** `null`: no count is better than the one that came. */
  usage?: { inputTokens: number; cachedInputTokens?: number; outputTokens: number } | null;
}

/** Streams as real servers send them; `docs/providers.md` names the servers. */
const cases: [Api, string, Expected][] = [
  [
    "chat",
    "compatible/replies/mistral-content-parts.sse",
    { text: "Your parcel ships tomorrow.", usage: used(10, 46) },
  ],
  [
    "chat",
    "compatible/replies/minimax-whole-message-at-the-end.sse",
    { text: "You can return it within 30 days.", usage: used(20, 9) },
  ],
  ["chat", "compatible/replies/xai-reasoning-not-in-completion-tokens.sse", { text: "Yes.", usage: used(12, 342, 11) }],
  ["chat", "compatible/replies/gemini-compat-thoughts-only-in-total.sse", { text: "Yes.", usage: used(35, 74) }],
  ["chat", "compatible/replies/think-tags-in-content.sse", { text: "I am sorry, that is not possible." }],
  ["chat", "compatible/errors/all-tokens-spent-on-reasoning.sse", { error: "rejected", hint: "maxOutputTokens (77)" }],
  [
    "chat",
    "compatible/errors/finish-deepseek-no-resource.sse",
    { error: "overloaded", hint: "insufficient_system_resource" },
  ],
  [
    "chat",
    "compatible/replies/finish-zai-sensitive.sse",
    { text: "So far the answer", finishReason: "content_filter" },
  ],
  [
    "chat",
    "compatible/replies/finish-gemini-safety.sse",
    { text: "So far the answer", finishReason: "content_filter" },
  ],
  ["chat", "compatible/replies/mistral-num-cached.sse", { text: "Yes.", usage: used(64, 6, 32) }],
  ["chat", "compatible/replies/deepseek-old.sse", { text: "Yes.", usage: used(64, 6, 32) }],
  ["chat", "compatible/replies/perplexity-citations.sse", { text: "The shop opens at nine.", usage: used(10, 4) }],
  [
    "responses",
    "openai/responses-incomplete-with-zero-usage.sse",
    { text: "In the middle of the", finishReason: "length", usage: null },
  ],
  ["anthropic", "anthropic/second-message-start.sse", { error: "malformed" }],
  ["anthropic", "anthropic/fallback-model.sse", { text: "Around 1440.", model: "claude-b", usage: used(412, 264) }],
  [
    "chat",
    "compatible/errors/xai-refused-key.json",
    { error: "rejected", hint: "(invalid-argument): check COMPATIBLE_API_KEY" },
  ],
  ["chat", "compatible/errors/mistral-refused-key.json", { error: "rejected", hint: "check COMPATIBLE_API_KEY" }],
  ["chat", "compatible/replies/cumulative-content.sse", { text: "You can pay by card." }],
  ["assistants", "openai-assistants/file-citation-marks.sse", { text: "Returns are free." }],
  ["anthropic", "anthropic/litellm-thinking-in-a-text-block.sse", { text: "Yes.", usage: used(17, 9) }],
  ["responses", "openai/responses-keepalive.sse", { text: "Yes.", usage: used(3, 2) }],
  ["chat", "compatible/replies/azure-choice-without-delta.sse", { text: "Yes.", model: "m" }],
  [
    "chat",
    "compatible/replies/finish-reason-on-every-chunk.sse",
    { text: "Please send it to our warehouse in Hamburg." },
  ],
  ["chat", "compatible/replies/gemini-compat-thoughts-marked.sse", { text: "Yes." }],
  ["chat", "compatible/replies/two-choices.sse", { text: "Yes." }],
  ["chat", "compatible/errors/groq-error-beside-the-choices.sse", { error: "overloaded", hint: "over_capacity" }],
  ["chat", "compatible/errors/sglang-finish-reason-as-object.sse", { error: "overloaded", hint: "abort" }],
  ["chat", "compatible/errors/llama-cpp-error-field.sse", { error: "overloaded", hint: "server_error" }],
  ["chat", "compatible/errors/lm-studio-error-event.sse", { error: "overloaded" }],
  ["chat", "compatible/errors/tgi-error-type.sse", { error: "overloaded", hint: "incomplete_generation" }],
  ["chat", "compatible/errors/minimax-status-in-the-middle.sse", { error: "rejected", hint: "1027" }],
  ["chat", "compatible/errors/minimax-refused-key.json", { error: "rejected", hint: "check COMPATIBLE_API_KEY" }],
  [
    "chat",
    "compatible/errors/fireworks-refused-key.json",
    { error: "rejected", hint: "InvalidApiKey): check COMPATIBLE_API_KEY" },
  ],
  ["chat", "compatible/errors/litellm-refused-key.json", { error: "rejected", hint: "check COMPATIBLE_API_KEY" }],
  [
    "chat",
    "compatible/errors/bedrock-gateway-refused-key.json",
    { error: "rejected", hint: "UnrecognizedClientException" },
  ],
  ["chat", "compatible/errors/gemini-rate-exceeded.json", { error: "overloaded", hint: "RESOURCE_EXHAUSTED" }],
];
const statuses: Record<string, number> = {
  "compatible/errors/xai-refused-key.json": 400,
  "compatible/errors/mistral-refused-key.json": 401,
  "compatible/errors/fireworks-refused-key.json": 403,
  "compatible/errors/litellm-refused-key.json": 400,
  "compatible/errors/bedrock-gateway-refused-key.json": 500,
  "compatible/errors/gemini-rate-exceeded.json": 429,
};

function used(inputTokens: number, outputTokens: number, cachedInputTokens?: number) {
  return { inputTokens, outputTokens, ...(cachedInputTokens !== undefined && { cachedInputTokens }) };
}

let fake: FakeProvider;
beforeEach(async () => {
  fake = await startFakeProvider();
});
afterEach(() => fake.close());

function providerOf(api: Api): Provider {
  const options = { baseUrl: fake.url, apiKey: "sk-test-123456789", model: "asked" };
  switch (api) {
    case "chat":
      return createCompatibleProvider(options);
    case "responses":
      return createOpenaiProvider(options);
    case "anthropic":
      return createAnthropicProvider(options);
    case "assistants":
      return createAssistantsProvider({ ...options, assistantId: "asst_x" });
  }
}

async function read(file: string): Promise<string> {
  return readFile(new URL(file, import.meta.url), "utf8");
}

describe("recorded response", () => {
  it.each(cases)("of %s is read correctly: %s", async (api, file, expected) => {
    const isStream = file.endsWith(".sse");
    fake.next({
      status: statuses[file] ?? 200,
      headers: { "content-type": isStream ? "text/event-stream" : "application/json" },
      body: await read(file),
    });
    const request = api === "assistants" ? { ...testRequest, threadId: "thread_1" } : testRequest;
    const { text, finish, error } = await collect(providerOf(api), { request });
    if (expected.error !== undefined) {
      expect(error).toMatchObject({ code: expected.error });
      expect((error as Error).message).toContain(expected.hint ?? "");
      return;
    }
    expect(error).toBeUndefined();
    expect(text).toBe(expected.text);
    expect(finish?.finishReason).toBe(expected.finishReason ?? "stop");
    if (expected.model !== undefined) expect(finish?.model).toBe(expected.model);
    if (expected.usage === null) expect(finish).not.toHaveProperty("usage");
    else if (expected.usage) expect(finish?.usage).toMatchObject(expected.usage);
  });

  it("that thinks longer than the silence timeout keeps its text", async () => {
    const blocks = (await read("compatible/replies/thinking-before-the-first-word.sse")).split(/(?<=\n\n)/);
    const betweenTokensMs = 2_000;
    fake.next({ steps: blocks.flatMap((raw) => [{ raw }, { waitMs: 250 }]), done: false, finishReason: null });
    const provider = createCompatibleProvider({
      baseUrl: fake.url,
      model: "asked",
      timeouts: { ...defaultTimeouts, betweenTokensMs },
    });
    expect(blocks.length * 250).toBeGreaterThan(betweenTokensMs);
    expect(await collect(provider)).toMatchObject({ text: "Yes.", error: undefined });
  });

  it.each([
    ["stream_options", "compatible/errors/mistral-stream-options-refused.json", 422],
    ["a system message", "compatible/errors/bedrock-gateway-system-refused.json", 400],
  ])("that refuses %s is asked for again without it", async (_, file, status) => {
    fake.next({ status, body: await read(file) }, { steps: ["Yes."] });
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "asked" });
    expect(await collect(provider)).toMatchObject({ text: "Yes.", error: undefined });
    expect(fake.calls).toHaveLength(2);
  });

  it("that refuses max_tokens is requested again with the other name, which is remembered", async () => {
    const refusal = { status: 400, body: await read("compatible/errors/max-tokens-refused.json") };
    const provider = createCompatibleProvider({ baseUrl: fake.url, model: "asked" });
    fake.next(refusal, { steps: ["Yes."] });
    expect(await collect(provider)).toMatchObject({ text: "Yes.", error: undefined });
    await collect(provider);
    const [first, second, third] = fake.calls.map(({ request }) => request.body);
    expect(first).toHaveProperty("max_tokens", 77);
    expect(second).not.toHaveProperty("max_tokens");
    expect(second).toHaveProperty("max_completion_tokens", 77);
    expect(third).toHaveProperty("max_completion_tokens", 77);
  });
});
