import type { Loop } from "../../clients/closed-loop.ts";
import type { Contender, Figure } from "../../figure.ts";
import { interleave, pick, type RoundWork } from "../../interleave.ts";
import type { Bench, Scenario } from "../../scenario.ts";
import { startFloor } from "../../baselines/start-baseline.ts";
import { startParley } from "../../testbed/parley.ts";
import { HistoryReaders, makeReadable, type Readable } from "./read-histories.ts";
import { fillFloorTable } from "../../baselines/fill-floor.ts";

const clients = 16;
const roundMs = 400;
const conversations = 500;

export const historyScenario: Scenario = {
  name: "history",
  about: "reading conversations, short and long, always the same one or always another",
  needsRedis: true,
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const [floor, parley] = await Promise.all([
      startFloor(bench.testbed, { worker: false }),
      startParley(bench.testbed, { backend: "redis", worker: false }),
    ]);
    stack.use(floor);
    stack.use(parley);
    const short = await makeReadable(parley, { messages: 20, count: conversations });
    const long = await makeReadable(parley, { messages: 1000, count: 20 });
    const bare = (await fillFloorTable(floor.databaseUrl, { messages: 20, count: conversations })).map((id) => ({
      path: `/history/${id}`,
    }));
    await measure(bench, { bare: [floor.origin, bare], parley: [parley.origin, short] }, 1);
    const same = { bare: [floor.origin, bare.slice(0, 1)], parley: [parley.origin, short.slice(0, 1)] } as const;
    const other = { bare: [floor.origin, bare], parley: [parley.origin, short] } as const;
    return [
      figure("same-20", "history, 20 messages, always the same", await measure(bench, same, bench.rounds)),
      figure("other-20", "history, 20 messages, always another", await measure(bench, other, bench.rounds)),
      figure(
        "other-1000",
        "history, newest 50 of 1,000 messages, always another",
        await measure(bench, { parley: [parley.origin, long] }, bench.rounds),
      ),
    ];
  },
};

type Readers = Partial<Record<Contender, readonly [origin: string, readables: readonly Readable[]]>>;

async function measure(bench: Bench, readers: Readers, rounds: number) {
  await using stack = new AsyncDisposableStack();
  const turns: Partial<Record<Contender, RoundWork<Loop<void>>>> = Object.fromEntries(
    Object.entries(readers).map(([name, [origin, readables]]) => {
      const opened = stack.adopt(new HistoryReaders(origin, readables, clients), (each) => each.close());
      return [name, () => opened.read(bench.ms(roundMs))];
    }),
  );
  return pick(await interleave(turns, rounds), ({ rate }) => rate);
}

function figure(id: string, what: string, values: Figure["values"]): Figure {
  return { id: `history/${id}`, what: `${what}, ${clients} clients`, unit: "/s", better: "more", values };
}
