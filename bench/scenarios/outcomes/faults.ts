import { setTimeout as sleep } from "node:timers/promises";
import { randomUUID } from "node:crypto";
import { submit } from "../../clients/visitors.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import type { Figure } from "../../figure.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startNaive } from "../../baselines/start-baseline.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { noDelay, type ProviderFaults } from "../../testbed/provider.ts";

const none: ProviderFaults = { failing: 0, most: Number.MAX_SAFE_INTEGER };
const burst = { messages: 500, provider: { firstMs: 500, interMs: 0, tokens: 50 }, trouble: { failing: 0, most: 60 } };
const fault = { messages: 200, provider: noDelay, trouble: { ...none, failing: 0.3 } };
const kill = { messages: 200, provider: { firstMs: 3000, interMs: 0, tokens: 50 }, trouble: none, killAfterMs: 1000 };
/** A lease (15 s), plus time to answer all messages. */
const waitMs = 45_000;
const lookEveryMs = 200;

interface Trial {
  messages: number;
  provider: { firstMs: number; interMs: number; tokens: number };
  trouble: ProviderFaults;
  killAfterMs?: number;
}

export const faultsScenario: Scenario = {
  name: "faults",
  about: "messages without a reply after the same burst, the same provider faults and the same kill",
  needsRedis: true,
  fullOnlySeconds: 75,
  async run(bench) {
    return [
      ...(await compare(bench, "burst", "500 messages at once, provider limit of 60 calls", burst)),
      ...(await compare(bench, "fault", "200 messages, three calls in ten fail", fault)),
      ...(await compare(bench, "kill", "200 replies in flight, all processes killed, one worker restarted", kill)),
    ];
  },
};

async function compare(bench: Bench, id: string, what: string, trial: Trial): Promise<Figure[]> {
  await bench.testbed.provider.pace(trial.provider);
  await bench.testbed.provider.trouble({ ...none, ...trial.trouble });
  try {
    const naive = await tryNaive(bench, trial);
    const parley = await tryParley(bench, trial);
    return [
      {
        id: `faults/${id}`,
        what: `${what}: without a reply`,
        unit: "",
        better: "less",
        values: { naive: [naive], parley: [parley.unanswered] },
        targets: [{ contender: "parley", limit: 0 }],
      },
      {
        id: `faults/${id}-preset`,
        what: "the same: answered by a preset",
        unit: "",
        better: "less",
        values: { parley: [parley.byPreset] },
      },
    ];
  } finally {
    await bench.testbed.provider.trouble(none);
  }
}

/** @returns the number of messages without a reply; they are lost for good, as nothing was stored */
async function tryNaive({ testbed }: Bench, { messages, killAfterMs }: Trial): Promise<number> {
  await using naive = await startNaive(testbed);
  const asked = Array.from({ length: messages }, async () => {
    const connection = new HttpConnection(naive.origin);
    const body = JSON.stringify({ conversationId: randomUUID(), message: "Hello there" });
    const answered = connection.request({ method: "POST", path: "/chat", body }).then(
      ({ status }) => status === 200,
      () => false,
    );
    return closing(connection, answered);
  });
  if (killAfterMs !== undefined) {
    await sleep(killAfterMs);
    await naive[Symbol.asyncDispose]();
  }
  return (await Promise.all(asked)).filter((answered) => !answered).length;
}

async function closing<T>(connection: HttpConnection, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } finally {
    await connection.destroy();
  }
}

interface Answers {
  /** Messages without a reply, or not accepted. */
  unanswered: number;
  byPreset: number;
}

async function tryParley({ testbed }: Bench, { messages, killAfterMs, trouble }: Trial): Promise<Answers> {
  // The operator has set the concurrency to the provider's limit.
  const env = Number.isFinite(trouble.most) && trouble.most < 1000 ? { WORKER_CONCURRENCY: String(trouble.most) } : {};
  await using parley = await startParley(testbed, { backend: "redis", env });
  const accepted = await Promise.all(
    Array.from({ length: messages }, async () => {
      const connection = new HttpConnection(parley.origin);
      const done = submit(connection).then(
        () => true,
        () => false,
      );
      return closing(connection, done);
    }),
  );
  if (killAfterMs !== undefined) {
    await sleep(killAfterMs);
    await parley.killAll();
    await parley.startWorker();
  }
  const refused = accepted.filter((each) => !each).length;
  const { unanswered, byPreset } = await countAnswers(parley);
  return { unanswered: refused + unanswered, byPreset };
}

async function countAnswers({ pool }: Parley): Promise<Answers> {
  const deadline = performance.now() + waitMs;
  for (;;) {
    const { rows } = await pool.query<Answers & { open: number }>(
      `select count(*) filter (where status in ('queued', 'active'))::int as open,
              count(*) filter (where status <> 'completed')::int as unanswered,
              count(*) filter (where status = 'completed' and reply.fallback)::int as "byPreset"
       from jobs left join messages reply on reply.id = jobs.reply_id`,
    );
    const [{ open, unanswered, byPreset } = { open: 0, unanswered: Number.NaN, byPreset: 0 }] = rows;
    if (open === 0 || performance.now() > deadline) return { unanswered, byPreset };
    await sleep(lookEveryMs);
  }
}
