import {
  type Client,
  type ConversationAccess,
  type ConversationView,
  createClient,
  type HandoffRequest,
  newKey,
  ServiceError,
  type SubmitRequest,
} from "@parley/client";
import { type AccessStorage, openAccessStorage } from "./access-storage.ts";
import { followEvents } from "./conversation-events.ts";
import {
  type ParleyState,
  emptyState,
  fromView,
  handlingOf,
  newMessage,
  type ShownMessage,
  mergeActions,
  withEnd,
  withMessage,
} from "./conversation-state.ts";
import { isHidden, persist } from "./page.ts";

export interface StoreOptions {
  readonly server: string;
  readonly assistant: string | undefined;
  readonly identity: () => string | undefined;
  /** Subject of the identity: each visitor of a browser has a conversation of their own. */
  readonly visitor: string | undefined;
  readonly metadata: () => Record<string, string> | undefined;
  /** Place for id and token of the conversation; `undefined`: it ends with the page. */
  readonly storage: () => Storage | undefined;
}

/** One conversation with an assistant: sends in order, follows replies, and between them what people write. */
export class ConversationStore {
  readonly client: Client;
  readonly #options: StoreOptions;
  readonly #storage: AccessStorage;
  readonly #listeners = new Set<() => void>();
  #state = emptyState;
  #access: ConversationAccess | undefined;
  /** Place in the conversation's events up to which they are shown. */
  #cursor: string | undefined;
  /** Ends all that runs for this conversation. */
  #lifetime = new AbortController();
  /** Ends the stream of events, which no reply may run beside: a browser has six connections. */
  #listening: AbortController | undefined;
  /** Messages are sent one after the other: the first one makes the conversation. */
  #sends = Promise.resolve();
  /** Jobs by id that are followed, in the order in which they are answered. */
  readonly #jobs = new Map<string, Promise<void>>();
  /** Jobs that were followed: their events may arrive later. */
  readonly #known = new Set<string>();
  #waitingSends = 0;

