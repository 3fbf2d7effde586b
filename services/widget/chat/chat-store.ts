import type { AssistantInfo } from "../../../shared/protocol/service.ts";
import type { Client } from "../../../packages/client/source/client.ts";
import { createRetryDelays, retryDelayMs } from "../../../packages/client/source/retry-delays.ts";
import { originRefused, ServiceError } from "../../../packages/client/source/service-error.ts";
import type { ChatState, ConnectionNotice, HandlingNews, StoredHandling } from "./chat-state.ts";
import { type ChatStorage, openChatStorage, type OutboxEntry } from "./chat-storage.ts";
import { Consent } from "./consent.ts";
import type { Environment } from "./environment.ts";
import { type ChatItem, isOpenReply, tailOf, toStored, withoutReplaced } from "./items.ts";
import { emptyConversation, type OpenConversation } from "./open-conversation.ts";
import { StreamPermit } from "./stream-permit.ts";

export interface ChatOptions {
  client: Client;
  /** Key of one of the service's assistants; absent: the default one. */
  assistant?: string | undefined;
  environment: Environment;
  /** Whether visitors are asked to agree before a conversation begins; absent: as the assistant has it. */
  consent?: boolean | undefined;
  /** Data sent along with each message, such as the visitor's page. */
  metadata?: (() => Record<string, string>) | undefined;
}

/** Values erased on purpose. */
export interface Erased {
  readonly conversationId?: string | undefined;
  /** Keys of messages. */
  readonly messages?: readonly string[] | undefined;
}

/** Kinds of requests to the service; each has its own notice. */
type RequestKind = "send" | "read";

/** Maximum number of items stored of a conversation for the next page. */
const maxTailItems = 40;
const maxTailChars = 50_000;
/** Interval at which a growing reply is stored. */
const saveDelayMs = 1_000;

/** State shared by the parts of a chat, and the calls between them. */
export class ChatStore {
  readonly client: Client;
  readonly assistant: string | undefined;
  readonly metadata: ChatOptions["metadata"];
  readonly environment: Environment;
  readonly storage: ChatStorage;
  readonly permit: StreamPermit;
  readonly consent: Consent;
  readonly delays = createRetryDelays();
  /** Aborted when the chat is closed. */
  readonly lifetime = new AbortController();

  conversation: OpenConversation = emptyConversation();
  outbox: readonly OutboxEntry[] = [];
  /** Key of the message in flight. */
  sending: string | undefined;
  sendingOutbox = false;
  /** Sending resumes when the next reply ends. */
  waitsForReply = false;
  /** Last rating request; the next one is sent after it. */
  lastRating: Promise<unknown> = Promise.resolve();
  draft = "";
  ready = false;
  /** True while the visitor sees the conversation. */
  shown = false;
  assistantInfo: AssistantInfo | undefined;
  assistantPending = true;
  /** Performs due work: reads, follows, sends. */
  runDueWork: () => void = () => undefined;
  /** Notifies the other tabs that stored values or the state of sending have changed. */
  notifyTabs: (notice?: ConnectionNotice | null) => void = () => undefined;
  /** Makes the other tabs drop what was erased on purpose, so that none of them takes it for lost and restores it. */
  notifyErased: (erased: Erased) => void = () => undefined;

  readonly notices: Partial<Record<RequestKind | "otherTab" | "state", ConnectionNotice | undefined>> = {};
  #offline = false;
  readonly #listeners = new Set<(state: ChatState) => void>();
  #state: ChatState | undefined;
  #publishScheduled = false;
  #saveTimer: ReturnType<typeof setTimeout> | undefined;

  constructor({ client, assistant, environment, metadata, consent }: ChatOptions) {
    this.client = client;
    this.assistant = assistant;
    this.metadata = metadata;
    this.environment = environment;
    this.permit = new StreamPermit(environment, client.server, () => {
      client.wake();
      this.runDueWork();
    });
    this.consent = new Consent(environment.storage, client.server, consent);
    this.storage = openChatStorage(environment.storage, [client.server, assistant ?? "", client.visitor ?? ""]);
  }

  get state(): ChatState {
    this.#state ??= this.#buildState();
    return this.#state;
  }

  /** False for a message that would begin a conversation to which the visitor has not agreed, or may have to. */
  get maySend(): boolean {
    return this.conversation.access !== undefined || this.consent.mayBegin;
  }

