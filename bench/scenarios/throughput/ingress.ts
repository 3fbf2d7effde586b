import { randomUUID } from "node:crypto";
import { closedLoop } from "../../clients/closed-loop.ts";
import { submit } from "../../clients/visitors.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import type { Figure } from "../../figure.ts";
import { percentile } from "../../statistics.ts";
import { interleave, pick } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import type { Usage } from "../../testbed/measured-process.ts";
import { startFloor } from "../../baselines/start-baseline.ts";
import { startParley } from "../../testbed/parley.ts";

const connectionCounts = [1, 16, 64, 256];
const roundMs = 500;
/** Time for some thousand messages: see `testbed/contenders.ts`. */
const warmUpMs = 2500;
/** Maximum unanswered messages of a conversation; no worker runs here. */
const mostUnanswered = 5;

export const ingressScenario: Scenario = {
  name: "ingress",
  about: "POSTs without a worker: messages accepted per second, and the time of each",
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [floor, redis, postgres] = await Promise.all([
      startFloor(bench.testbed, { worker: false }),
      startParley(bench.testbed, { backend: "redis", worker: false }),
      startParley(bench.testbed, { backend: "postgres", worker: false }),
    ]);
    for (const each of [floor, redis, postgres]) stack.use(each);
    const senders = {
      floor: { of: floor, make: floorSender },
      parley: { of: redis, make: firstMessages },
      parleyPg: { of: postgres, make: firstMessages },
    };
    const following = {
      ...senders,
      parley: { of: redis, make: followingMessages },
      parleyPg: { of: postgres, make: followingMessages },
    };
    const figures: Figure[] = [];
    await measure(bench, senders, { count: 64, ms: warmUpMs, rounds: 1 });
    for (const count of connectionCounts) {
      figures.push(...describe(count, "first", await measure(bench, senders, { count, ms: roundMs })));
    }
    figures.push(...describe(64, "following", await measure(bench, following, { count: 64, ms: roundMs })));
    return figures;
  },
};

interface Sender {
  send(): Promise<unknown>;
  close(): Promise<void>;
}

interface Group {
  of: { origin: string; usage(): Usage };
  make: (origin: string) => Sender;
}
type Senders = Record<"floor" | "parley" | "parleyPg", Group>;

async function measure(
  bench: Bench,
  senders: Senders,
  { count, ms, rounds = bench.rounds }: { count: number; ms: number; rounds?: number },
) {
  const turn = ({ of, make }: Group) => {
    const open = Array.from({ length: count }, () => make(of.origin));
    return {
      run: async () => {
        const before = of.usage().cpuMs;
        const loop = await closedLoop(open, takeTime, { ms: bench.ms(ms) });
        return { ...loop, cpuMsEach: (of.usage().cpuMs - before) / loop.results.length };
      },
      close: () => Promise.all(open.map((sender) => sender.close())),
    };
  };
  const turns = { floor: turn(senders.floor), parley: turn(senders.parley), parleyPg: turn(senders.parleyPg) };
  try {
    const { floor, parley, parleyPg } = turns;
    return await interleave({ floor: floor.run, parley: parley.run, parleyPg: parleyPg.run }, rounds);
  } finally {
    for (const { close } of Object.values(turns)) await close();
  }
}

async function takeTime(sender: Sender): Promise<number> {
  const began = performance.now();
  await sender.send();
  return performance.now() - began;
}

function describe(count: number, which: "first" | "following", results: Awaited<ReturnType<typeof measure>>): Figure[] {
  const clients = `${count} client${count === 1 ? "" : "s"}`;
  const kind = which === "first" ? "new conversations" : "mostly existing conversations";
  const isTarget = count === 64;
  return [
    {
      id: `ingress/${which}/${count}/rate`,
      what: `POST, ${clients}, ${kind}`,
      unit: "/s",
      better: "more",
      values: pick(results, ({ rate }) => rate),
      targets: isTarget ? [{ contender: "parley", limit: 1, of: "floor" }] : [],
    },
    {
      id: `ingress/${which}/${count}/p99`,
      what: `POST, ${clients}, p99`,
      unit: "ms",
      better: "less",
      values: pick(results, ({ results: all }) => percentile(all, 0.99)),
      targets: isTarget ? [{ contender: "parley", limit: 1.5, of: "floor" }] : [],
    },
    {
      id: `ingress/${which}/${count}/cpu`,
      what: `POST, ${clients}, CPU of the server`,
      unit: "ms",
      better: "less",
      values: pick(results, ({ cpuMsEach }) => cpuMsEach),
    },
  ];
}

function floorSender(origin: string): Sender {
  const connection = new HttpConnection(origin);
  return {
    async send() {
      const body = JSON.stringify({ conversationId: randomUUID(), message: "Hello there, where is my order?" });
      const { status } = await connection.request({ method: "POST", path: "/chat", body });
      if (status !== 202) throw new Error(`POST /chat: ${status}`);
    },
    close: () => connection.destroy(),
  };
}

function firstMessages(origin: string): Sender {
  const connection = new HttpConnection(origin);
  return { send: () => submit(connection), close: () => connection.destroy() };
}

function followingMessages(origin: string): Sender {
  const connection = new HttpConnection(origin);
  let conversation: Awaited<ReturnType<typeof submit>> | undefined;
  let sent = 0;
  return {
    async send() {
      if (sent++ % mostUnanswered === 0) conversation = undefined;
      conversation = await submit(connection, conversation);
    },
    close: () => connection.destroy(),
  };
}
