import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { askRedis } from "../../../shared/testing/stores/ask-redis.ts";
import { redisAvailable, type RedisServer } from "../../../shared/testing/stores/redis.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { echoOf } from "../harness/scripted-provider.ts";
import { eventually } from "../harness/suite.ts";

interface Fault {
  name: string;
  /** In the health report and in the log. */
  text: string;
  begin: (redis: RedisServer) => Promise<unknown>;
  end: (redis: RedisServer) => Promise<unknown>;
}

const config = (redis: RedisServer, ...setting: string[]) => askRedis(redis, "CONFIG", "SET", ...setting);

const faults: Fault[] = [
  {
    name: "is full",
    text: "Redis is full and takes no writes",
    begin: (redis) => config(redis, "maxmemory", "1"),
    end: (redis) => config(redis, "maxmemory", "0"),
  },
  {
    name: "cannot snapshot",
    text: "Redis cannot save to its disk and takes no writes",
    begin: async (redis) => {
      await config(redis, "save", "3600 1");
      // Removing the folder of snapshots keeps even root from saving.
      const [, folder] = (await askRedis(redis, "CONFIG", "GET", "dir")) as [string, string];
      await rm(folder, { recursive: true });
      await eventually("a snapshot fails", async () => {
        await askRedis(redis, "BGSAVE").catch(() => undefined);
        return String(await askRedis(redis, "INFO", "persistence")).includes("rdb_last_bgsave_status:err");
      });
    },
    end: (redis) => config(redis, "stop-writes-on-bgsave-error", "no"),
  },
  {
    name: "lets its user run no scripts",
    text: "Redis does not let its user do what Parley needs",
    begin: (redis) => askRedis(redis, "ACL", "SETUSER", "default", "-eval", "-evalsha", "-script"),
    end: (redis) => askRedis(redis, "ACL", "SETUSER", "default", "+@all"),
  },
  {
    name: "has become a replica",
    text: "Redis is a replica and takes no writes",
    begin: (redis) => askRedis(redis, "REPLICAOF", "127.0.0.1", "1"),
    end: (redis) => askRedis(redis, "REPLICAOF", "NO", "ONE"),
  },
];

/** Long enough for thousands of lines, were they written. */
const watchedMs = 4000;

it.skipIf(!redisAvailable).for(faults)(
  "reports a Redis that $name by health, metrics and one log line per process, and answers everything after it",
  { timeout: 120_000 },
  async ({ text, begin, end }) => {
    await using product = await startProduct({ backend: "redis", env: { METRICS_TOKEN: metricsToken } });
    const { client, redis } = product;
    if (redis === undefined) throw new Error("this test needs a Redis");
    expect((await client.ended(await client.submitPatiently("Before"))).reply?.text).toBe(echoOf("Before"));

    await begin(redis);
    const job = await client.submitPatiently("Meanwhile");
    await eventually("health says why", async () => {
      const { body } = await client.request("/health");
      return (body as { checks: { queue: { detail?: string } } }).checks.queue.detail === text;
    });
    expect((await client.request("/health")).body).toMatchObject({ status: "degraded" });
    const before = sizeOf(product);
    await sleep(watchedMs);
    expect(sizeOf(product) - before).toBeLessThan(20_000);
    for (const each of [...product.apis, ...product.workers]) {
      const times = linesWith(each, text).map(timeOf);
      expect(times.length).toBeGreaterThan(0);
      for (const [n, time] of times.slice(1).entries()) expect(time - (times[n] ?? 0)).toBeGreaterThan(59_000);
    }
    const metrics = (await client.request("/metrics", { token: metricsToken })).text;
    expect(metrics).toContain('parley_store_up{store="queue"} 0');
    expect(metrics).toContain('parley_store_refuses{store="queue"} 1');

    await end(redis);
    expect((await client.ended(job)).reply?.text).toBe(echoOf("Meanwhile"));
    await eventually("health is well again", async () => {
      const { body } = await client.request("/health");
      return (body as { status: string }).status === "healthy";
    });
  },
);

it.skipIf(!redisAvailable)(
  "reports at its start a Redis that refuses commands, before any request",
  { timeout: 60_000 },
  async () => {
    await using product = await startProduct({ backend: "redis", apis: 0, workers: 0 });
    const { redis } = product;
    if (redis === undefined) throw new Error("this test needs a Redis");
    await config(redis, "maxmemory", "1");
    const api = await product.startApi();
    await eventually("the log says why", async () => linesWith(api, "Redis is full and takes no writes").length > 0);
    expect(await api.stop()).toBe(0);
  },
);

const metricsToken = "token-for-the-metrics-of-this-test";

function sizeOf({ apis, workers }: Product): number {
  return [...apis, ...workers].reduce((sum, { output }) => sum + output.length, 0);
}

function linesWith({ output }: ServiceProcess, text: string): string[] {
  return output.split("\n").filter((line) => line.includes(`"fault":"${text}"`));
}

function timeOf(line: string): number {
  return (JSON.parse(line) as { time: number }).time;
}
