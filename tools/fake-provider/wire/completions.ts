import type { FakeUsage, Wire, WireAnswer, WireCall, WireRequest } from "./wire.ts";

/** OpenAI's chat completions, which most other servers speak too. */
export const completionsWire: Wire = { path: /^\/v1\/chat\/completions$/, read, answer, error };

function read(body: unknown): WireRequest {
  const { model, stream, messages } = body as { model?: unknown; stream?: unknown; messages?: unknown };
  return {
    model: String(model),
    streams: stream === true,
    messages: (Array.isArray(messages) ? messages : []).map(({ role, content }) => ({
      role: String(role),
      text: String(content),
    })),
  };
}

function answer({ id, model }: WireCall): WireAnswer {
  const head = { id, created: Math.floor(Date.now() / 1000), model };
  const common = JSON.stringify({ ...head, object: "chat.completion.chunk" }).slice(0, -1);
  const frame = (choices: string, usage = "") => `data: ${common},"choices":[${choices}]${usage}}\n\n`;
  return {
    start: () => frame('{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}'),
    delta: (text) => frame(`{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}`),
    end: ({ finishReason, usage, done }) =>
      (finishReason === null ? "" : frame(`{"index":0,"delta":{},"finish_reason":${JSON.stringify(finishReason)}}`)) +
      (usage === null ? "" : frame("", `,"usage":${JSON.stringify(toUsage(usage))}`)) +
      (done ? "data: [DONE]\n\n" : ""),
    whole: (text, { finishReason, usage }) =>
      JSON.stringify({
        ...head,
        object: "chat.completion",
        choices: [{ index: 0, message: { role: "assistant", content: text }, finish_reason: finishReason }],
        ...(usage && { usage: toUsage(usage) }),
      }),
  };
}

function error(status: number, message: string): string {
  return JSON.stringify({ error: { message, type: "fake_error", param: null, code: status } });
}

function toUsage({ inputTokens, cachedInputTokens, outputTokens }: FakeUsage) {
  return {
    prompt_tokens: inputTokens,
    completion_tokens: outputTokens,
    total_tokens: inputTokens + outputTokens,
    ...(cachedInputTokens !== undefined && { prompt_tokens_details: { cached_tokens: cachedInputTokens } }),
  };
}