  subscribe(listener: (state: ChatState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Publishes a new state. */
  publish(): void {
    this.#state = undefined;
    if (this.#publishScheduled) return;
    this.#publishScheduled = true;
    this.environment.requestFrame(() => {
      this.#publishScheduled = false;
      for (const listener of this.#listeners) listener(this.state);
    });
  }

  /** Leaves the conversation in this tab. */
  leaveConversation(): void {
    this.conversation.lifetime.abort();
    this.conversation = emptyConversation();
    this.notices.read = undefined;
    this.publish();
  }

  /** Leaves the conversation in all tabs of this browser. */
  forgetConversation(): void {
    const { access } = this.conversation;
    this.storage.set("conversation", undefined);
    this.storage.set("tail", undefined);
    this.leaveConversation();
    this.notifyErased({ conversationId: access?.conversationId });
  }

  /** Lists the stored messages without a known acceptance, in order. */
  readOutbox(): OutboxEntry[] {
    return this.storage.list("out/").toSorted((a, b) => a.order - b.order || (a.key < b.key ? -1 : 1));
  }

  outboxChanged(): void {
    this.outbox = this.readOutbox();
    this.publish();
    this.notifyTabs();
    this.runDueWork();
  }

  /** Shows who answers a conversation. */
  setHandling(
    conversation: OpenConversation,
    { handledBy, operator, expected, ratingAsked, email = conversation.handling.email }: StoredHandling,
  ): void {
    const handling = { handledBy, operator, expected, ratingAsked, email: handledBy === "ai" ? undefined : email };
    if (JSON.stringify(handling) === JSON.stringify(conversation.handling)) return;
    conversation.handling = handling;
    if (handledBy === "operator") conversation.sealed = conversation.items.filter(isOpenReply).map(({ key }) => key);
    this.publish();
  }

  /** Changes what this page alone knows about who answers. */
  tellOfHandling(conversation: OpenConversation, change: Partial<HandlingNews>): void {
    conversation.handlingNews = { ...conversation.handlingNews, ...change };
    this.publish();
  }

  /** Stores the newest part of the conversation. */
  saveTail(): void {
    clearTimeout(this.#saveTimer);
    this.#saveTimer = undefined;
    const { access, items, handling, actions } = this.conversation;
    const conversationId = this.storage.get("conversation")?.conversationId;
    // Another tab may have deleted the conversation while this one slept.
    if (conversationId === undefined || conversationId !== access?.conversationId) return;
    const newest = tailOf(items, maxTailItems, maxTailChars).map(toStored);
    this.storage.set("tail", { conversationId, items: newest, handling, actions });
  }

  saveTailSoon(): void {
    this.#saveTimer ??= setTimeout(() => this.saveTail(), saveDelayMs);
  }

  /** Runs a task without a caller that awaits it; it may be aborted. */
  runInBackground(task: Promise<unknown>): void {
    task.catch((error: unknown) => {
      if ((error as Partial<Error> | undefined)?.name !== "AbortError") throw error;
    });
  }

  /**
   * Retries until success or a permanent error.
   * @throws {ServiceError} a permanent one
   * @throws the signal's abort reason
   */
  async withRetry<T>(request: RequestKind, signal: AbortSignal, attempt: () => Promise<T>): Promise<T> {
    for (let failures = 1; ; failures++) {
      try {
        const result = await attempt();
        this.markReachable(request);
        return result;
      } catch (error) {
        if (!(error instanceof ServiceError)) throw error;
        if (!error.passing) {
          this.markReachable(request);
          this.noteRefusal(error);
          throw error;
        }
        const delayMs = retryDelayMs(error, failures);
        this.markUnreachable(request, error, failures, delayMs);
        await this.delays.wait(delayMs, signal);
      }
    }
  }

  /** Shows that the service does not answer; a retry follows after the delay. */
  markUnreachable(request: RequestKind, error: ServiceError, failures: number, delayMs: number): void {
    const resumesAt = this.environment.now() + delayMs;
    const asked = request === "send" && error.retryAfterMs !== undefined;
    const kind = !asked ? "unreachable" : error.status === 429 ? "limited" : "busy";
    // A single failed read, as at a restart of the service, deserves no notice.
    if (request === "send" || failures > 1) this.notices[request] = { kind, resumesAt };
    if (error.status === 0 && !this.environment.online()) this.#offline = true;
    this.ready = true;
    this.publish();
    if (request === "read") return;
    this.waitsForReply = error.code === "too-many-unanswered";
    this.notifyTabs(this.notices.send);
  }

  /** Clears the notice, as the service has answered. */
  markReachable(request: RequestKind): void {
    const { [request]: notice } = this.notices;
    if (notice === undefined && !this.#offline) return;
    this.notices[request] = undefined;
    this.#offline = false;
    this.publish();
    if (request === "read") return;
    this.waitsForReply = false;
    this.notifyTabs(null);
  }

  /** True if the service refused the page's origin at the last request. */
  get originRefused(): boolean {
    return this.notices.state?.kind === "originRefused";
  }

  /** Shows a refusal that concerns the whole page. */
  noteRefusal({ code }: ServiceError): void {
    if (code !== originRefused) return;
    this.notices.state = { kind: "originRefused" };
    this.ready = true;
    this.publish();
  }

  setOffline(offline: boolean): void {
    this.#offline = offline;
    this.publish();
  }

  close(): void {
    if (this.#saveTimer !== undefined) this.saveTail();
    this.conversation.lifetime.abort();
    this.lifetime.abort();
    this.permit.close();
    this.#listeners.clear();
  }

  #buildState(): ChatState {
    const { access, items, hasOlder, handling, handlingNews, actions, answers } = this.conversation;
    const taken = new Set(items.map(({ key }) => key));
    const waiting = this.outbox.filter(({ key, withdrawn }) => !withdrawn && !taken.has(key));
    const { send, otherTab, read, state } = this.notices;
    // Another tab's notice about sending applies to messages waiting here, too.
    const others = waiting.some(({ refusal }) => refusal === undefined) ? otherTab : undefined;
    return {
      ready: this.ready,
      conversationId: access?.conversationId,
      messages: [...withoutReplaced(items), ...waiting.map((entry) => this.#toMessage(entry))],
      actions,
      answers,
      hasOlder,
      busy: items.some(isOpenReply),
      notice: this.#offline ? { kind: "offline" } : (send ?? others ?? read ?? state),
      handling: { ...handling, ...handlingNews },
      assistant: this.assistantInfo,
      assistantPending: this.assistantPending && this.assistantInfo === undefined,
      consentAsked: this.consent.wanted === true && !this.maySend,
      draft: this.draft,
    };
  }

  #toMessage({ key, text, timestamp, refusal, problem }: OutboxEntry): ChatItem {
    const delivery = refusal !== undefined ? "refused" : this.sending === key ? "sending" : "waiting";
    return { sender: "user", key, text, timestamp, delivery, refusal, problem };
  }
}
