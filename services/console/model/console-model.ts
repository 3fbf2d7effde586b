import type { Colleague, InboxEntry, InboxEvent } from "../../../shared/protocol/operator.ts";
import { EventFollower } from "../client/event-follower.ts";
import { OperatorApi } from "../client/operator-api.ts";
import { ServiceProblem } from "../client/service-problem.ts";
import { Canned } from "./canned.ts";
import { Paused } from "./paused.ts";
import { asSeen } from "./entry-changes.ts";
import { FoundList } from "./found.ts";
import { Queue } from "./queue.ts";
import { ShownConversation } from "./shown-conversation.ts";
import { Presence } from "./presence.ts";
import { ReplyBox } from "./reply-box.ts";
import { Suggestions } from "./suggestions.ts";

/** Pause before the beginning is tried again. */
const beginAgainMs = 1000;
const reconnectMs = 1500;

/** The whole console without its page: who looks, the queue, the open conversation, and what is being written. */
export class ConsoleModel {
  readonly api = new OperatorApi();
  readonly queue: Queue;
  readonly found: FoundList;
  readonly box: ReplyBox;
  readonly presence: Presence;
  readonly canned: Canned;
  readonly paused: Paused;
  readonly suggestions: Suggestions;
  me: Colleague | undefined;
  open: ShownConversation | undefined;
  colleagues: readonly Colleague[] = [];
  /** True while the inbox's events arrive. */
  live = false;
  #lostAt = Date.now();
  /** Reason why nothing can be shown at all. */
  refusal: ServiceProblem | undefined;
  /** Called with each event of the inbox, once it is shown. */
  onEvent: (event: InboxEvent) => void = () => undefined;
  readonly #changed: () => void;
  /** Names conversations that were seen to the other tabs of this browser. */
  readonly #tabs = new BroadcastChannel("parley-console-seen");
  #follower: EventFollower | undefined;

  /** @param changed called after each change of what is shown */
  constructor(changed: () => void) {
    this.#changed = changed;
    this.queue = new Queue(this.api, changed);
    this.found = new FoundList(this.api, changed);
    this.box = new ReplyBox(this.api, changed);
    this.presence = new Presence(this.api, changed);
    this.canned = new Canned(this.api, changed);
    this.#tabs.addEventListener("message", ({ data }: MessageEvent<string>) => this.#noteSeen(data));
    this.paused = new Paused(this.api, changed);
    this.suggestions = new Suggestions(this.api, this.box, changed);
  }

  /** The list that is looked at: what was searched for, or the queue. */
  get entries(): readonly InboxEntry[] | undefined {
    return this.found.asked === undefined ? this.queue.entries : this.found.entries;
  }

  get mayChange(): boolean {
    return this.me !== undefined && this.me.role !== "reader";
  }

  /** Signs in and begins to follow the inbox; tries until it can. */
  async begin(): Promise<void> {
    while (this.#follower === undefined) {
      try {
        this.me = await this.api.me();
        this.presence.begin(this.mayChange);
        this.paused.begin();
        this.#follow(await this.queue.begin());
      } catch (error) {
        if (!(error instanceof ServiceProblem)) throw error;
        this.refusal = error;
        this.#changed();
        if (!error.passes) return;
        await new Promise((resolve) => setTimeout(resolve, beginAgainMs));
      }
    }
    this.refusal = undefined;
    this.#changed();
  }

  /** True once the events have been missing for longer than a connection takes that is made anew. */
  isLost(now: number): boolean {
    return !this.live && now - this.#lostAt > reconnectMs;
  }

  show(conversationId: string | undefined): void {
    if (this.open?.id === conversationId) return;
    this.open?.close();
    this.open =
      conversationId === undefined
        ? undefined
        : new ShownConversation(conversationId, {
            api: this.api,
            changed: this.#changed,
            looks: () => this.mayChange,
            onSeen: (id) => {
              this.#noteSeen(id);
              // oxlint-disable-next-line unicorn/require-post-message-target-origin -- Channels are within an origin.
              this.#tabs.postMessage(id);
            },
          });
    this.#changed();
  }

  /** Reads who may take over a conversation. */
  async readColleagues(): Promise<void> {
    await this.open?.act(async (api) => {
      this.colleagues = await api.colleagues();
    });
  }

  /** Makes sure of fresh connections, after a sleep or when the network is back; see `EventFollower`. */
  wake(surely: boolean): void {
    this.#follower?.wake(surely);
    this.open?.wake(surely);
    this.box.wake();
    this.presence.beat();
    void this.paused.read();
    // No event tells what was seen in another browser.
    if (this.#follower) this.queue.refresh();
  }

  #noteSeen(id: string): void {
    this.found.update(id, asSeen);
    this.queue.noteSeen(id);
  }

  #follow(cursor: string): void {
    this.#follower = new EventFollower({
      path: "inbox/events",
      after: cursor,
      onEvent: (event, data) => this.#receive({ event, data } as InboxEvent),
      onLive: (live) => {
        if (live === this.live) return;
        this.live = live;
        this.#lostAt = Date.now();
        this.#changed();
      },
      onRefused: (problem) => {
        this.refusal = problem;
        this.#changed();
      },
    });
  }

  #receive(event: InboxEvent): void {
    if (event.event === "resync") {
      this.queue.refresh();
      this.open?.refresh();
    } else if (event.event !== "wait") {
      const readId = this.open?.isRead === true ? this.open.id : undefined;
      this.queue.receive(event, { me: this.me?.id, readId });
      this.found.receive(event, readId);
      if (event.data.conversationId === this.open?.id) this.open.receive(event);
    }
    this.onEvent(event);
    this.#changed();
  }
}
