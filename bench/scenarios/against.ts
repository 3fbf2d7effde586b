import { closedLoop } from "../clients/closed-loop.ts";
import { HttpConnection } from "../clients/http-connection.ts";
import { makeVisitors, parleyVisitor, submit } from "../clients/visitors.ts";
import type { Contender, Figure, Target } from "../figure.ts";
import { interleave, pick } from "../interleave.ts";
import type { Bench, Scenario } from "../scenario.ts";
import { percentile, sum } from "../statistics.ts";
import type { Checkout } from "../testbed/checkout.ts";
import { type Parley, startParley } from "../testbed/parley.ts";
import { noDelay, realPace } from "../testbed/provider.ts";
import { type ChatRound, chatRounds } from "./chat-rounds.ts";

/** Required share of the other checkout's speed. */
const enough = 0.95;
/** Minimum number of rounds: the median of fewer depends too much on one of them. */
const leastRounds = 5;
/** Turns of a contender in one round: short ones in turn share the load of a busy machine evenly. */
const turnsPerRound = 4;
const turnMs = 500;
const clients = 64;
/** Replies of 10 tokens a second, as many at a time as a busy site has: each delta is a write and an event of its own. */
const slowPace = { firstMs: 200, interMs: 100, tokens: 40 };
const slowReplies = 300;
/** Length of a turn of slow replies: two chats of each visitor. */
const slowMs = 8000;
const slowRounds = leastRounds;
/** Compiled code runs several times as fast as code that has just started. */
const warmUpMs = 8000;
const pairs = [
  { contender: "parley", of: "other" },
  { contender: "parleyPg", of: "otherPg" },
] as const;

type Builds = Partial<Record<Contender, Parley>>;

/** Compares this build with another checkout: `--against`. */
export function againstScenario(checkout: Checkout): Scenario {
  return {
    name: "against",
    about: `this build and the one in ${checkout.root}: chats, slow replies and POSTs, in interleaved rounds`,
    async run(bench) {
      return [...(await measureChats(bench, checkout)), ...(await measurePosts(bench, checkout))];
    },
  };
}

async function measureChats(bench: Bench, checkout: Checkout): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const builds = await startBuilds(bench, checkout, stack, true);
  const members = Object.fromEntries(
    Object.entries(builds).map(([name, build]) => [
      name,
      { visitors: (count: number) => makeVisitors(parleyVisitor, build.origin, count), usage: () => build.usage() },
    ]),
  );
  await bench.testbed.provider.pace(noDelay);
  await chatRounds(members, { clients, rounds: 1, ms: bench.ms(warmUpMs) });
  const rounds = Math.max(leastRounds, bench.rounds) * turnsPerRound;
  const chats = await chatRounds(members, { clients, rounds, ms: bench.ms(turnMs) });
  await bench.testbed.provider.pace({ ...realPace, tokens: 10 });
  const calm = await chatRounds(members, { clients: 1, rounds, ms: bench.ms(turnMs) });
  await bench.testbed.provider.pace(slowPace);
  const many = { clients: slowReplies, rounds: slowRounds, ms: slowMs, spreadMs: slowMs / 2 };
  const slow = await chatRounds(members, many);
  return [
    figure(
      "chats",
      `chats, ${clients} clients`,
      "/s",
      pick(chats, ({ rate }) => rate),
    ),
    figure(
      "cpu",
      `CPU of the servers per chat, ${clients} clients`,
      "ms",
      pick(chats, ({ cpuMsEach }) => cpuMsEach),
    ),
    figure("first-delta", "time to the first delta, 1 client, p50", "ms", pick(calm, firstDeltaP50)),
    figure(
      "slow-cpu",
      `CPU of the servers per chat, ${slowReplies} slow replies at a time`,
      "ms",
      pick(slow, ({ cpuMsEach }) => cpuMsEach),
    ),
    figure(
      "slow-first-delta",
      `time to the first delta, ${slowReplies} slow replies at a time, p50`,
      "ms",
      pick(slow, firstDeltaP50),
    ),
  ];
}

/** Measures POSTs without a worker, each for a new conversation. */
async function measurePosts(bench: Bench, checkout: Checkout): Promise<Figure[]> {
  await using stack = new AsyncDisposableStack();
  const builds = await startBuilds(bench, checkout, stack, false);
  const turn = ({ origin }: Parley, ms: number) => {
    const connections = Array.from({ length: clients }, () => new HttpConnection(origin));
    stack.defer(async () => {
      await Promise.all(connections.map((connection) => connection.destroy()));
    });
    return () => closedLoop(connections, (connection) => submit(connection), { ms: bench.ms(ms) });
  };
  const turns = (ms: number) =>
    Object.fromEntries(Object.entries(builds).map(([name, build]) => [name, turn(build, ms)])) as Partial<
      Record<Contender, ReturnType<typeof turn>>
    >;
  await interleave(turns(warmUpMs / 2), 1);
  const results = await interleave(turns(turnMs), Math.max(leastRounds, bench.rounds) * turnsPerRound);
  return [
    figure(
      "posts",
      `POSTs, ${clients} clients`,
      "/s",
      pick(results, ({ rate }) => rate),
    ),
  ];
}

async function startBuilds(
  { testbed }: Bench,
  checkout: Checkout,
  stack: AsyncDisposableStack,
  worker: boolean,
): Promise<Builds> {
  const start = async (options: Parameters<typeof startParley>[1]) =>
    stack.use(await startParley(testbed, { ...options, worker }));
  const builds: Builds = {};
  if (testbed.hasRedis) {
    builds.parley = await start({ backend: "redis" });
    builds.other = await start({ backend: "redis", checkout });
  }
  builds.parleyPg = await start({ backend: "postgres" });
  builds.otherPg = await start({ backend: "postgres", checkout });
  return builds;
}

function firstDeltaP50({ results }: ChatRound): number {
  return percentile(
    results.map(({ firstDeltaMs }) => firstDeltaMs),
    0.5,
  );
}

/** @param turns one value per turn */
function figure(id: string, what: string, unit: "/s" | "ms", turns: Figure["values"]): Figure {
  const better = unit === "/s" ? "more" : "less";
  const limit = better === "more" ? enough : 1 / enough;
  const targets: Target[] = pairs.map((pair) => ({ ...pair, limit }));
  const values = Object.fromEntries(Object.entries(turns).map(([name, all]) => [name, toRounds(all)]));
  return { id: `against/${id}`, what, unit, better, values, targets };
}

/** Mean of the turns of each round; a turn of slow replies is a round of its own. */
function toRounds(turns: readonly number[]): number[] {
  if (turns.length <= slowRounds) return [...turns];
  return Array.from({ length: turns.length / turnsPerRound }, (_, round) => {
    const own = turns.slice(round * turnsPerRound, (round + 1) * turnsPerRound);
    return sum(own) / own.length;
  });
}
