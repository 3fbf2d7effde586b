import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { Client, ConversationAccess } from "../client/client.ts";
import { backoffMs, createPauses } from "../client/pauses.ts";
import { ServiceError } from "../client/service-error.ts";
import type { ChatState, Notice } from "./chat-state.ts";
import { isOpen, type Item, tailOf } from "./items.ts";
import { type Entry, type Memory, openMemory } from "./memory.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ChatOptions {
  client: Client;
  /** A key of the service's assistants; absent: its default one. */
  assistant?: string | undefined;
  surroundings: Surroundings;
  /** Goes along with each message: where the visitor is, say. */
  metadata?: (() => Record<string, string>) | undefined;
}

/** One conversation's time in this tab, known to the service or about to be. Its end cuts off what waits for it. */
export interface Session {
  readonly end: AbortController;
  access: ConversationAccess | undefined;
  items: readonly Item[];
  hasOlder: boolean;
  /** What is under way, once at a time. */
  readonly busy: Set<"look" | "follow" | "older">;
  /** Something changed while it was looked at. */
  lookAgain: boolean;
  /** When it was last read from the service; `undefined`: what is shown may not be all. */
  lookedAt: number | undefined;
}

/** Who speaks to the service; each has its own notice. */
type Source = "send" | "read";

/** Of what is kept of a conversation for the next page. */
const maxTailItems = 40;
const maxTailChars = 50_000;
const saveEveryMs = 1_000;
const shortestPauseMs = 1_000;

/** Everything the parts of a chat share, and what they tell each other of it. */
export class Room {
  readonly client: Client;
  readonly assistant: string | undefined;
  readonly metadata: ChatOptions["metadata"];
  readonly surroundings: Surroundings;
  readonly memory: Memory;
  readonly pauses = createPauses();
  /** Aborted when the chat is closed. */
  readonly life = new AbortController();

  session: Session = newSession();
  entries: readonly Entry[] = [];
  /** The key of the message that is on its way. */
  sending: string | undefined;
  delivering = false;
  /** Sending goes on with the next reply that ends. */
  waitsForReply = false;
  /** The rating that is being told to the service. */
  rated: Promise<unknown> = Promise.resolve();
  draft = "";
  ready = false;
  info: AssistantInfo | undefined;
  /** Does what there may be to do: read, follow, send. */
  work: () => void = () => undefined;
  /** Tells the other tabs that what is stored has changed, or how sending goes. */
  tell: (notice?: Notice | null) => void = () => undefined;

  readonly notices: Partial<Record<Source | "otherTab" | "state", Notice | undefined>> = {};
  #offline = false;
  readonly #listeners = new Set<(state: ChatState) => void>();
  #state: ChatState | undefined;
  #scheduled = false;
  #saving: ReturnType<typeof setTimeout> | undefined;

  constructor({ client, assistant, surroundings, metadata }: ChatOptions) {
    this.client = client;
    this.assistant = assistant;
    this.metadata = metadata;
    this.surroundings = surroundings;
    this.memory = openMemory(surroundings.storage, [client.server, assistant ?? "", client.visitor ?? ""]);
  }

