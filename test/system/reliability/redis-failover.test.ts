import { describe, expect, it } from "vitest";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { startRedisCluster } from "../../../shared/testing/stores/redis-cluster.ts";
import { startRedisSentinel } from "../../../shared/testing/stores/redis-sentinel.ts";
import { ApiClient } from "../harness/api-client.ts";
import { startProduct } from "../harness/product.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually } from "../harness/suite.ts";

/** A Redis whose masters can die. */
interface Store extends AsyncDisposable {
  readonly url: string;
  /** Kills the master that holds the queue; resolves at once, with what resolves when another has taken its place. */
  killMaster(): Promise<{ failedOver: Promise<void> }>;
}

async function openCluster(): Promise<Store> {
  const cluster = await startRedisCluster({ replicas: 1 });
  return {
    url: cluster.url,
    async killMaster() {
      const master = await cluster.masterOf("{parley}:answers:wait");
      await master.kill();
      return { failedOver: cluster.healthy() };
    },
    [Symbol.asyncDispose]: () => cluster[Symbol.asyncDispose](),
  };
}

async function openSentinel(): Promise<Store> {
  const sentinel = await startRedisSentinel();
  return {
    url: sentinel.url,
    async killMaster() {
      const master = await sentinel.master();
      await master.kill();
      return { failedOver: sentinel.failedOver(master) };
    },
    [Symbol.asyncDispose]: () => sentinel[Symbol.asyncDispose](),
  };
}

describe.skipIf(!redisAvailable).each([
  { name: "Redis Cluster", open: openCluster },
  { name: "Redis with Sentinels", open: openSentinel },
])("a $name whose master dies", ({ open }) => {
  it(
    "accepts and answers every message once, and streams are complete and live again",
    { timeout: 180_000 },
    async () => {
      await using store = await open();
      // It starts no Redis of its own then.
      const env = { REDIS_URL: store.url };
      await using product = await startProduct({ backend: "postgres", apis: 2, workers: 2, env });
      const { client, provider } = product;
      const other = new ApiClient(product.apis[1]?.url ?? "");
      try {
        const held = heldReply("This began before,", " and ended after.");
        provider.answer("Hold on", held.script);
        const long = await client.submitPatiently("Hold on");
        const stream = await (await other.events(long)).untilText("This began before,");

        const { failedOver } = await store.killMaster();
        const during = await Promise.all(
          Array.from({ length: 20 }, (_, number) => client.submitPatiently(`During ${number}`)),
        );
        await failedOver;
        held.release();
        await stream.ended;
        expect(stream.terminal).toMatchObject({
          event: "done",
          data: { reply: { text: "This began before, and ended after." } },
        });
        expect(stream.text).toBe("This began before, and ended after.");

        for (const [number, job] of during.entries()) {
          expect((await client.ended(job)).reply?.text).toBe(echoOf(`During ${number}`));
          expect((await client.history(job)).messages).toHaveLength(2);
        }

        await eventually("health says that all stores are up", async () => {
          const { body } = await client.request("/health");
          return (body as { status: string }).status === "healthy";
        });
        const live = heldReply("Seen before its end", ".");
        provider.answer("Live again?", live.script);
        const after = await client.submitPatiently("Live again?");
        await (await other.events(after)).untilText("Seen before its end");
        live.release();
        expect((await client.ended(after)).reply?.text).toBe("Seen before its end.");
      } catch (error) {
        console.error(product.output());
        throw error;
      }
    },
  );
});
