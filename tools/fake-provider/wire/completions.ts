import type { FakeToolCall, FakeUsage, Wire, WireAnswer, WireCall, WireRequest } from "./wire.ts";

/** OpenAI's chat completions, which most other servers speak too. */
export const completionsWire: Wire = { path: /^\/v1\/chat\/completions$/, read, answer, error };

function read(body: unknown): WireRequest {
  const { model, stream, messages } = body as { model?: unknown; stream?: unknown; messages?: unknown };
  return {
    model: String(model),
    streams: stream === true,
    messages: (Array.isArray(messages) ? messages : []).map(({ role, content }) => ({
      role: String(role),
      text: String(content ?? ""),
    })),
  };
}

function answer({ id, model }: WireCall): WireAnswer {
  const head = { id, created: Math.floor(Date.now() / 1000), model };
  const common = JSON.stringify({ ...head, object: "chat.completion.chunk" }).slice(0, -1);
  let calls = 0;
  const frame = (choices: string, usage = "") => `data: ${common},"choices":[${choices}]${usage}}\n\n`;
  return {
    start: () => frame('{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}'),
    delta: (text) => frame(`{"index":0,"delta":{"content":${JSON.stringify(text)}},"finish_reason":null}`),
    call: (call) => {
      const index = calls++;
      return inPieces(toCall(call, `${id}-${index}`), index)
        .map((piece) => frame(`{"index":0,"delta":{"tool_calls":[${JSON.stringify(piece)}]},"finish_reason":null}`))
        .join("");
    },
    end: ({ finishReason, usage, done }) =>
      (finishReason === null ? "" : frame(`{"index":0,"delta":{},"finish_reason":${JSON.stringify(finishReason)}}`)) +
      (usage === null ? "" : frame("", `,"usage":${JSON.stringify(toUsage(usage))}`)) +
      (done ? "data: [DONE]\n\n" : ""),
    whole: (text, { finishReason, usage, calls: made }) =>
      JSON.stringify({
        ...head,
        object: "chat.completion",
        choices: [{ index: 0, message: toMessage(text, made, id), finish_reason: finishReason }],
        ...(usage && { usage: toUsage(usage) }),
      }),
  };
}

function toMessage(text: string, calls: readonly FakeToolCall[], id: string): object {
  const made = calls.map((call, index) => toCall(call, `${id}-${index}`));
  return { role: "assistant", content: text, ...(made.length > 0 && { tool_calls: made }) };
}

function toCall({ name, arguments: args }: FakeToolCall, id: string) {
  return { id: `call_${id}`, type: "function", function: { name, arguments: args } };
}

/** The head of a call comes before its arguments, which name their call by its index. */
function inPieces(
  { id, type, function: { name, arguments: args } }: ReturnType<typeof toCall>,
  index: number,
): object[] {
  return [
    { index, id, type, function: { name, arguments: "" } },
    { index, function: { arguments: args } },
  ];
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
