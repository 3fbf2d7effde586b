import { type Cluster, ReplyError } from "ioredis";
import { connectNode, connectRedis, disconnectRedis, type RedisClient } from "../redis/connect-redis.ts";
import { liveTimeoutMs } from "./live.ts";
import { ShardedSubscriber } from "./sharded-subscriber.ts";
import { Subscriptions, type Transport } from "./subscriptions.ts";

/** A connection that owes an answer for so long is dead, even where the network never said so. */
const silenceMs = 2000;

/**
 * Nothing waits for Redis to come back, nothing is sent twice. Topics are not restored by ioredis, which forgets those it
 * was just asking for.
 */
export const failFast = {
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  autoResendUnfulfilledCommands: false,
  autoResubscribe: false,
  connectTimeout: silenceMs,
  socketTimeout: silenceMs,
  disconnectTimeout: liveTimeoutMs,
};

/** How this process hears hints. */
export interface RedisHints {
  subscriptions: Subscriptions;
  /** Finds out which connections live. */
  ping(): void;
  connections(): RedisClient[];
  close(): Promise<unknown>;
}

interface HintsOptions {
  onError: (error: Error) => void;
  timeoutMs: number;
}

export function listenToServer(url: string, { onError, timeoutMs }: HintsOptions): RedisHints {
  const subscriber = connectRedis(url, failFast, onError);
  const subscriptions = new Subscriptions(serverTransport(subscriber, onError), { timeoutMs, onError });
  subscriber.on("message", (channel: string, message: string) => subscriptions.deliver(channel, message));
  subscriber.on("ready", () => subscriptions.connected());
  subscriber.on("close", () => subscriptions.disconnected());
  return {
    subscriptions,
    ping: () => void subscriber.ping().catch(() => undefined),
    connections: () => [subscriber],
    close: () => disconnectRedis(subscriber),
  };
}

export function listenToCluster(url: string, cluster: Cluster, { onError, timeoutMs }: HintsOptions): RedisHints {
  const sharded = new ShardedSubscriber({
    cluster,
    connect: (node) => connectNode(url, node, { ...failFast, enableOfflineQueue: true }),
    heard: (topic, message) => subscriptions.deliver(topic, message),
    lost: (topics) => subscriptions.lost(topics),
    onError,
  });
  const subscriptions = new Subscriptions(sharded, { timeoutMs, onError });
  // It takes topics at any time, and asks until they are delivered.
  subscriptions.connected();
  return {
    subscriptions,
    ping: () => sharded.ping(),
    connections: () => [],
    close: () => Promise.all(sharded.close().map(disconnectRedis)),
  };
}

function serverTransport(subscriber: RedisClient, onError: (error: Error) => void): Transport {
  return {
    subscribe(channels) {
      const subscribed = subscriber.subscribe(...channels).catch((error: unknown) => {
        // Redis refuses, say by its access rules; a lost connection reports itself.
        if (error instanceof ReplyError) onError(error as Error);
        throw error;
      });
      return channels.map(() => subscribed);
    },
    unsubscribe(channel) {
      // It ends with the connection in any case.
      subscriber.unsubscribe(channel).catch(() => undefined);
    },
  };
}
