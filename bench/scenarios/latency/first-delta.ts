import type { ChatTiming } from "../../clients/visitors.ts";
import type { Contender, Figure } from "../../figure.ts";
import { percentile } from "../../statistics.ts";
import { pick } from "../../interleave.ts";
import type { Scenario } from "../../scenario.ts";
import { realPace } from "../../testbed/provider.ts";
import { type ChatRound, chatRounds } from "../chat-rounds.ts";

/** Pace with a reply of a fifth of a second: only a client's first delta counts, and many rounds must fit. */
const short = { ...realPace, tokens: 10 };

export const firstDeltaScenario: Scenario = {
  name: "first-delta",
  about: "added time until the first words, compared with calling the provider directly, at a real model's pace",
  async run(bench) {
    const contenders = await bench.contenders.take(["direct", "floor2", "parley", "parleyPg"]);
    await bench.testbed.provider.pace(short);
    const one = await chatRounds(contenders, { clients: 1, rounds: bench.rounds, ms: bench.ms(1200) });
    await bench.testbed.provider.pace(realPace);
    const many = await chatRounds(contenders, { clients: 64, rounds: bench.rounds, ms: bench.ms(1500), spreadMs: 500 });
    return [
      figure(1, "p50", one, [
        { contender: "parley", limit: 1.5, of: "floor2" },
        { contender: "parleyPg", limit: 3, of: "parley" },
      ]),
      figure(1, "p99", one, []),
      figure(64, "p50", many, [{ contender: "parley", limit: 1, of: "floor2" }]),
      figure(64, "p99", many, []),
    ];
  },
};

function figure(
  clients: number,
  share: "p50" | "p99",
  results: Partial<Record<Contender, ChatRound[]>>,
  targets: NonNullable<Figure["targets"]>,
): Figure {
  const { direct, ...others } = pick(results, ({ results: chats }) => first(chats, share));
  const added = Object.entries(others).map(([name, values]) => [
    name,
    values.map((value, round) => value - (direct?.[round] ?? Number.NaN)),
  ]);
  return {
    id: `first-delta/${clients}/${share}`,
    what: `added time to the first delta, ${clients} client${clients === 1 ? "" : "s"}, ${share}`,
    unit: "ms",
    better: "less",
    values: Object.fromEntries(added) as Figure["values"],
    targets,
  };
}

function first(chats: readonly ChatTiming[], share: "p50" | "p99"): number {
  return percentile(
    chats.map(({ firstDeltaMs }) => firstDeltaMs),
    share === "p50" ? 0.5 : 0.99,
  );
}
