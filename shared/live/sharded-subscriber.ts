import { type Cluster, Command, type Redis, ReplyError } from "ioredis";
import type { Transport } from "./subscriptions.ts";

interface ShardedSubscriberOptions {
  /** Client that knows which node holds which slot; it is not used for listening. */
  cluster: Cluster;
  /** Opens a connection to one node. It does not reconnect. */
  connect: (node: { host: string; port: number }) => Redis;
  heard: (topic: string, message: string) => void;
  /** Called with topics that are no longer delivered and must be requested again. */
  lost: (topics: string[]) => void;
  onError: (error: Error) => void;
}

interface WantedTopic {
  /** Node that delivers it, or was asked to. */
  home?: string;
  delivered: boolean;
  confirm: () => void;
}

/** Delay before refused topics are requested again: each try looks the slots up, over a separate connection. */
const retryMs = 200;

/**
 * Topics of a Redis Cluster by sharded pub/sub. The node that holds a topic's slot delivers it, over one connection per
 * such node. When a node stops delivering, because it died or its slots have moved, its topics are requested from the
 * node that now holds them, until they are delivered. (ioredis also supports this, but does not report when messages
 * may have been missed.)
 */
export class ShardedSubscriber implements Transport {
  readonly #options: ShardedSubscriberOptions;
  readonly #nodes = new Map<string, Redis>();
  readonly #wanted = new Map<string, WantedTopic>();
  /** Nodes that were unreachable at the last try. */
  readonly #down = new Set<string>();
  /** Nodes that refused or dropped topics they no longer hold, without naming them. */
  readonly #doubtful = new Set<string>();
  #retry: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(options: ShardedSubscriberOptions) {
    this.#options = options;
    options.cluster.on("refresh", () => this.#follow());
  }

  subscribe(topics: string[]): Promise<void>[] {
    const answers = topics.map((topic) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wanted.set(topic, { delivered: false, confirm: resolve });
      return promise;
    });
    for (const topic of topics) this.#ask(topic);
    return answers;
  }

  unsubscribe(topic: string): void {
    const home = this.#wanted.get(topic)?.home;
    this.#wanted.delete(topic);
    if (home !== undefined) this.#leave(topic, home);
  }

  /** Pings every node. The answers, or `socketTimeout`, show which connections are alive. */
  ping(): void {
    for (const node of this.#nodes.values()) void node.ping().catch(() => undefined);
  }

  close(): Redis[] {
    this.#closed = true;
    clearTimeout(this.#retry);
    return [...this.#nodes.values()];
  }

  #ask(topic: string): void {
    const wanted = this.#wanted.get(topic);
    if (wanted === undefined || wanted.delivered || wanted.home !== undefined) return;
    const home = this.#options.cluster.slots[slotOf(topic)]?.[0];
    if (home === undefined || this.#down.has(home)) return this.#askLater();
    wanted.home = home;
    this.#node(home)
      .ssubscribe(topic)
      .then(
        () => {
          if (this.#wanted.get(topic) === wanted && wanted.home === home) {
            wanted.delivered = true;
            wanted.confirm();
          } else if (this.#wanted.get(topic)?.home !== home) {
            this.#leave(topic, home);
          }
        },
        (error: unknown) => {
          // A refusal of Redis, e.g. by its access rules. A moved slot or a lost connection is expected.
          if (error instanceof ReplyError && !(error as Error).message.startsWith("MOVED"))
            this.#options.onError(error as Error);
          if (wanted.home !== home) return;
          delete wanted.home;
          this.#askLater();
        },
      );
  }

  #askLater(): void {
    if (this.#closed) return;
    this.#retry ??= setTimeout(() => {
      this.#retry = undefined;
      const { cluster } = this.#options;
      // Without any node the Cluster's client reconnects, and then looks the slots up.
      if (cluster.status === "ready") cluster.refreshSlotsCache(() => this.#askAgain());
      else this.#askAgain();
    }, retryMs).unref();
  }

  #askAgain(): void {
    if (this.#closed) return;
    this.#down.clear();
    for (const key of this.#doubtful) this.#lose(this.#topicsAt(key));
    this.#doubtful.clear();
    for (const topic of this.#wanted.keys()) this.#ask(topic);
  }

  /** Moves topics to the nodes that now hold their slots. */
  #follow(): void {
    const { slots } = this.#options.cluster;
    const moved = [...this.#wanted].filter(
      ([topic, { home }]) => home !== undefined && slots[slotOf(topic)]?.[0] !== home,
    );
    for (const [topic, { home = "" }] of moved) this.#leave(topic, home);
    this.#lose(moved.map(([topic]) => topic));
    const masters = new Set(slots.map(([master]) => master));
    for (const [key, node] of this.#nodes) if (!masters.has(key)) node.disconnect();
  }

  #lose(topics: string[]): void {
    for (const topic of topics) {
      const wanted = this.#wanted.get(topic);
      if (wanted === undefined) continue;
      wanted.delivered = false;
      delete wanted.home;
    }
    if (topics.length > 0 && !this.#closed) this.#options.lost(topics);
  }

  #leave(topic: string, home: string): void {
    const node = this.#nodes.get(home);
    // The subscription ends with the connection in any case.
    if (node?.status === "ready") node.sunsubscribe(topic).catch(() => undefined);
  }

  #node(key: string): Redis {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const colon = key.lastIndexOf(":");
    const node = this.#options.connect({ host: key.slice(0, colon), port: Number(key.slice(colon + 1)) });
    this.#nodes.set(key, node);
    node.on("smessage", this.#options.heard);
    node.on("moved", () => {
      this.#doubtful.add(key);
      this.#askLater();
    });
    node.on("end", () => {
      this.#nodes.delete(key);
      this.#down.add(key);
      this.#lose(this.#topicsAt(key));
    });
    return node;
  }

  #topicsAt(key: string): string[] {
    return [...this.#wanted].filter(([, { home }]) => home === key).map(([topic]) => topic);
  }
}

/** Slot of a Cluster that a channel belongs to. */
function slotOf(topic: string): number {
  return new Command("get", [topic]).getSlot() ?? 0;
}
