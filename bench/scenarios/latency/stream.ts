import { setTimeout as sleep } from "node:timers/promises";
import { type EndlessChat, holdFloor, holdMany, holdParley, openReader } from "../../clients/open-streams.ts";
import type { HttpConnection } from "../../clients/http-connection.ts";
import { LagMeter } from "../../clients/lag-meter.ts";
import { percentile } from "../../statistics.ts";
import { interleave } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startFloor } from "../../baselines/start-baseline.ts";
import { startParley } from "../../testbed/parley.ts";

/** 50 tokens a second. */
const interMs = 20;
const mostLagMs = 100;
const firstLevel = 40;
const step = 1.3;
const settleMs = 300;
const watchMs = 400;
const prepared = 400;

export const streamScenario: Scenario = {
  name: "stream",
  about: "replies at 50 tokens a second that one API and one worker carry before text is 100 ms late (p99)",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const deadline = { JOB_DEADLINE_MS: "3600000" };
    const [floor, redis, postgres] = await Promise.all([
      startFloor(bench.testbed, { model: "floor2" }),
      startParley(bench.testbed, { backend: "redis", env: { ...deadline, COMPATIBLE_MODEL: "parley" } }),
      startParley(bench.testbed, { backend: "postgres", env: { ...deadline, COMPATIBLE_MODEL: "parleyPg" } }),
    ]);
    for (const each of [floor, redis, postgres]) stack.use(each);
    await hold(bench, "nobody", 0);
    const open = async (model: string, origin: string, holdOne: (connection: HttpConnection) => Promise<EndlessChat>) =>
      openAll(bench, stack, { model, chats: await holdMany(origin, prepared, holdOne), origin });
    const turns = {
      floor2: await open("floor2", floor.origin, holdFloor),
      parley: await open("parley", redis.origin, holdParley),
      parleyPg: await open("parleyPg", postgres.origin, holdParley),
    };
    await interleave(turns, 1);
    const values = await interleave(turns, bench.rounds);
    return [
      { id: "stream/carried", what: "replies at 50 tokens/s, lag p99 under 100 ms", unit: "", better: "more", values },
    ];
  },
};

interface Open {
  model: string;
  origin: string;
  chats: EndlessChat[];
}

/**
 * Opens a reader for each chat.
 * @returns a function that finds, once, how many of them can be live
 */
async function openAll(bench: Bench, stack: AsyncDisposableStack, { model, origin, chats }: Open) {
  const meter = new LagMeter();
  const readers = chats.map((chat) => openReader(origin, chat, (text) => meter.hear(text)));
  stack.defer(async () => {
    await Promise.all(readers.map((reader) => reader.close()));
  });
  await Promise.all(readers.map(({ begun }) => begun));
  let from = firstLevel;
  return async () => {
    const found = await findLimit(bench, model, meter, from);
    // The next round starts near the limit found.
    from = Math.max(firstLevel, Math.round(found / step ** 2));
    return found;
  };
}

/** Interpolates between the last level that was quick enough and the first that was not, by the lag of both. */
async function findLimit(bench: Bench, model: string, meter: LagMeter, from: number): Promise<number> {
  let last = { level: 0, lag: 0 };
  try {
    for (let level = from; level <= prepared; level = Math.ceil(level * step)) {
      await hold(bench, model, level);
      await sleep(settleMs);
      meter.begin();
      await sleep(watchMs);
      // No token arrived at all: the stream has stalled.
      const lag = percentile([...meter.end(), 0], 0.99) || Number.POSITIVE_INFINITY;
      if (lag > mostLagMs) {
        const share = Number.isFinite(lag) ? (mostLagMs - last.lag) / (lag - last.lag) : 0;
        return last.level + (level - last.level) * share;
      }
      last = { level, lag };
    }
    return last.level;
  } finally {
    await hold(bench, model, 0);
    await sleep(settleMs);
  }
}

function hold({ testbed }: Bench, model: string, live: number): Promise<void> {
  return testbed.provider.pace({ hold: true, model, live, interMs });
}
