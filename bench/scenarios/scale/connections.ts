import { setTimeout as sleep } from "node:timers/promises";
import {
  type EndlessChat,
  holdMany,
  holdParley,
  inParallel,
  openReader,
  type Reader,
} from "../../clients/open-streams.ts";
import { LagMeter } from "../../clients/lag-meter.ts";
import { percentile } from "../../statistics.ts";
import { interleave } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import type { MeasuredProcess } from "../../testbed/measured-process.ts";
import { type Parley, startParley, benchTokenSecret } from "../../testbed/parley.ts";
import { insertWaiting } from "../../testbed/insert-rows.ts";
import { createTokens } from "../../../services/api/access/tokens.ts";

/** Connections opened before any count: one-time costs of a process are no cost of a connection. */
const warmUp = 200;
/**
 * Connections per round. Both ends of all streams, and of those compared, are descriptors of one process, often limited
 * to 20,000.
 */
const eachRound = { usual: 400, full: 1800 };
const openedAtOnce = 50;
/** Time within which memory used only for opening is released. */
const settleMs = 700;
const live = { replies: 50, readersEach: 10, interMs: 20, watchMs: 700 };

export const connectionsScenario: Scenario = {
  name: "connections",
  about: "event streams: memory of an idle one, and the lag of 500 live ones beside them",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [parley, bare] = await Promise.all([
      startParley(bench.testbed, { backend: "redis" }),
      bench.testbed.startServer({
        name: "bare",
        script: "bench/baselines/bare-main.ts",
        env: { NODE_ENV: "production" },
      }),
    ]);
    stack.use(parley);
    stack.use(bare.child);
    const rounds = Math.max(bench.rounds, 5);
    const each = bench.full ? eachRound.full : eachRound.usual;
    const chats = await waitingChats(parley, warmUp + rounds * each);
    const readers: Reader[] = [];
    stack.defer(async () => {
      await Promise.all(readers.map((reader) => reader.close()));
    });
    const open = (origin: string, chat: () => EndlessChat) => ({ origin, chat, each, readers });
    const idle = {
      bare: await memoryEach(
        bare.child,
        open(bare.origin, () => ({ path: "/events" })),
      ),
      parley: await memoryEach(
        parley.api,
        open(parley.origin, () => chats.pop() ?? { path: "/" }),
      ),
    };
    const values = await interleave(idle, rounds);
    const lags = await watchLive(bench, parley, readers);
    const count = rounds * each;
    return [
      {
        id: "connections/memory",
        what: `memory per idle event stream, with ${count}`,
        unit: "KB",
        better: "less",
        values,
        targets: [{ contender: "parley", limit: 1.25, of: "bare" }],
      },
      {
        id: "connections/dropped",
        what: `idle event streams dropped, of ${count}`,
        unit: "",
        better: "less",
        values: { parley: [readers.filter((reader) => reader.dropped()).length] },
        targets: [{ contender: "parley", limit: 0 }],
      },
      {
        id: "connections/lag",
        what: "lag of deltas, 500 readers of 50 replies at 50 tokens/s, p99",
        unit: "ms",
        better: "less",
        values: { parley: lags },
        targets: [{ contender: "parley", limit: 100 }],
      },
    ];
  },
};

interface Opening {
  origin: string;
  chat: () => EndlessChat;
  each: number;
  readers: Reader[];
}

/** @returns a function that opens more connections and returns the cost of each so far, in KB, from the first one on */
async function memoryEach(process: MeasuredProcess, opening: Opening): Promise<() => Promise<number>> {
  await openSome(opening, warmUp);
  await sleep(settleMs);
  const before = process.usage().memoryMb;
  let opened = 0;
  return async () => {
    await openSome(opening, opening.each);
    await sleep(settleMs);
    opened += opening.each;
    return ((process.usage().memoryMb - before) * 1024) / opened;
  };
}

async function openSome({ origin, chat, readers }: Opening, count: number): Promise<void> {
  await inParallel(count, openedAtOnce, async () => {
    const reader = openReader(origin, chat(), () => undefined);
    readers.push(reader);
    await reader.begun;
  });
}

/**
 * Inserts jobs that no worker will find: they are missing in the queue, and reconciliation ignores them for an hour.
 */
async function waitingChats({ pool }: Parley, count: number): Promise<EndlessChat[]> {
  const rows = await insertWaiting(pool, count);
  await pool.query("update jobs set due_at = now() + interval '1 hour'");
  const tokens = createTokens([benchTokenSecret]);
  return Promise.all(
    rows.map(async ({ id, conversationId }) => ({
      path: `/api/jobs/${id}/events`,
      token: await tokens.sign(conversationId),
    })),
  );
}

/** @returns one p99 per round */
async function watchLive(bench: Bench, parley: Parley, readers: Reader[]): Promise<number[]> {
  const hold = (count: number) =>
    bench.testbed.provider.pace({ hold: true, model: "default", live: count, interMs: live.interMs });
  await hold(0);
  const chats = await holdMany(parley.origin, live.replies, holdParley);
  const meter = new LagMeter();
  const following = chats.flatMap((chat) =>
    Array.from({ length: live.readersEach }, () => openReader(parley.origin, chat, (text) => meter.hear(text))),
  );
  readers.push(...following);
  await Promise.all(following.map(({ begun }) => begun));
  await hold(live.replies);
  await sleep(settleMs);
  const lags: number[] = [];
  for (let round = 0; round < bench.rounds; round++) {
    meter.begin();
    await sleep(bench.ms(live.watchMs));
    lags.push(percentile(meter.end(), 0.99));
  }
  await hold(0);
  return lags;
}
