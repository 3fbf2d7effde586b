import { within } from "../async/within.ts";

/** Subscription interface of a store's connection. Its topics end with it. */
export interface Transport {
  /**
   * Resolves for each topic, in order, once the store delivers it. A topic that rejects is requested again on the next
   * connection.
   */
  subscribe(topics: string[]): Promise<unknown>[];
  unsubscribe(topic: string): void;
}

interface SubscriptionOptions {
  /** Maximum time `listen` waits for the store. */
  timeoutMs: number;
  /** Receives errors thrown by listeners. */
  onError: (error: Error) => void;
}

interface TopicListener {
  hear(message: string): void;
  /** Called when messages may have been missed. */
  gap(): void;
}

interface Topic {
  name: string;
  subscribers: Set<Subscriber>;
  /** True once the store has confirmed it on the current connection. */
  confirmed: boolean;
}

interface Subscriber {
  listener: TopicListener;
  /** Set while `listen` still waits. A listener confirmed later has missed something. */
  confirm?: (() => void) | undefined;
}

/**
 * Listeners of this process, over connections that are replaced when lost. Each topic has one subscription, however
 * many listeners it has. It is repeated on each new connection, after which every listener gets a gap.
 */
export class Subscriptions {
  readonly #topics = new Map<string, Topic>();
  readonly #transport: Transport;
  readonly #timeoutMs: number;
  readonly #onError: (error: Error) => void;
  #connected = false;

  constructor(transport: Transport, { timeoutMs, onError }: SubscriptionOptions) {
    this.#transport = transport;
    this.#timeoutMs = timeoutMs;
    this.#onError = onError;
  }

  /**
   * Resolves once the store has confirmed the topic, but never later than `timeoutMs`. A listener not confirmed by then
   * gets a gap when it is. It may receive messages before this resolves.
   */
  async listen(name: string, listener: TopicListener): Promise<() => void> {
    const topic = this.#topics.get(name) ?? this.#open(name);
    const subscriber: Subscriber = { listener };
    topic.subscribers.add(subscriber);
    if (!topic.confirmed) await confirmation(subscriber, this.#timeoutMs);
    return () => this.#leave(topic, subscriber);
  }

  deliver(name: string, message: string): void {
    for (const { listener } of this.#topics.get(name)?.subscribers ?? []) this.#tell(() => listener.hear(message));
  }

  /** Called for a new connection, which has no topics yet. */
  connected(): void {
    this.#connected = true;
    if (this.#topics.size > 0) this.#subscribe([...this.#topics.values()]);
  }

  disconnected(): void {
    this.#connected = false;
    for (const topic of this.#topics.values()) topic.confirmed = false;
  }

  /** Requests some topics again at once: they are no longer delivered, though others are. */
  lost(names: readonly string[]): void {
    const topics = names.flatMap((name) => this.#topics.get(name) ?? []);
    for (const topic of topics) topic.confirmed = false;
    if (topics.length > 0) this.#subscribe(topics);
  }

  #open(name: string): Topic {
    const topic: Topic = { name, subscribers: new Set(), confirmed: false };
    this.#topics.set(name, topic);
    if (this.#connected) this.#subscribe([topic]);
    return topic;
  }

  #leave(topic: Topic, subscriber: Subscriber): void {
    if (!topic.subscribers.delete(subscriber) || topic.subscribers.size > 0) return;
    this.#topics.delete(topic.name);
    if (this.#connected) this.#transport.unsubscribe(topic.name);
  }

  /**
   * Subscribes to topics. One that was left meanwhile has no listeners to notify; one that was reopened is another
   * object.
   */
  #subscribe(topics: Topic[]): void {
    const answers = this.#transport.subscribe(topics.map(({ name }) => name));
    for (const [index, topic] of topics.entries()) {
      answers[index]?.then(
        () => this.#confirm(topic),
        () => undefined,
      );
    }
  }

  #confirm(topic: Topic): void {
    topic.confirmed = true;
    for (const { confirm, listener } of topic.subscribers) {
      if (confirm) confirm();
      else this.#tell(() => listener.gap());
    }
  }

  /** Calls a listener and isolates its errors from the other listeners. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

async function confirmation(subscriber: Subscriber, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  subscriber.confirm = resolve;
  await within(timeoutMs, promise).catch(() => undefined);
  subscriber.confirm = undefined;
}
