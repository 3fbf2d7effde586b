import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import type { Logger } from "../logger.ts";
import type { QueueBackend, RedisQueue, RedisWorker } from "./backend.ts";
import { queueName, queuePrefix, retention } from "./options.ts";

/** Back within a second of Redis' return; ioredis' own backoff grows to 20 s. */
const retryStrategy = (attempt: number) => Math.min(attempt * 100, 1000);

const failFast = { enableOfflineQueue: false, maxRetriesPerRequest: 0, commandTimeout: 500, retryStrategy };

/** BullMQ asks for endless retries here, and a time limit would end its blocking calls for ever. */
const waitForStore = { maxRetriesPerRequest: null, retryStrategy };

export function createRedisBackend(url: string, log: Logger): QueueBackend {
  const clients: Redis[] = [];
  const connect = (options: typeof failFast | typeof waitForStore) => {
    const client = new Redis(url, { protocol: 2, ...options });
    client.on("error", (error) => log.debug({ err: error }, "redis connection of the queue"));
    clients.push(client);
    return client;
  };
  return {
    async openQueue() {
      const connection = connect(failFast);
      const queue: RedisQueue = new Queue(queueName, { connection, prefix: queuePrefix, defaultJobOptions: retention });
      return queue;
    },
    async openWorker(processor, options) {
      const connection = connect(waitForStore);
      const worker: RedisWorker = new Worker(queueName, processor, { ...options, connection, prefix: queuePrefix });
      return worker;
    },
    async close() {
      for (const client of clients) client.disconnect();
    },
  };
}
