import { createRedisBackend as bullOnRedis, Queue, Worker } from "bullmq";
import type { Logger } from "../logger.ts";
import { connectRedis, type RedisBehaviour, type RedisClient } from "../redis/connect-redis.ts";
import { probeRedisWrites } from "../redis/probe-writes.ts";
import { silentConnectionMs } from "../tunables.ts";
import { evictionAdvice, readEvictionPolicies } from "../redis/eviction.ts";
import { withBackOff } from "./back-off.ts";
import type { QueueBackend, RedisQueue, RedisWorker } from "./backend.ts";
import { entryOptions, queuePrefix, retentionOnRedis, streams } from "./options.ts";

/**
 * Fails fast: a connection that owes an answer for `socketTimeout` is dead, even if the network reports nothing.
 */
const failFast = {
  protocol: 2,
  enableOfflineQueue: false,
  maxRetriesPerRequest: 0,
  commandTimeout: 500,
  socketTimeout: silentConnectionMs,
} as const;

/**
 * Waits for the store. BullMQ requires endless retries here, and a command timeout would end its blocking calls
 * forever. A blocking call waits for 10 s at most: a connection that is silent for longer is dead, even if the network
 * never reported it.
 */
const waitForStore = { protocol: 2, maxRetriesPerRequest: null, socketTimeout: 15_000 } as const;

export function createRedisBackend(
  url: string,
  { queue: queueName, log }: { queue: string; log: Logger },
): QueueBackend {
  const clients: RedisClient[] = [];
  const connect = (behaviour: RedisBehaviour) => {
    const client = connectRedis(url, behaviour, (error) =>
      log.warn({ err: error }, "Redis connection of the queue failed"),
    );
    clients.push(client);
    return client;
  };
  let prober: RedisClient | undefined;
  return {
    bulkFrom: 2,
    async openQueue() {
      const connection = connect(failFast);
      prober = connection;
      connection.on("ready", () => void warnOfEviction(connection, log));
      const queue: RedisQueue = new Queue(queueName, {
        connection,
        prefix: queuePrefix,
        defaultJobOptions: entryOptions,
        streams,
      });
      return queue;
    },
    async openWorker(processor, options) {
      const connection = connect(waitForStore);
      const worker: RedisWorker = new Worker(
        queueName,
        processor,
        { ...retentionOnRedis, ...options, connection, prefix: queuePrefix },
        (...args) => withBackOff(bullOnRedis(...args)),
      );
      return worker;
    },
    async probe() {
      prober ??= connect(failFast);
      await probeRedisWrites(prober, `${queuePrefix}:probe`);
    },
    async close() {
      for (const client of clients) client.disconnect();
    },
  };
}

async function warnOfEviction(client: RedisClient, log: Logger): Promise<void> {
  try {
    const advice = evictionAdvice(await readEvictionPolicies(client));
    if (advice !== undefined) log.warn(advice);
  } catch (error) {
    // Redis was up a moment ago: the check runs again when it is up again.
    log.debug({ err: error }, "eviction policy of Redis");
  }
}
