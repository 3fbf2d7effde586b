import type { FakeThreads } from "../fake-threads.ts";
import type {
  FakeToolCall,
  FakeUsage,
  ThreadAnswer,
  ThreadCall,
  Wire,
  WireAnswer,
  WireCall,
  WireEnd,
  WireMessage,
  WireRequest,
} from "./wire.ts";

/** OpenAI's Responses API and its Conversations API, which keeps their state. */
export const responsesWire: Wire = {
  path: /^\/v1\/responses$/,
  read,
  answer: (call) => new ResponsesAnswer(call),
  error,
  threads: { path: /^\/v1\/conversations(\/|$)/, addsQuestion: "with the reply", answer: answerThreadCall },
};

function read(body: unknown): WireRequest {
  const { model, stream, instructions, input, conversation } = body as Record<string, unknown>;
  return {
    model: String(model),
    streams: stream === true,
    messages: [
      ...(typeof instructions === "string" ? [{ role: "system", text: instructions }] : []),
      ...(typeof input === "string" ? [{ role: "user", text: input }] : toMessages(input)),
    ],
    ...(typeof conversation === "string" && { threadId: conversation }),
  };
}

function toMessages(input: unknown): WireMessage[] {
  return (Array.isArray(input) ? input : []).map(({ type, role, content, output }: Record<string, unknown>) => ({
    role: type === "function_call" ? "assistant" : type === "function_call_output" ? "tool" : String(role),
    text: String(type).startsWith("function_call") ? textOf(output ?? "") : textOf(content),
  }));
}

function textOf(content: unknown): string {
  return Array.isArray(content) ? content.map(({ text }) => String(text)).join("") : String(content);
}

class ResponsesAnswer implements WireAnswer {
  readonly #head: object;
  readonly #itemId: string;
  readonly #kind: "refusal" | "output_text";
  #sequence = 0;
  #text = "";
  #opened = false;
  #calls = 0;

  constructor({ id, model, refuses }: WireCall) {
    this.#head = { id: `resp_${id}`, object: "response", created_at: Math.floor(Date.now() / 1000), model };
    this.#itemId = `msg_${id}`;
    this.#kind = refuses ? "refusal" : "output_text";
  }

  start(): string {
    const response = { ...this.#head, status: "in_progress", output: [], usage: null };
    return this.#event("response.created", { response }) + this.#event("response.in_progress", { response });
  }

  delta(text: string): string {
    this.#text += text;
    return this.#open() + this.#part(`response.${this.#kind}.delta`, { delta: text });
  }

  call(call: FakeToolCall): string {
    const index = ++this.#calls;
    const item = this.#callItem(call, index);
    const of = { item_id: item.id, output_index: index };
    const head = { ...item, status: "in_progress", arguments: "" };
    return (
      this.#event("response.output_item.added", { output_index: index, item: head }) +
      this.#event("response.function_call_arguments.delta", { ...of, delta: call.arguments }) +
      this.#event("response.function_call_arguments.done", { ...of, arguments: call.arguments }) +
      this.#event("response.output_item.done", { output_index: index, item })
    );
  }

  end(end: WireEnd): string {
    if (end.finishReason === null) return "";
    const status = statusOf(end.finishReason);
    const response = this.#response(this.#text, end);
    return this.#close(status) + this.#event(`response.${status}`, { response });
  }

  whole(text: string, end: WireEnd): string {
    return JSON.stringify(this.#response(text, end));
  }

  #open(): string {
    if (this.#opened) return "";
    this.#opened = true;
    return (
      this.#event("response.output_item.added", { output_index: 0, item: this.#item("in_progress", []) }) +
      this.#part("response.content_part.added", { part: this.#content("") })
    );
  }

  #close(status: string): string {
    if (!this.#opened) return "";
    const part = this.#content(this.#text);
    const said = this.#kind === "refusal" ? { refusal: this.#text } : { text: this.#text };
    return (
      this.#part(`response.${this.#kind}.done`, said) +
      this.#part("response.content_part.done", { part }) +
      this.#event("response.output_item.done", { output_index: 0, item: this.#item(status, [part]) })
    );
  }

  #callItem({ name, arguments: args }: FakeToolCall, index: number) {
    const id = `${this.#itemId}_${index}`;
    return { id: `fc_${id}`, type: "function_call", status: "completed", call_id: `call_${id}`, name, arguments: args };
  }

  #response(text: string, { finishReason, usage, calls }: WireEnd): object {
    const status = statusOf(finishReason);
    return {
      ...this.#head,
      status,
      error: status === "failed" ? { code: "server_error", message: "the fake provider injected this fault" } : null,
      incomplete_details:
        status === "incomplete" ? { reason: finishReason === "length" ? "max_output_tokens" : finishReason } : null,
      output: [
        ...(text === "" ? [] : [this.#item(status, [this.#content(text)])]),
        ...calls.map((call, at) => this.#callItem(call, at + 1)),
      ],
      usage: usage && toUsage(usage),
    };
  }

  #item(status: string, content: object[]): object {
    return { id: this.#itemId, type: "message", status, role: "assistant", content };
  }

  #content(text: string): object {
    return this.#kind === "refusal"
      ? { type: "refusal", refusal: text }
      : { type: "output_text", text, annotations: [] };
  }

  #part(type: string, data: object): string {
    return this.#event(type, { item_id: this.#itemId, output_index: 0, content_index: 0, ...data });
  }

  #event(type: string, data: object): string {
    return `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: this.#sequence++, ...data })}\n\n`;
  }
}

