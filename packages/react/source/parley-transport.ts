import { DefaultChatTransport, type UIMessage, type UIMessageChunk } from "ai";

/** A message of the conversation's history, as Parley shows it. */
interface StoredMessage {
  id: string;
  text: string;
  sender: "user" | "ai" | "operator";
  /** Id of an earlier message in whose place this one is. */
  replaces?: string;
}

interface StoredHistory {
  messages: StoredMessage[];
  /** Place in the conversation's events, right after them. */
  cursor: string;
}

/** Parts of a chat that are kept, so that it goes on after a reload. */
interface KeptChat {
  conversationId?: string;
  token?: string;
  /** Place up to which messages of people were received. */
  cursor?: string;
  /** Message that has begun, and has not ended. */
  unfinished?: string;
  /** True while people have the conversation, and may write at any time. */
  people?: boolean;
}

interface ParleyTransportOptions {
  /** Address of the service, such as `https://chat.example`. */
  url: string;
  /** Id of the chat, as `useChat` has it. */
  chatId: string;
  /** Further headers, such as `X-Parley-Identity`. */
  headers?: () => Record<string, string>;
  /** Absent: the browser's `localStorage`; on a server, and where the browser allows none, the page's memory. */
  storage?: Pick<Storage, "getItem" | "setItem">;
}

/** Milliseconds between tries while the service cannot be reached. */
const retryMs = 1000;
/** Milliseconds for the messages so far. */
const historyMs = 20_000;

/**
 * Connects `useChat` with Parley: keeps the conversation's token, resumes what was broken off, and waits for people who
 * answer.
 */
export class ParleyTransport extends DefaultChatTransport<UIMessage> {
  readonly #options: ParleyTransportOptions;
  /** Read with the first request: a page that a server renders makes the transport there, too. */
  #known: KeptChat | undefined;

