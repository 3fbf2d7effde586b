import type { FakeThreads } from "../fake-threads.ts";
import type {
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

const runPath = /^\/v1\/threads\/([^/]+)\/runs$/;

/** Assistants API, which OpenAI ended: threads, and runs of an assistant on them. */
export const assistantsWire: Wire = {
  path: runPath,
  read,
  answer: (call) => new RunAnswer(call),
  error,
  threads: { path: /^\/v1\/threads(\/|$)/, addsQuestion: "at once", answer: answerThreadCall },
};

function read(body: unknown, path: string): WireRequest {
  const { model, stream, assistant_id, instructions, additional_messages } = body as Record<string, unknown>;
  const threadId = runPath.exec(path)?.[1];
  return {
    model: String(model ?? assistant_id),
    streams: stream === true,
    messages: [
      ...(typeof instructions === "string" ? [{ role: "system", text: instructions }] : []),
      ...toMessages(additional_messages),
    ],
    ...(threadId !== undefined && { threadId }),
  };
}

function toMessages(messages: unknown): WireMessage[] {
  return (Array.isArray(messages) ? messages : []).map(({ role, content }) => ({
    role: String(role),
    text: String(content),
  }));
}

class RunAnswer implements WireAnswer {
  readonly #run: object;
  readonly #messageId: string;
  readonly #type: "refusal" | "text";
  #text = "";
  #opened = false;

  constructor({ id, model, refuses }: WireCall) {
    this.#run = { id: `run_${id}`, object: "thread.run", created_at: Math.floor(Date.now() / 1000), model };
    this.#messageId = `msg_${id}`;
    this.#type = refuses ? "refusal" : "text";
  }

  start(): string {
    return ["created", "queued", "in_progress"]
      .map((state) => {
        const status = state === "created" ? "queued" : state;
        return event(`thread.run.${state}`, { ...this.#run, status, usage: null });
      })
      .join("");
  }

  delta(text: string): string {
    this.#text += text;
    const delta = { content: [{ index: 0, ...this.#content(text) }] };
    const said = event("thread.message.delta", { id: this.#messageId, object: "thread.message.delta", delta });
    return this.#open() + said;
  }

  end(end: WireEnd): string {
    return (end.finishReason === null ? "" : this.#end(end)) + (end.done ? "event: done\ndata: [DONE]\n\n" : "");
  }

  whole(_text: string, end: WireEnd): string {
    return JSON.stringify(this.#ended(end));
  }

  #open(): string {
    if (this.#opened) return "";
    this.#opened = true;
    const message = this.#message("in_progress");
    return event("thread.message.created", message) + event("thread.message.in_progress", message);
  }

  #end(end: WireEnd): string {
    const { finishReason } = end;
    const filtered = finishReason === "content_filter" && { incomplete_details: { reason: finishReason } };
    const status = filtered || finishReason === "length" ? "incomplete" : "completed";
    const content = [this.#content(this.#text)];
    const message = this.#opened
      ? event(`thread.message.${status}`, { ...this.#message(status), ...filtered, content })
      : "";
    return message + event(`thread.run.${statusOf(finishReason)}`, this.#ended(end));
  }

  #ended({ finishReason, usage }: WireEnd): object {
    const status = statusOf(finishReason);
    return {
      ...this.#run,
      status,
      last_error:
        status === "failed" ? { code: "server_error", message: "the fake provider injected this fault" } : null,
      incomplete_details: finishReason === "length" ? { reason: "max_completion_tokens" } : null,
      usage: usage && toUsage(usage),
    };
  }

  #message(status: string): object {
    return { id: this.#messageId, object: "thread.message", role: "assistant", status, content: [] };
  }

  #content(text: string): object {
    return this.#type === "refusal" ? { type: "refusal", refusal: text } : { type: "text", text: { value: text } };
  }
}

function statusOf(finishReason: string | null): "completed" | "incomplete" | "failed" {
  if (finishReason === "error") return "failed";
  return finishReason === "length" || finishReason === "content_filter" ? "incomplete" : "completed";
}

function event(name: string, data: object): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

function toUsage({ inputTokens, outputTokens }: FakeUsage): object {
  return { prompt_tokens: inputTokens, completion_tokens: outputTokens, total_tokens: inputTokens + outputTokens };
}

function error(status: number, message: string): string {
  return JSON.stringify({ error: { message, type: "fake_error", param: null, code: `fake_${status}` } });
}

/** Maximum messages in a new thread; more are added one by one. */
const maxFirstMessages = 32;

function answerThreadCall({ method, path, body }: ThreadCall, threads: FakeThreads): ThreadAnswer {
  const [, , , threadId, part, partId, action] = path.split("/");
  if (threadId !== undefined && !threads.exists(threadId)) return failure(404, "no such thread");

  switch (`${method} ${[threadId && "id", part, partId && "id", action].filter(Boolean).join("/")}`) {
    case "POST ": {
      const messages = toMessages((body as { messages?: unknown } | undefined)?.messages);
      if (messages.length > maxFirstMessages) return failure(400, "too many messages");
      const id = threads.create("thread");
      threads.add(id, messages);
      return { status: 200, body: { id, object: "thread" } };
    }
    case "POST id/messages": {
      const [message] = threads.add(threadId ?? "", toMessages([body]));
      return { status: 200, body: { ...message, object: "thread.message" } };
    }
    case "POST id/runs/id/cancel":
      return { status: 200, body: { id: partId, object: "thread.run", status: "cancelling" } };
    case "DELETE id":
      for (const item of threads.items(threadId ?? "")) threads.deleteItem(threadId ?? "", item.id);
      threads.deleteThread(threadId ?? "");
      return { status: 200, body: { id: threadId, object: "thread.deleted", deleted: true } };
    default:
      return failure(404, `no such call: ${method} ${path}`);
  }
}

function failure(status: number, message: string): ThreadAnswer {
  return { status, body: { error: { message, type: "invalid_request_error", param: null, code: null } } };
}