function statusOf(finishReason: string | null): "completed" | "incomplete" | "failed" {
  if (finishReason === "error") return "failed";
  return finishReason === "length" || finishReason === "content_filter" ? "incomplete" : "completed";
}

function toUsage({ inputTokens, cachedInputTokens, cacheWriteTokens, outputTokens }: FakeUsage): object {
  return {
    input_tokens: inputTokens,
    input_tokens_details: { cached_tokens: cachedInputTokens, cache_write_tokens: cacheWriteTokens },
    output_tokens: outputTokens,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: inputTokens + outputTokens,
  };
}

function error(status: number, message: string): string {
  return JSON.stringify({ error: { message, type: "fake_error", param: null, code: `fake_${status}` } });
}

/** OpenAI's limit, for creating a conversation and for adding to one. */
const maxItemsPerCall = 20;

function answerThreadCall({ method, path, query, body }: ThreadCall, threads: FakeThreads): ThreadAnswer {
  const [, , , threadId, items, itemId] = path.split("/");
  if (threadId !== undefined && !threads.exists(threadId)) return failure(404, "no such conversation");
  const added = (body as { items?: unknown } | undefined)?.items ?? [];
  if (Array.isArray(added) && added.length > maxItemsPerCall) return failure(400, "too many items");

  switch (`${method} ${[threadId && "id", items, itemId && "item"].filter(Boolean).join("/")}`) {
    case "POST ": {
      const id = threads.create("conv");
      threads.add(id, toMessages(added));
      return { status: 200, body: toConversation(id) };
    }
    case "POST id/items":
      return { status: 200, body: list(threads.add(threadId ?? "", toMessages(added)).map(toItem), false) };
    case "GET id/items":
      return { status: 200, body: page(threads, threadId ?? "", query) };
    case "DELETE id/items/item":
      return threads.deleteItem(threadId ?? "", itemId ?? "")
        ? { status: 200, body: toConversation(threadId ?? "") }
        : failure(404, "no such item");
    case "DELETE id":
      threads.deleteThread(threadId ?? "");
      return { status: 200, body: { id: threadId, object: "conversation.deleted", deleted: true } };
    default:
      return failure(404, `no such call: ${method} ${path}`);
  }
}

function page(threads: FakeThreads, threadId: string, query: URLSearchParams): object {
  const items = threads.items(threadId).map(toItem);
  if (query.get("order") !== "asc") items.reverse();
  const after = items.findIndex(({ id }) => id === query.get("after")) + 1;
  const shown = items.slice(after, after + Number(query.get("limit") ?? 20));
  return list(shown, after + shown.length < items.length);
}

function list(data: { id: string }[], hasMore: boolean): object {
  return { object: "list", data, first_id: data[0]?.id ?? null, last_id: data.at(-1)?.id ?? null, has_more: hasMore };
}

function toItem({ id, role, text }: { id: string; role: string; text: string }) {
  const type = role === "assistant" ? "output_text" : "input_text";
  return { id, type: "message", status: "completed", role, content: [{ type, text }] };
}

function toConversation(id: string): object {
  return { id, object: "conversation", created_at: Math.floor(Date.now() / 1000), metadata: {} };
}

function failure(status: number, message: string): ThreadAnswer {
  return { status, body: { error: { message, type: "invalid_request_error", param: null, code: null } } };
}
