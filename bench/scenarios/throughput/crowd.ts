import { percentile } from "../../statistics.ts";
import { pick } from "../../interleave.ts";
import type { Scenario } from "../../scenario.ts";
import { chatRounds } from "../chat-rounds.ts";

/** Pace with the whole reply at once after a second, so the rest of the time is Parley's own. */
const slow = { firstMs: 1000, interMs: 0, tokens: 50 };

export const crowdScenario: Scenario = {
  name: "crowd",
  needsRedis: true,
  about: "256 visitors and a provider that takes a second: shows stalls",
  async run(bench) {
    const contenders = await bench.contenders.take(["direct", "floor2", "parley"]);
    await bench.testbed.provider.pace(slow);
    // Visitors arrive spread over one second and stay apart, as real visitors are not synchronised.
    const options = { clients: 256, rounds: bench.rounds, ms: 1500, spreadMs: slow.firstMs };
    const results = await chatRounds(contenders, options);
    return [
      {
        id: "crowd/rate",
        what: "chats, 256 clients, provider takes 1 s",
        unit: "/s",
        better: "more",
        values: pick(results, ({ rate }) => rate),
        targets: [{ contender: "parley", limit: 0.97, of: "direct" }],
      },
      {
        id: "crowd/p99",
        what: "the same, p99 of the whole chat",
        unit: "ms",
        better: "less",
        values: pick(results, ({ results: chats }) =>
          percentile(
            chats.map(({ totalMs }) => totalMs),
            0.99,
          ),
        ),
      },
    ];
  },
};
