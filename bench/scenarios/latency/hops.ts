import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type EndlessChat, holdFloor, holdMany, holdParley, openReader } from "../../clients/open-streams.ts";
import type { HttpConnection } from "../../clients/http-connection.ts";
import { LagMeter } from "../../clients/lag-meter.ts";
import { percentile } from "../../statistics.ts";
import { interleave } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startFloor } from "../../baselines/start-baseline.ts";
import { startParley } from "../../testbed/parley.ts";
import { openRedis } from "../../testbed/redis.ts";

const messages = 200;
/** Interval long enough for each token to be sent separately. */
const interMs = 60;
const watchMs = 900;

export const hopsScenario: Scenario = {
  name: "hops",
  about: "age of a token when its reader receives it, compared with the stores' own publish to receive",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [floor, redis, postgres] = await Promise.all([
      startFloor(bench.testbed, { model: "floor2" }),
      startParley(bench.testbed, { backend: "redis", env: { COMPATIBLE_MODEL: "parley" } }),
      startParley(bench.testbed, { backend: "postgres", env: { COMPATIBLE_MODEL: "parleyPg" } }),
    ]);
    for (const each of [floor, redis, postgres]) stack.use(each);
    await bench.testbed.provider.pace({ hold: true, model: "nobody", live: 0, interMs });
    const turns = {
      pubsub: publishing(stack, floor.redis.url),
      notify: await notifying(stack, floor.databaseUrl),
      floor2: await lagOf(bench, stack, { model: "floor2", origin: floor.origin, hold: holdFloor }),
      parley: await lagOf(bench, stack, { model: "parley", origin: redis.origin, hold: holdParley }),
      parleyPg: await lagOf(bench, stack, { model: "parleyPg", origin: postgres.origin, hold: holdParley }),
    };
    await interleave(turns, 1);
    const values = await interleave(turns, bench.rounds);
    return [
      {
        id: "hops/p50",
        what: "age of a token at its reader, one reply, p50",
        unit: "ms",
        better: "less",
        values,
      },
    ];
  },
};

function publishing(stack: AsyncDisposableStack, url: string): () => Promise<number> {
  const publisher = openRedis(stack, url);
  const subscriber = openRedis(stack, url);
  let received: (() => void) | undefined;
  subscriber.on("message", () => received?.());
  const subscribed = subscriber.subscribe("hop");
  return async () => {
    await subscribed;
    return medianOf(async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      received = resolve;
      await Promise.all([publisher.publish("hop", "x"), promise]);
    });
  };
}

async function notifying(stack: AsyncDisposableStack, connectionString: string): Promise<() => Promise<number>> {
  const open = async () => {
    const client = stack.adopt(new pg.Client({ connectionString }), (each) => each.end());
    await client.connect();
    return client;
  };
  const sender = await open();
  const listener = await open();
  let received: (() => void) | undefined;
  listener.on("notification", () => received?.());
  await listener.query("listen hop");
  return () =>
    medianOf(async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      received = resolve;
      await Promise.all([sender.query("notify hop"), promise]);
    });
}

async function medianOf(hop: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let sent = 0; sent < messages; sent++) {
    const began = performance.now();
    await hop();
    times.push(performance.now() - began);
  }
  return percentile(times, 0.5);
}

interface Held {
  model: string;
  origin: string;
  hold: (connection: HttpConnection) => Promise<EndlessChat>;
}

async function lagOf(bench: Bench, stack: AsyncDisposableStack, { model, origin, hold }: Held) {
  const [chat] = await holdMany(origin, 1, hold);
  const meter = new LagMeter();
  const reader = openReader(origin, chat ?? { path: "/" }, (text) => meter.hear(text));
  stack.defer(() => reader.close());
  await reader.begun;
  const { testbed } = bench;
  return async () => {
    await testbed.provider.pace({ hold: true, model, live: 1, interMs });
    await sleep(2 * interMs);
    meter.begin();
    await sleep(bench.ms(watchMs));
    const lag = percentile(meter.end(), 0.5);
    await testbed.provider.pace({ hold: true, model, live: 0, interMs });
    return lag;
  };
}