  constructor(options: StoreOptions) {
    this.#options = options;
    this.client = createClient(options);
    const key = ["parley", this.client.server, options.assistant ?? "", options.visitor ?? ""].join(" ");
    this.#storage = openAccessStorage(options.storage, key);
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  readonly read = (): ParleyState => this.#state;

  /** Reads the conversation of an earlier page, and goes on with it. */
  start(): void {
    this.#lifetime = new AbortController();
    const { signal } = this.#lifetime;
    const lookAgain = () => {
      this.client.wake();
      if (isHidden()) this.#listening?.abort();
      else this.#listen();
    };
    document.addEventListener("visibilitychange", lookAgain, { signal });
    globalThis.addEventListener("online", lookAgain, { signal });
    this.#access ??= this.#storage.load();
    if (this.#access === undefined) this.#settle();
    else void this.#run(signal, () => this.#load(signal));
  }

  /** Ends connections and retries. `start` goes on where this ended. */
  stop(): void {
    this.#lifetime.abort();
    this.#jobs.clear();
    this.#known.clear();
    this.#waitingSends = 0;
    this.#sends = Promise.resolve();
  }

  readonly send = (text: string): void => {
    if (text.trim() === "") return;
    const message = newMessage("user", newKey(), text);
    const { signal } = this.#lifetime;
    this.#waitingSends += 1;
    this.#listening?.abort();
    this.#show({ status: "busy", error: undefined, messages: [...this.#state.messages, message] });
    this.#sends = this.#sends.then(() =>
      this.#run(signal, async () => {
        try {
          await this.#submit(message, signal);
        } finally {
          if (!signal.aborted) {
            this.#waitingSends -= 1;
            this.#settle();
          }
        }
      }),
    );
  };

  /** Stops the replies that are awaited or written. */
  readonly stopReply = async (): Promise<void> => {
    const { token } = this.#access ?? {};
    const ends = [...this.#jobs.keys()].map((jobId) => this.client.cancel({ jobId, token }).catch(ignoreEnded));
    await Promise.all(ends);
  };

  /** Asks for a person, or with `null` for the assistant again. */
  readonly handOff = async (request: HandoffRequest | null = {}): Promise<void> => {
    if (this.#access === undefined) throw new Error("A person can be asked for once there is a message.");
    const answer = await this.client.handOff(this.#access, request);
    this.#show({ ...handlingOf(answer), notice: answer.notice?.text });
    this.#listen();
  };

  readonly answerAction = async (id: string, confirm: boolean): Promise<void> => {
    const { signal } = this.#lifetime;
    const { token } = this.#access ?? {};
    const job = await this.client.answerAction({ id, token }, confirm);
    const actions = this.#state.actions.map((action) =>
      action.id === id ? { ...action, state: confirm ? ("confirmed" as const) : ("refused" as const) } : action,
    );
    this.#show({ actions });
    this.#follow(job.jobId, signal);
  };

  /** Forgets the conversation here; the next message begins a new one. */
  readonly reset = (): void => {
    this.stop();
    this.#forget();
    this.#show(emptyState);
    this.start();
  };

  async #load(signal: AbortSignal): Promise<void> {
    const access = this.#access;
    if (access === undefined) return;
    let view: ConversationView;
    try {
      view = await persist(() => this.client.conversation(access, { signal }), signal, this.#showError);
    } catch (error) {
      if (!(error instanceof ServiceError && error.gone)) throw error;
      this.#forget();
      return this.#settle();
    }
    this.#cursor = view.cursor;
    const unsent = this.#state.messages.filter(({ id, sender }) => id === undefined && sender === "user");
    const { activeJobId, actions, messages } = view;
    const shown = [...messages.map(fromView), ...unsent];
    this.#show({ messages: shown, actions: actions ?? [], ...handlingOf(view), error: undefined });
    if (activeJobId !== null) this.#follow(activeJobId, signal);
    this.#settle();
  }

  async #submit(message: ShownMessage, signal: AbortSignal): Promise<void> {
    const { assistant, metadata } = this.#options;
    const given = metadata();
    const request: SubmitRequest = {
      message: message.text,
      ...(this.#access
        ? { conversationId: this.#access.conversationId }
        : assistant !== undefined && { assistantType: assistant }),
      ...(given && { metadata: given }),
    };
    const options = { token: this.#access?.token, key: message.key, signal };
    try {
      const accepted = await persist(() => this.client.submit(request, options), signal, this.#showError);
      const { conversationId, token, messageId, jobId } = accepted;
      this.#keep({ conversationId, token });
      this.#cursor ??= accepted.cursor;
      const sent = { ...message, id: messageId, state: "complete" } as const;
      this.#show({ messages: withMessage(this.#state.messages, sent), ...handlingOf(accepted) });
      this.#follow(jobId, signal);
    } catch (error) {
      if (!signal.aborted) {
        this.#show({ messages: withMessage(this.#state.messages, { ...message, state: "refused" }) });
      }
      throw error;
    }
  }

  /** Follows a job after those before it, and shows its reply. */
  #follow(jobId: string, signal: AbortSignal): void {
    if (this.#known.has(jobId)) return;
    this.#known.add(jobId);
    this.#listening?.abort();
    const before = [...this.#jobs.values()].at(-1) ?? Promise.resolve();
    const following = before.then(() => this.#run(signal, () => this.#showReply(jobId, signal)));
    const done = following.then(() => {
      if (this.#jobs.get(jobId) === done) this.#jobs.delete(jobId);
      if (!signal.aborted) this.#settle();
    });
    this.#jobs.set(jobId, done);
    this.#settle();
  }

  async #showReply(jobId: string, signal: AbortSignal): Promise<void> {
    const job = { jobId, token: this.#access?.token };
    let text = "";
    for await (const progress of this.client.follow(job, { signal, quiet: isHidden })) {
      if (progress.type === "trouble") {
        this.#showError(progress.error);
        continue;
      }
      const { messages, actions } = this.#state;
      if (progress.type === "delta") text += progress.text;
      else if (progress.type === "reset") text = "";
      if ("job" in progress) {
        const ended = withEnd(messages, jobId, progress.job);
        this.#show({ messages: ended, actions: mergeActions(actions, progress.job.actions), error: undefined });
      } else if (this.#state.handledBy === "ai" || text !== "") {
        const reply = { ...newMessage("ai", jobId, text), state: "writing" } as const;
        this.#show({ messages: withMessage(messages, reply), error: undefined });
      }
    }
  }

  /** Follows the conversation's events while the page is visible and no reply is awaited. */
  #listen(): void {
    const { signal } = this.#lifetime;
    const isBusy = this.#jobs.size > 0 || this.#waitingSends > 0;
    const isOpen = this.#listening !== undefined && !this.#listening.signal.aborted;
    const [access, cursor] = [this.#access, this.#cursor];
    if (isBusy || isOpen || isHidden() || signal.aborted || !access || cursor === undefined) return;
    const listening = new AbortController();
    this.#listening = listening;
    signal.addEventListener("abort", () => listening.abort(), { signal: listening.signal });
    const target = {
      read: this.read,
      show: (change: Partial<ParleyState>) => this.#show(change),
      follow: (jobId: string) => this.#follow(jobId, signal),
      moveTo: (place: string) => (this.#cursor = place),
      reload: () => void this.#run(signal, () => this.#load(signal)),
    };
    void this.#run(listening.signal, async () => {
      await followEvents(this.client, access, { cursor, target }, listening.signal);
      listening.abort();
    });
  }

  #settle(): void {
    const status = this.#jobs.size > 0 || this.#waitingSends > 0 ? "busy" : "ready";
    if (this.#state.status !== status) this.#show({ status });
    this.#listen();
  }

  /** Shows a failure as the state's `error`; an end by the signal is none. */
  async #run(signal: AbortSignal, act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof ServiceError) this.#showError(error);
      else reportError(error);
    }
  }

  #keep(access: ConversationAccess | undefined): void {
    this.#access = access;
    this.#storage.keep(access);
  }

  #forget(): void {
    this.#keep(undefined);
    this.#cursor = undefined;
    this.#known.clear();
  }

  readonly #showError = (error: ServiceError): void => this.#show({ error });

  #show(change: Partial<ParleyState>): void {
    this.#state = { ...this.#state, ...change };
    for (const listener of this.#listeners) listener();
  }
}

/** Passes over a reply that has ended by itself before it could be stopped. */
function ignoreEnded(error: unknown): void {
  if (!(error instanceof ServiceError && error.code === "already-ended")) throw error;
}
