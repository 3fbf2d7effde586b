import type { MessageView } from "../../../shared/protocol/conversation.ts";
import type { RetrievedPassage } from "../../../shared/protocol/knowledge/retrieved-passage.ts";
import type { InboxEvent, LookAnswer, OperatorConversation } from "../../../shared/protocol/operator.ts";
import type { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { Coalesced } from "./coalesced.ts";
import { LiveReply } from "./live-reply.ts";

type ConversationChange = Exclude<InboxEvent, { event: "resync" | "wait" }>;
type HandlingChange = Extract<InboxEvent, { event: "handling" }>;

interface Parts {
  readonly api: OperatorApi;
  readonly changed: () => void;
  /** Whether colleagues are told that this operator looks. */
  readonly looks: () => boolean;
  readonly onSeen: (id: string) => void;
}

const readEveryMs = 250;
const typingHoldsMs = 6000;
/** How often colleagues are told that somebody looks; the service forgets it after 25 s. */
const lookEveryMs = 10_000;

/** The conversation before the operator's eyes. Reads are its truth; events only bring what is new sooner. */
export class ShownConversation {
  readonly id: string;
  view: OperatorConversation | undefined;
  /** Reason why it cannot be shown, or not anew. */
  problem: ServiceProblem | undefined;
  /** Reason why the last action failed. */
  failed: ServiceProblem | undefined;
  /** An action under way. */
  acting = false;
  deleted = false;
  live: LiveReply | undefined;
  /** Colleagues who look at it, too. */
  others: LookAnswer["others"] = [];
  /** Words of the service to the visitor since this was opened. */
  readonly notices: { readonly at: string; readonly text: string; readonly seq: number }[] = [];
  /** Words to the colleague who gets the conversation, until they have it. */
  noteOfTransfer = { text: "", key: crypto.randomUUID() as string };
  /** Passages of the jobs that were unfolded. */
  readonly passages = new Map<string, readonly RetrievedPassage[]>();
  readonly #parts: Parts;
  readonly #reading = new Coalesced(() => this.#read(), readEveryMs);
  #older: readonly MessageView[] = [];
  #olderBefore: string | undefined;
  #typingUntil = 0;
  #seenMessage: string | undefined;
  #ended = false;
  readonly #looking = setInterval(() => this.#look(true), lookEveryMs);

  constructor(id: string, parts: Parts) {
    this.id = id;
    this.#parts = parts;
    this.refresh();
    document.addEventListener("visibilitychange", this.#onVisibility);
  }

  get messages(): readonly MessageView[] {
    const newest = this.view?.messages ?? [];
    const known = new Set(newest.map(({ id }) => id));
    return [...this.#older.filter(({ id }) => !known.has(id)), ...newest];
  }

  get hasOlder(): boolean {
    return this.#olderBefore !== undefined;
  }

  get visitorTypes(): boolean {
    return Date.now() < this.#typingUntil;
  }

  /** True while a person can see it. */
  get isRead(): boolean {
    return !document.hidden && this.view !== undefined;
  }

  refresh(): void {
    if (!this.#ended) this.#reading.ask();
  }

  wake(surely: boolean): void {
    this.live?.wake(surely);
    this.refresh();
  }

  close(): void {
    this.#ended = true;
    this.#reading.stop();
    this.#stopLive();
    clearInterval(this.#looking);
    if (!this.deleted) this.#look(false);
    document.removeEventListener("visibilitychange", this.#onVisibility);
  }

  async readOlder(): Promise<void> {
    const before = this.#olderBefore;
    if (before === undefined) return;
    await this.act(async (api) => {
      const { messages, nextBefore } = await api.conversation(this.id, before);
      this.#older = [...messages, ...this.#older];
      this.#olderBefore = nextBefore;
    });
  }

  /** Carries out a change, one at a time, and shows what came of it. */
  async act(change: (api: OperatorApi) => Promise<unknown>): Promise<void> {
    if (this.acting) return;
    this.acting = true;
    this.failed = undefined;
    this.#parts.changed();
    try {
      await change(this.#parts.api);
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.failed = error;
    } finally {
      this.acting = false;
      this.refresh();
      this.#parts.changed();
    }
  }

  /** Reads what a job's reply was made from, each time that it is unfolded: passages come and go. */
  async readPassages(jobId: string): Promise<void> {
    try {
      this.passages.set(jobId, await this.#parts.api.passages(jobId));
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.failed = error;
    }
    this.#parts.changed();
  }

  /** Another text is another note. */
  writeNoteOfTransfer(text: string): void {
    this.noteOfTransfer = { text, key: crypto.randomUUID() };
  }

  async assign(operatorId: string): Promise<void> {
    await this.act(async (api) => {
      const { text, key } = this.noteOfTransfer;
      await api.assign(this.id, operatorId, text.trim() === "" ? undefined : { text: text.trim(), key });
      this.writeNoteOfTransfer("");
    });
  }

  /** Shows a message at once that this operator has sent. */
  add(message: MessageView): void {
    this.#typingUntil = 0;
    if (this.view === undefined || this.messages.some(({ id }) => id === message.id)) return;
    this.view = { ...this.view, messages: [...this.view.messages, message] };
  }

  receive(change: ConversationChange): void {
    switch (change.event) {
      case "message": {
        // Stored, it takes the place of the words that were followed.
        if (change.data.sender !== "user") this.#stopLive();
        this.add(change.data);
        this.noteSeen();
        break;
      }
      case "job": {
        const { jobId, status } = change.data;
        if (status === "queued" || status === "active") this.#follow(jobId);
        else if (this.live?.jobId === jobId) this.#stopLive();
        this.refresh();
        break;
      }
      case "handling":
        this.failed = undefined;
        this.#handle(change.data);
        this.refresh();
        break;
      case "action":
        this.refresh();
        break;
      case "notice":
        this.notices.push(change.data);
        break;
      case "typing":
        if (change.data.by === "user") this.#noteTyping();
        break;
      case "deleted":
        this.deleted = true;
        this.close();
    }
  }

  /** Tells the service, once for each message, that a person has looked. */
  noteSeen(): void {
    const newest = this.view?.messages.findLast(({ sender }) => sender === "user")?.id;
    if (!this.isRead || newest === undefined || newest === this.#seenMessage) return;
    this.#seenMessage = newest;
    this.#parts.api.seen(this.id, newest).then(
      () => this.#parts.onSeen(this.id),
      () => (this.#seenMessage = undefined),
    );
  }

  /**
   * Applies who answers now. Once a person does, nothing of the assistant is shown but what is stored. A reply that was
   * begun before the visitor waits for a person goes on.
   */
  #handle({ handledBy, operator, operatorId }: HandlingChange["data"]): void {
    if (this.view === undefined) return;
    if (handledBy === "operator") this.#stopLive();
    const { operator: _, ...view } = this.view;
    const has = operator !== undefined && operatorId !== undefined;
    this.view = { ...view, handledBy, ...(has && { operator: { id: operatorId, name: operator.name } }) };
  }

  async #read(): Promise<void> {
    try {
      const view = await this.#parts.api.conversation(this.id);
      if (this.#ended) return;
      this.#take(view);
      this.problem = undefined;
    } catch (error) {
      if (!(error instanceof ServiceProblem)) throw error;
      this.problem = error;
      if (error.passes) setTimeout(() => this.refresh(), 4 * readEveryMs);
    }
    this.#parts.changed();
  }

  /** A page that nobody sees says nothing but that. */
  #look(looks: boolean): void {
    if (!this.#parts.looks() || (looks && !this.isRead)) return;
    this.#parts.api.look(this.id, looks).then(
      ({ others }) => {
        this.others = others;
        this.#parts.changed();
      },
      // It is said again soon.
      () => undefined,
    );
  }

  #take(view: OperatorConversation): void {
    const isFirst = this.view === undefined;
    if (this.view === undefined) this.#olderBefore = view.nextBefore;
    else {
      // Keeps what new messages have pushed off the newest page.
      const kept = new Set([...view.messages, ...this.#older].map(({ id }) => id));
      this.#older = [...this.#older, ...this.view.messages.filter(({ id }) => !kept.has(id))];
    }
    this.view = view;
    if (view.handledBy !== "operator" && view.activeJobId !== null) this.#follow(view.activeJobId);
    else this.#stopLive();
    if (isFirst) this.#look(true);
    this.noteSeen();
  }

  #follow(jobId: string): void {
    if (document.hidden || this.#ended || this.live !== undefined) return;
    this.live = new LiveReply(jobId, {
      changed: this.#parts.changed,
      onEnd: () => this.refresh(),
    });
  }

  #stopLive(): void {
    this.live?.close();
    this.live = undefined;
  }

  #noteTyping(): void {
    this.#typingUntil = Date.now() + typingHoldsMs;
    setTimeout(this.#parts.changed, typingHoldsMs + 50);
  }

  /** A page that nobody sees keeps no stream of words open. */
  readonly #onVisibility = (): void => {
    this.#look(!document.hidden);
    if (document.hidden) this.#stopLive();
    else this.refresh();
  };
}
