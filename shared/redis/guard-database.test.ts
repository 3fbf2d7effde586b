import { Cluster } from "ioredis";
import { join } from "node:path";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { ConfigError } from "../config/config.ts";
import { createQueueBackend } from "../queue/create-backend.ts";
import { openJobQueue } from "../queue/job-queue.ts";
import { askRedis } from "../testing/stores/ask-redis.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { redisAvailable, type RedisServer, startRedis } from "../testing/stores/redis.ts";
import { connectRedis, disconnectRedis } from "./connect-redis.ts";
import { requireRedisDatabase } from "./require-database.ts";

async function start(): Promise<RedisServer & { socket: string }> {
  let socket = "";
  const server = await startRedis({
    settings: ({ folder }) => {
      socket = join(folder, "redis.sock");
      return { databases: "4", unixsocket: socket };
    },
  });
  onTestFinished(() => server.stop());
  return { ...server, socket };
}

describe.skipIf(!redisAvailable)("missing database of the server", () => {
  it("fails the start, by address and by socket; an existing one is accepted", async () => {
    const { url, socket } = await start();
    for (const wrong of [`${url}/4`, `${url}?db=12`, `unix://${socket}?db=4`]) {
      const refusal = requireRedisDatabase(wrong);
      await expect(refusal).rejects.toThrow(ConfigError);
      await expect(refusal).rejects.toThrow(/REDIS_URL: the server refuses database (4|12) .*databases/);
    }
    for (const right of [url, `${url}/3`, `unix://${socket}?db=3`]) await requireRedisDatabase(right);
  });

  it("does not block a start while the server is down", async () => {
    await requireRedisDatabase("redis://127.0.0.1:1/9");
  });

  it("is never replaced by database 0 on any connection, blocking ones included", async () => {
    const server = await start();
    const errors: string[] = [];
    const redis = connectRedis(`${server.url}/9`, { maxRetriesPerRequest: null }, ({ message }) =>
      errors.push(message),
    );
    onTestFinished(() => disconnectRedis(redis));
    if (redis instanceof Cluster) throw new Error("a single server was asked for");
    const blocking = redis.duplicate();
    onTestFinished(() => disconnectRedis(blocking));
    blocking.on("error", ({ message }: Error) => errors.push(message));
    // They wait for a connection, and end with it.
    for (const each of [redis, blocking]) each.set("mine", 1).catch(() => undefined);
    await vi.waitFor(() => expect(errors.length).toBeGreaterThan(3), { timeout: 10_000 });
    expect(new Set(errors)).toEqual(new Set(["ERR DB index is out of range"]));
    expect(await askRedis(server, "DBSIZE")).toBe(0);
  });
});

describe.skipIf(!redisAvailable)("Unix socket", () => {
  it("carries the queue, in the database of the URL", async () => {
    const { url, socket } = await start();
    const open = async (redisUrl: string) => {
      const backend = await createQueueBackend({ redisUrl, databaseUrl: "", log: quietLog() });
      const queue = await openJobQueue(backend, quietLog());
      onTestFinished(() => queue.close().then(() => backend.close()));
      await queue.bull.waitUntilReady();
      return queue;
    };
    const [bySocket, byAddress, elsewhere] = [
      await open(`unix://${socket}?db=2`),
      await open(`${url}/2`),
      await open(`${url}/1`),
    ];
    await bySocket.enqueue(["01a2021f-b228-7201-8647-4b86be9ed3f2"]);
    expect(await byAddress.counts()).toMatchObject({ waiting: 1 });
    expect(await elsewhere.counts()).toMatchObject({ waiting: 0 });
  });
});
