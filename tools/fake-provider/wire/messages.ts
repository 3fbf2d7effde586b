import type { FakeToolCall, FakeUsage, Wire, WireAnswer, WireCall, WireEnd, WireMessage, WireRequest } from "./wire.ts";

/** Anthropic's Messages API. */
export const messagesWire: Wire = { path: /^\/v1\/messages$/, read, answer, error };

function read(body: unknown): WireRequest {
  const { model, stream, system, messages } = body as Record<string, unknown>;
  const turns: WireMessage[] = (Array.isArray(messages) ? messages : []).map(({ role, content }) => ({
    role: holdsResults(content) ? "tool" : String(role),
    text: textOf(content),
  }));
  return {
    model: String(model),
    streams: stream === true,
    messages: system === undefined ? turns : [{ role: "system", text: textOf(system) }, ...turns],
  };
}

/** Text of a string, or of a list of blocks. */
function textOf(content: unknown): string {
  if (!Array.isArray(content)) return String(content);
  return content
    .map(({ text, content: result }: { text?: string; content?: unknown }) => text ?? textOf(result ?? ""))
    .join("");
}

function holdsResults(content: unknown): boolean {
  return Array.isArray(content) && content.some(({ type }: { type?: string }) => type === "tool_result");
}

function answer({ id, model, promptUsage }: WireCall): WireAnswer {
  const head = { id: `msg_${id}`, type: "message", role: "assistant", model };
  let calls = 0;
  const open = { content: [], stop_reason: null, stop_sequence: null };
  // Usage so far: the API has written a token or two when it sends this event.
  const usage = promptUsage && { usage: toUsage({ ...promptUsage, outputTokens: 1 }) };
  return {
    start: () =>
      frame({ type: "message_start", message: { ...head, ...open, ...usage } }) +
      frame({ type: "content_block_start", index: 0, content_block: { type: "text", text: "" } }) +
      frame({ type: "ping" }),
    delta: (text) => frame({ type: "content_block_delta", index: 0, delta: { type: "text_delta", text } }),
    call: (call) => {
      const index = ++calls;
      const block = { type: "tool_use", id: `tool_${id}_${index}`, name: call.name, input: {} };
      return (
        frame({ type: "content_block_start", index, content_block: block }) +
        frame({
          type: "content_block_delta",
          index,
          delta: { type: "input_json_delta", partial_json: call.arguments },
        }) +
        frame({ type: "content_block_stop", index })
      );
    },
    end: (how) => {
      if (how.finishReason === "error")
        return `event: error\ndata: ${error(500, "the fake provider injected this fault")}\n\n`;
      return endOf(how) + (how.done ? frame({ type: "message_stop" }) : "");
    },
    whole: (text, { finishReason, usage: counted, calls: made }) =>
      JSON.stringify({
        ...head,
        content: [{ type: "text", text }, ...made.map((call, at) => toToolUse(call, `${id}_${at + 1}`))],
        stop_reason: toStopReason(finishReason),
        stop_sequence: null,
        ...(counted && { usage: toUsage(counted) }),
      }),
  };
}

function toToolUse({ name, arguments: args }: FakeToolCall, id: string) {
  return { type: "tool_use", id: `tool_${id}`, name, input: args === "" ? {} : (JSON.parse(args) as unknown) };
}

function endOf({ finishReason, usage }: WireEnd): string {
  if (finishReason === null && usage === null) return "";
  const delta = { stop_reason: toStopReason(finishReason), stop_sequence: null };
  return (
    frame({ type: "content_block_stop", index: 0 }) +
    frame({ type: "message_delta", delta, ...(usage && { usage: toUsage(usage) }) })
  );
}

function frame(event: { type: string; [field: string]: unknown }): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

const stopReasons = new Map([
  ["stop", "end_turn"],
  ["tool_calls", "tool_use"],
  ["length", "max_tokens"],
  ["content_filter", "refusal"],
]);

/** Maps a finish reason; stop reasons of the API itself are unchanged. */
function toStopReason(finishReason: string | null): string | null {
  return finishReason === null ? null : (stopReasons.get(finishReason) ?? finishReason);
}

function toUsage({ inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens }: FakeUsage) {
  return {
    input_tokens: inputTokens - (cachedInputTokens ?? 0) - (cacheWriteTokens ?? 0),
    ...(cacheWriteTokens !== undefined && { cache_creation_input_tokens: cacheWriteTokens }),
    ...(cachedInputTokens !== undefined && { cache_read_input_tokens: cachedInputTokens }),
    output_tokens: outputTokens,
  };
}

const errorTypes: Partial<Record<number, string>> = {
  400: "invalid_request_error",
  401: "authentication_error",
  402: "billing_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};

function error(status: number, message: string): string {
  const type = errorTypes[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
  return JSON.stringify({ type: "error", error: { type, message } });
}
