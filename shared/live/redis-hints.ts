import { type Cluster, ReplyError } from "ioredis";
import { connectNode, connectRedis, disconnectRedis, type RedisClient } from "../redis/connect-redis.ts";
import { failFast } from "../redis/fail-fast.ts";
import { liveTimeoutMs } from "../tunables.ts";
import { ShardedSubscriber } from "./sharded-subscriber.ts";
import { Subscriptions, type Transport } from "./subscriptions.ts";

/** Hints as this process receives them. */
export interface RedisHints {
  subscriptions: Subscriptions;
  /** Probes which connections are alive. */
  ping(): void;
  connections(): RedisClient[];
  close(): Promise<unknown>;
}

interface HintsOptions {
  onError: (error: Error) => void;
  timeoutMs: number;
}

export function listenToServer(url: string, { onError, timeoutMs }: HintsOptions): RedisHints {
  const subscriber = connectRedis(url, failFast(liveTimeoutMs), onError);
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
    connect: (node) => connectNode(url, node, { ...failFast(liveTimeoutMs), enableOfflineQueue: true }),
    heard: (topic, message) => subscriptions.deliver(topic, message),
    lost: (topics) => subscriptions.lost(topics),
    onError,
  });
  const subscriptions = new Subscriptions(sharded, { timeoutMs, onError });
  // It accepts topics at any time, and requests them until they are delivered.
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
        // A refusal of Redis, e.g. by its access rules. A lost connection reports itself.
        if (error instanceof ReplyError) onError(error as Error);
        throw error;
      });
      return channels.map(() => subscribed);
    },
    unsubscribe(channel) {
      // The subscription ends with the connection in any case.
      subscriber.unsubscribe(channel).catch(() => undefined);
    },
  };
}
