/**
 * How the fake provider says things: one wire for each API it speaks. What it says, and when, is the script's.
 */
export interface Wire {
  read(body: unknown): WireRequest;
  /** Prepares the answer to one call: frames are made for each delta, so what can be is made once. */
  answer(call: { id: string; model: string }): WireAnswer;
  /** The body of an answer with an error status, as this API words it. */
  error(status: number, message: string): string;
}

export interface WireRequest {
  model: string;
  streams: boolean;
  messages: { role: string; text: string }[];
}

export interface WireEnd {
  finishReason: string | null;
  usage: FakeUsage | null;
  /** Whether the API's own end mark is sent. */
  done: boolean;
}

export interface FakeUsage {
  inputTokens: number;
  outputTokens: number;
}

/** Pieces of a body, ready to be written. */
export interface WireAnswer {
  start(): string;
  delta(text: string): string;
  end(end: WireEnd): string;
  /** The whole answer as one JSON body. */
  whole(text: string, end: WireEnd): string;
}

/** By path. */
export const wires: ReadonlyMap<string, Wire> = new Map([["/v1/chat/completions", { read, answer, error }]]);

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

function answer({ id, model }: { id: string; model: string }): WireAnswer {
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

function toUsage({ inputTokens, outputTokens }: FakeUsage) {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}