  constructor(options: ParleyTransportOptions) {
    const api = `${options.url.replace(/\/$/, "")}/api/ui/chat`;
    super({
      api,
      headers: () => this.#headers(),
      // The service has the earlier messages.
      prepareSendMessagesRequest: ({ id, messages, trigger, body }) => ({
        body: { ...body, id, trigger, messages: messages.slice(-1) },
      }),
      prepareReconnectToStreamRequest: ({ id }) => ({ api: this.#streamUrl(api, id) }),
      fetch: async (input, init) => {
        const response = await fetch(input, init);
        const token = response.headers.get("X-Parley-Token");
        if (token !== null) this.#keep({ token });
        if (response.status === 204) this.#keep({ people: response.headers.has("Retry-After"), unfinished: undefined });
        return response;
      },
    });
    this.#options = options;
  }

  /** True if there is more to receive: call `resumeStream()` of the chat. */
  get hasMore(): boolean {
    return this.#kept.unfinished !== undefined || this.#kept.people === true;
  }

  /**
   * Reads the messages so far, for a page that has been loaded; waits while the service cannot be reached. A
   * conversation that was deleted, or whose token is too old, is forgotten: the next message begins a new one.
   */
  async loadMessages(): Promise<UIMessage[]> {
    const { conversationId } = this.#kept;
    if (conversationId === undefined) return [];
    const url = `${this.api.replace("/ui/chat", "/chat/history")}/${conversationId}`;
    const { status, history } = await this.#untilReached(async () => {
      const response = await fetch(url, { headers: this.#headers(), signal: AbortSignal.timeout(historyMs) });
      return { status: response.status, history: response.ok ? ((await response.json()) as StoredHistory) : undefined };
    });
    if (status === 401 && this.#options.headers && this.#kept.token !== undefined) {
      // An identity opens the conversation without it; the token or the identity is too old.
      this.#keep({ token: undefined });
      return this.loadMessages();
    }
    if ([401, 403, 404].includes(status)) this.#forget();
    if (!history) return [];
    // Ended replies are in it; one that is being written is sent from its start.
    this.#keep({ cursor: history.cursor, unfinished: undefined });
    return withoutReplaced(history.messages).map(({ id, text, sender }) => ({
      id,
      role: sender === "user" ? "user" : "assistant",
      parts: [{ type: "text", text, state: "done" }],
    }));
  }

  /** Stops the reply that is being written; its stream then ends with what was written. */
  async stopReply(): Promise<void> {
    const { chatId } = this.#options;
    await fetch(`${this.api}/${encodeURIComponent(chatId)}/stream`, { method: "DELETE", headers: this.#headers() });
  }

  override async sendMessages(options: Parameters<DefaultChatTransport<UIMessage>["sendMessages"]>[0]) {
    return this.#note(await super.sendMessages(options), { isResumed: false });
  }

  /** Waits for more while there is more to come: a reply that was broken off, or the next message of a person. */
  override async reconnectToStream(options: Parameters<DefaultChatTransport<UIMessage>["reconnectToStream"]>[0]) {
    for (;;) {
      try {
        const stream = await super.reconnectToStream(options);
        if (stream) return this.#note(stream, { isResumed: true });
        if (!this.hasMore || options.abortSignal?.aborted) return null;
      } catch (error) {
        if (!isPassing(error) || options.abortSignal?.aborted) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  /** Passes a stream through, and keeps what the next request needs. */
  #note(stream: ReadableStream<UIMessageChunk>, { isResumed }: { isResumed: boolean }): ReadableStream<UIMessageChunk> {
    return stream.pipeThrough(
      new TransformStream<UIMessageChunk, UIMessageChunk>({
        transform: (chunk, controller) => {
          if (chunk.type === "start") this.#keep({ unfinished: chunk.messageId });
          if (chunk.type === "finish") this.#keep({ unfinished: undefined });
          if (chunk.type === "data-parley") {
            const { conversationId, token, cursor } = chunk.data as Required<KeptChat>;
            // An own message may come after one of a person that has not been received yet.
            this.#keep({ conversationId, token, cursor: isResumed ? cursor : (this.#kept.cursor ?? cursor) });
          }
          if (chunk.type === "data-handling") {
            this.#keep({ people: (chunk.data as { handledBy: string }).handledBy !== "ai" });
          }
          controller.enqueue(chunk);
        },
      }),
    );
  }

  #streamUrl(api: string, chatId: string): string {
    const { unfinished, cursor } = this.#kept;
    const query = new URLSearchParams();
    if (unfinished !== undefined) query.set("messageId", unfinished);
    if (cursor !== undefined) query.set("after", cursor);
    return `${api}/${encodeURIComponent(chatId)}/stream?${query.toString()}`;
  }

  #headers(): Record<string, string> {
    const { token } = this.#kept;
    return { ...this.#options.headers?.(), ...(token !== undefined && { Authorization: `Bearer ${token}` }) };
  }

  /** Asks until the service answers, in whole. */
  async #untilReached<Answer extends { status: number }>(ask: () => Promise<Answer>): Promise<Answer> {
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer && answer.status !== 429 && answer.status < 500) return answer;
      await new Promise((resolve) => setTimeout(resolve, retryMs));
    }
  }

  get #kept(): KeptChat {
    return (this.#known ??= parseKept(this.#stored()));
  }

  #stored(): string | null {
    try {
      return (this.#options.storage ?? localStorage).getItem(this.#key);
    } catch {
      return null;
    }
  }

  get #key(): string {
    return `parley:${this.#options.chatId}`;
  }

  #keep(changed: { [Name in keyof KeptChat]: KeptChat[Name] | undefined }): void {
    this.#store({ ...this.#kept, ...changed } as KeptChat);
  }

  #forget(): void {
    this.#store({});
  }

  #store(kept: KeptChat): void {
    this.#known = kept;
    try {
      (this.#options.storage ?? localStorage).setItem(this.#key, JSON.stringify(kept));
    } catch {
      // Full or not allowed: the chat lasts as long as its page.
    }
  }
}

/** @param stored as this transport has written it, or as anything else has */
function parseKept(stored: string | null): KeptChat {
  try {
    const kept = JSON.parse(stored ?? "{}") as KeptChat | null;
    return kept ?? {};
  } catch {
    return {};
  }
}

/** Leaves out messages that were edited or asked again, with their replies. */
function withoutReplaced(messages: readonly StoredMessage[]): StoredMessage[] {
  const replaced = new Set(messages.map(({ replaces }) => replaces));
  return messages.filter(({ id, sender }, index) => {
    const before = messages[index - 1];
    const answersReplaced = sender === "ai" && before?.sender === "user" && replaced.has(before.id);
    return !replaced.has(id) && !answersReplaced;
  });
}

/** True if the service could not be reached, or asked for another try. */
function isPassing(error: unknown): boolean {
  const status = (error as { statusCode?: number }).statusCode;
  return error instanceof TypeError || status === 429 || status === 503;
}
