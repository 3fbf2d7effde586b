/** What a store's connection can do for the listeners of this process. Its topics end with it. */
export interface Transport {
  /**
   * For each topic, in order: resolves once the store delivers it. What rejects is asked for again on the next
   * connection.
   */
  subscribe(topics: string[]): Promise<unknown>[];
  unsubscribe(topic: string): void;
}

interface SubscriptionOptions {
  /** How long `listen` waits for the store. */
  timeoutMs: number;
  /** Hears what listeners throw. */
  onError: (error: Error) => void;
}

interface TopicListener {
  hear(message: string): void;
  /** Messages may have been missed. */
  gap(): void;
}

interface Topic {
  name: string;
  entries: Set<Entry>;
  /** The store has confirmed it, on the present connection. */
  confirmed: boolean;
}

interface Entry {
  listener: TopicListener;
  /** There while `listen` still waits: whoever gets its answer later has missed something. */
  confirm?: (() => void) | undefined;
}

/**
 * Who listens to what in this process, over connections that come and go: one subscription per topic however many
 * listen, made again on each new connection, after which every listener is told of the gap.
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
   * Resolves once the store has confirmed the topic, but never later than `timeoutMs`: a listener that was not
   * confirmed by then is told of a gap when it is. It may hear messages before this resolves.
   */
  async listen(name: string, listener: TopicListener): Promise<() => void> {
    const topic = this.#topics.get(name) ?? this.#open(name);
    const entry: Entry = { listener };
    topic.entries.add(entry);
    if (!topic.confirmed) await confirmation(entry, this.#timeoutMs);
    return () => this.#leave(topic, entry);
  }

  deliver(name: string, message: string): void {
    for (const { listener } of this.#topics.get(name)?.entries ?? []) this.#tell(() => listener.hear(message));
  }

  /** A new connection is there: it has no topics yet. */
  connected(): void {
    this.#connected = true;
    if (this.#topics.size > 0) this.#subscribe([...this.#topics.values()]);
  }

  disconnected(): void {
    this.#connected = false;
    for (const topic of this.#topics.values()) topic.confirmed = false;
  }

  /** Some topics are no longer delivered, though others are: they are asked for again at once. */
  lost(names: readonly string[]): void {
    const topics = names.flatMap((name) => this.#topics.get(name) ?? []);
    for (const topic of topics) topic.confirmed = false;
    if (topics.length > 0) this.#subscribe(topics);
  }

  #open(name: string): Topic {
    const topic: Topic = { name, entries: new Set(), confirmed: false };
    this.#topics.set(name, topic);
    if (this.#connected) this.#subscribe([topic]);
    return topic;
  }

  #leave(topic: Topic, entry: Entry): void {
    if (!topic.entries.delete(entry) || topic.entries.size > 0) return;
    this.#topics.delete(topic.name);
    if (this.#connected) this.#transport.unsubscribe(topic.name);
  }

  /** Topics that were left meanwhile have no entries to tell; one that was opened anew is another object. */
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
    for (const { confirm, listener } of topic.entries) {
      if (confirm) confirm();
      else this.#tell(() => listener.gap());
    }
  }

  /** One listener's fault is not the others'. */
  #tell(call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#onError(error instanceof Error ? error : new Error(String(error)));
    }
  }
}

async function confirmation(entry: Entry, timeoutMs: number): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, timeoutMs);
  entry.confirm = resolve;
  await promise;
  entry.confirm = undefined;
  clearTimeout(timer);
}
