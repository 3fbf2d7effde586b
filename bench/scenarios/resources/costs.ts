import { setTimeout as sleep } from "node:timers/promises";
import type { Redis } from "ioredis";
import { makeVisitors, parleyVisitor, type BenchVisitor } from "../../clients/visitors.ts";
import type { Figure } from "../../figure.ts";
import { countStatements, type Counts } from "../../testbed/count-statements.ts";
import { sum } from "../../statistics.ts";
import { describeNumber } from "../../report/table.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startParley } from "../../testbed/parley.ts";
import { noDelay, realPace } from "../../testbed/provider.ts";
import { openRedis } from "../../testbed/redis.ts";

const clients = 8;
const chatsEach = 4;
const chats = clients * chatsEach;
/** Chats to run: the queue keeps a thousand ended jobs. One number stays under that, the other exceeds it. */
const keptChats = 700;
const manyChats = 1500;
/** Time for writes after a reply's end to reach the stores. */
const settleMs = 500;

export const costsScenario: Scenario = {
  name: "costs",
  about:
    "commands, bytes and statements of one chat of 50 tokens in a second, and the data left in Redis, where the queue keeps the last thousand ended jobs",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const parley = stack.use(await startParley(bench.testbed, { backend: "redis", countStatements: true }));
    await bench.testbed.provider.pace(realPace);
    const visitors = makeVisitors(parleyVisitor, parley.origin, clients);
    stack.defer(async () => {
      await Promise.all(visitors.map((visitor) => visitor.close()));
    });
    const redis = openRedis(stack, parley.redis?.url);
    await chatSome(visitors);
    const counted = await countRedis(redis, () => chatSome(visitors));
    const statements = await countStatements(parley.pool, () => chatSome(visitors));
    bench.say(`  Redis, sent: ${describe(counted.sent)}\n  Redis, in scripts: ${describe(counted.scripted)}`);
    bench.say(`  PostgreSQL: ${describe(statements)}`);
    const resident = await measureResident(bench, redis, visitors);
    return [
      figure("commands", {
        what: "Redis commands per chat, sent by the processes",
        unit: "",
        value: total(counted.sent) / chats,
        limit: 60,
      }),
      figure("scripted", {
        what: "Redis commands per chat, inside scripts",
        unit: "",
        value: total(counted.scripted) / chats,
      }),
      figure("bytes", {
        what: "bytes sent to Redis per chat",
        unit: "bytes",
        value: counted.bytesIn / chats,
        limit: 10 * 1024,
      }),
      figure("resident", {
        what: "bytes left in Redis per chat, last thousand",
        unit: "bytes",
        value: resident.each,
        limit: 1024,
      }),
      figure("resident-all", {
        what: `total left in Redis after ${describeNumber(manyChats)} chats`,
        unit: "KB",
        value: resident.allKb,
      }),
      figure("statements", { what: "PostgreSQL statements per chat", unit: "", value: total(statements) / chats }),
    ];
  },
};

function chatSome(visitors: readonly BenchVisitor[]): Promise<void> {
  return chatAsMany(visitors, chats);
}

interface RedisCosts {
  sent: Counts;
  scripted: Counts;
  bytesIn: number;
}

/** Counts Redis costs. Bytes are read first, as a monitoring client is served by Redis, too. */
async function countRedis(redis: Redis, work: () => Promise<void>): Promise<RedisCosts> {
  const before = await readInfo(redis);
  await work();
  const after = await readInfo(redis);
  const monitor = await redis.monitor();
  const sent: Counts = new Map();
  const scripted: Counts = new Map();
  monitor.on("monitor", (_time: string, [name = ""]: string[], source: string) => {
    const counts = source === "lua" ? scripted : sent;
    counts.set(name.toLowerCase(), (counts.get(name.toLowerCase()) ?? 0) + 1);
  });
  await work();
  monitor.disconnect();
  return { sent, scripted, bytesIn: after.bytesIn - before.bytesIn };
}

async function readInfo(redis: Redis): Promise<{ bytesIn: number; memory: number }> {
  const info = await redis.info();
  const read = (key: string) => Number(new RegExp(`^${key}:(\\d+)`, "m").exec(info)?.[1]);
  return { bytesIn: read("total_net_input_bytes"), memory: read("used_memory") };
}

/**
 * Measures resident memory over many chats: Redis's one-time cost for its clients and scripts exceeds that of some
 * dozens of chats.
 */
async function measureResident({ testbed }: Bench, redis: Redis, visitors: readonly BenchVisitor[]) {
  await testbed.provider.pace(noDelay);
  const before = await readInfo(redis);
  await chatAsMany(visitors, keptChats);
  const each = ((await readInfo(redis)).memory - before.memory) / keptChats;
  await chatAsMany(visitors, manyChats - keptChats);
  return { each, allKb: ((await readInfo(redis)).memory - before.memory) / 1024 };
}

async function chatAsMany(visitors: readonly BenchVisitor[], count: number): Promise<void> {
  let begun = 0;
  await Promise.all(
    visitors.map(async (visitor) => {
      while (begun++ < count) await visitor.chat();
    }),
  );
  await sleep(settleMs);
}

function total(counts: Counts): number {
  return sum([...counts.values()]);
}

function describe(counts: Counts): string {
  const rare = 0.1;
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .filter(([, count]) => count / chats >= rare)
    .map(([name, count]) => `${describeNumber(count / chats)} ${name}`)
    .join(", ");
}

function figure(
  id: string,
  { what, unit, value, limit }: { what: string; unit: string; value: number; limit?: number },
): Figure {
  return {
    id: `costs/${id}`,
    what,
    unit,
    better: "less",
    values: { parley: [value] },
    targets: limit === undefined ? [] : [{ contender: "parley", limit }],
  };
}
