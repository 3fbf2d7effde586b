import { closedLoop } from "../../clients/closed-loop.ts";
import { submit } from "../../clients/visitors.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { percentile } from "../../statistics.ts";
import { interleave, pick } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { type Parley, startParley } from "../../testbed/parley.ts";
import { noDelay } from "../../testbed/provider.ts";
import { insertAnswered } from "../../testbed/insert-rows.ts";

const messagesEach = 4;
const active = 250;
const clients = 16;
const roundMs = 800;
/** See `testbed/contenders.ts`. */
const warmUpRounds = 4;

export const growthScenario: Scenario = {
  name: "growth",
  about: "chats in 250 conversations, with a thousand and with a million stored messages (--full: ten million)",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    // The measured requests reach rows by id alone, in both.
    const env = { CONVERSATION_ACCESS: "open" };
    const open = () => startParley(bench.testbed, { backend: "redis", env });
    const [empty, parley] = await Promise.all([open(), open()]);
    stack.use(empty);
    stack.use(parley);
    const many = bench.full ? 10_000_000 : 1_000_000;
    const turns = {
      empty: await prepare(bench, stack, empty, active * messagesEach),
      parley: await prepare(bench, stack, parley, many),
    };
    await bench.testbed.provider.pace(noDelay);
    await interleave(turns, warmUpRounds);
    const results = await interleave(turns, bench.rounds);
    const stored = bench.full ? "10 million" : "1 million";
    return [
      {
        id: `growth/rate/${many}`,
        what: `chats with ${stored} stored messages, ${clients} clients`,
        unit: "/s",
        better: "more",
        values: pick(results, ({ rate }) => rate),
        targets: [{ contender: "parley", limit: 1 / 1.1, of: "empty" }],
      },
      {
        id: `growth/p50/${many}`,
        what: "the same, p50 of a chat",
        unit: "ms",
        better: "less",
        values: pick(results, ({ results: times }) => percentile(times, 0.5)),
      },
    ];
  },
};

async function prepare(bench: Bench, stack: AsyncDisposableStack, { pool, origin }: Parley, messages: number) {
  const conversations = messages / messagesEach;
  const ids = await insertAnswered(pool, { conversations, turns: messagesEach / 2, wanted: active });
  await pool.query("vacuum analyze");
  // A conversation has one message in flight at a time, so each client has its own.
  const visitors = Array.from({ length: clients }, (_, place) => ({
    connection: new HttpConnection(origin),
    ids: ids.filter((_id, index) => index % clients === place),
    sent: 0,
  }));
  stack.defer(async () => {
    await Promise.all(visitors.map(({ connection }) => connection.destroy()));
  });
  return () =>
    closedLoop(
      visitors,
      async (visitor) => {
        const conversationId = visitor.ids[visitor.sent++ % visitor.ids.length] ?? "";
        const began = performance.now();
        const { links } = await submit(visitor.connection, { conversationId, token: "" });
        let text = "";
        await visitor.connection.stream({ path: links.events }, (chunk) => (text += chunk));
        if (!text.includes('"fallback":false')) throw new Error(`no reply: ${text}`);
        return performance.now() - began;
      },
      { ms: bench.ms(roundMs) },
    );
}