  get state(): ChatState {
    this.#state ??= this.#describe();
    return this.#state;
  }

  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Something in the state is new. */
  changed(): void {
    this.#state = undefined;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.surroundings.frame(() => {
      this.#scheduled = false;
      for (const listener of this.#listeners) listener(this.state);
    });
  }

  /** Leaves the conversation in this tab. */
  renew(): void {
    this.session.end.abort();
    this.session = newSession();
    this.notices.read = undefined;
    this.changed();
  }

  /** Leaves it in this browser. */
  forget(): void {
    this.memory.set("conversation", undefined);
    this.memory.set("tail", undefined);
    this.renew();
  }

  /** What is stored of messages that the service has not taken, in order. */
  waiting(): Entry[] {
    return this.memory.list("out/").toSorted((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));
  }

  outboxChanged(): void {
    this.entries = this.waiting();
    this.changed();
    this.tell();
    this.work();
  }

  save(): void {
    clearTimeout(this.#saving);
    this.#saving = undefined;
    const { access, items } = this.session;
    const conversationId = this.memory.get("conversation")?.conversationId;
    // This tab may have slept while another one deleted it.
    if (conversationId !== undefined && conversationId === access?.conversationId)
      this.memory.set("tail", { conversationId, items: tailOf(items, maxTailItems, maxTailChars) });
  }

  saveSoon(): void {
    this.#saving ??= setTimeout(() => this.save(), saveEveryMs);
  }

  /** For work that nobody waits for; it may be cut off. */
  run(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if ((error as Partial<Error> | undefined)?.name !== "AbortError") throw error;
    });
  }

  /**
   * Tries until it is done, or cannot be.
   * @throws {ServiceError} one that does not pass @throws what the signal was aborted with
   */
  async patiently<T>(source: Source, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        const result = await attempt();
        this.well(source);
        return result;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        if (!error.passing) this.well(source);
        if (!error.passing) throw error;
        const pauseMs = pauseAfter(error, failures);
        this.trouble(source, error, failures, pauseMs);
        await this.pauses.pause(pauseMs, signal);
      }
    }
  }

  /** The service does not do what it should; it is asked again after the pause. */
  trouble(source: Source, error: ServiceError, failures: number, pauseMs: number): void {
    const resumesAt = this.surroundings.now() + pauseMs;
    const kind = source === "send" && error.retryAfterMs !== undefined ? "busy" : "unreachable";
    // A reading that fails once, as when the service restarts, is not worth a word.
    if (source === "send" || failures > 1) this.notices[source] = { kind, resumesAt };
    if (error.status === 0 && !this.surroundings.online()) this.#offline = true;
    this.ready = true;
    this.changed();
    if (source === "read") return;
    this.waitsForReply = error.code === "too-many-unanswered";
    this.tell(this.notices.send);
  }

  /** The service has answered. */
  well(source: Source): void {
    const { [source]: notice } = this.notices;
    if (notice === undefined && !this.#offline) return;
    this.notices[source] = undefined;
    this.#offline = false;
    this.changed();
    if (source === "read") return;
    this.waitsForReply = false;
    this.tell(null);
  }

  setOffline(offline: boolean): void {
    this.#offline = offline;
    this.changed();
  }

  close(): void {
    if (this.#saving !== undefined) this.save();
    this.session.end.abort();
    this.life.abort();
    this.#listeners.clear();
  }

  #describe(): ChatState {
    const { access, items, hasOlder } = this.session;
    const taken = new Set(items.map(({ key }) => key));
    const waiting = this.entries.filter(({ key, withdrawn }) => !withdrawn && !taken.has(key));
    const { send, otherTab, read, state } = this.notices;
    // What another tab says of sending matters to what waits here, too.
    const others = waiting.some(({ refusal }) => refusal === undefined) ? otherTab : undefined;
    return {
      ready: this.ready,
      conversationId: access?.conversationId,
      messages: [...items, ...waiting.map((entry) => this.#describeEntry(entry))],
      hasOlder,
      busy: items.some(isOpen),
      notice: this.#offline ? { kind: "offline" } : (send ?? others ?? read ?? state),
      assistant: this.info,
      draft: this.draft,
    };
  }

  #describeEntry({ key, text, timestamp, refusal }: Entry): Item {
    const delivery = refusal !== undefined ? "refused" : this.sending === key ? "sending" : "waiting";
    return { sender: "user", key, text, timestamp, delivery, refusal };
  }
}

function newSession(): Session {
  return {
    end: new AbortController(),
    access: undefined,
    items: [],
    hasOlder: false,
    busy: new Set(),
    lookAgain: false,
    lookedAt: undefined,
  };
}

/** As long as the service says, and a little longer: others were told the same. */
function pauseAfter({ retryAfterMs }: ServiceError, failures: number): number {
  const spread = 1 + Math.random() / 10;
  return Math.max(retryAfterMs ?? backoffMs(failures), shortestPauseMs) * spread;
}
