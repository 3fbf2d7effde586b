import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { Client, ConversationAccess } from "../client/client.ts";
import { backoffMs, createPauses } from "../client/retry-delays.ts";
import { ServiceError } from "../client/service-error.ts";
import type { ChatState, Notice } from "./chat-state.ts";
import { isOpen, type Item, tailOf } from "./items.ts";
import { type Entry, type Memory, openMemory } from "./chat-storage.ts";
import type { Surroundings } from "./environment.ts";

export interface ChatOptions {
  client: Client;
  /** Key of one of the service's assistants; absent: the default one. */
  assistant?: string | undefined;
  surroundings: Surroundings;
  /** Data sent along with each message, such as the visitor's page. */
  metadata?: (() => Record<string, string>) | undefined;
}

/** Lifetime of one conversation in this tab, known to the service or about to be. Its end aborts what waits for it. */
export interface Session {
  readonly end: AbortController;
  access: ConversationAccess | undefined;
  items: readonly Item[];
  hasOlder: boolean;
  /** Tasks in progress, each at most once at a time. */
  readonly busy: Set<"look" | "follow" | "older">;
  /** Set when something changed during a read, so another read is needed. */
  lookAgain: boolean;
  /** Time of the last read from the service. `undefined`: the shown messages may be incomplete. */
  lookedAt: number | undefined;
}

/** Kinds of requests to the service; each has its own notice. */
type Source = "send" | "read";

/** Maximum number of items stored of a conversation for the next page. */
const maxTailItems = 40;
const maxTailChars = 50_000;
const saveEveryMs = 1_000;
const shortestPauseMs = 1_000;

/** State shared by the parts of a chat, and the calls between them. */
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
  /** Key of the message in flight. */
  sending: string | undefined;
  delivering = false;
  /** Sending resumes when the next reply ends. */
  waitsForReply = false;
  /** Rating request in flight. */
  rated: Promise<unknown> = Promise.resolve();
  draft = "";
  ready = false;
  info: AssistantInfo | undefined;
  /** Performs due work: reads, follows, sends. */
  work: () => void = () => undefined;
  /** Notifies the other tabs that stored values or the state of sending have changed. */
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

  /** Publishes a new state. */
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

  /** Leaves the conversation in all tabs of this browser. */
  forget(): void {
    this.memory.set("conversation", undefined);
    this.memory.set("tail", undefined);
    this.renew();
  }

  /** Lists the stored messages without a known acceptance, in order. */
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
    // Another tab may have deleted the conversation while this one slept.
    if (conversationId !== undefined && conversationId === access?.conversationId)
      this.memory.set("tail", { conversationId, items: tailOf(items, maxTailItems, maxTailChars) });
  }

  saveSoon(): void {
    this.#saving ??= setTimeout(() => this.save(), saveEveryMs);
  }

  /** Runs work without a caller that awaits it; it may be aborted. */
  run(work: Promise<unknown>): void {
    work.catch((error: unknown) => {
      if ((error as Partial<Error> | undefined)?.name !== "AbortError") throw error;
    });
  }

  /**
   * Retries until success or a permanent error.
   * @throws {ServiceError} a permanent one
   * @throws the signal's abort reason
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

  /** Handles a failure of the service: a retry follows after the pause. */
  trouble(source: Source, error: ServiceError, failures: number, pauseMs: number): void {
    const resumesAt = this.surroundings.now() + pauseMs;
    const kind = source === "send" && error.retryAfterMs !== undefined ? "busy" : "unreachable";
    // A single failed read, as at a restart of the service, deserves no notice.
    if (source === "send" || failures > 1) this.notices[source] = { kind, resumesAt };
    if (error.status === 0 && !this.surroundings.online()) this.#offline = true;
    this.ready = true;
    this.changed();
    if (source === "read") return;
    this.waitsForReply = error.code === "too-many-unanswered";
    this.tell(this.notices.send);
  }

  /** Clears the notice: the service has answered. */
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
    // Another tab's notice about sending applies to messages waiting here, too.
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

/** Pauses for the time the service asks for plus a random share: other clients got the same time. */
function pauseAfter({ retryAfterMs }: ServiceError, failures: number): number {
  const spread = 1 + Math.random() / 10;
  return Math.max(retryAfterMs ?? backoffMs(failures), shortestPauseMs) * spread;
}
