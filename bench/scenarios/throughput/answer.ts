import { pick } from "../../interleave.ts";
import type { Scenario } from "../../scenario.ts";
import { noDelay } from "../../testbed/provider.ts";
import { chatRounds } from "../chat-rounds.ts";

/** Flowise 3.1.4 in queue mode answered 120 chats a second, while direct calls of the provider reached 10,949. */
const flowiseShare = 120 / 10_949;

export const answerScenario: Scenario = {
  name: "answer",
  about: "whole chats, from the POST to the last event, with a provider without delay, one API and one worker",
  async run(bench) {
    const contenders = await bench.contenders.take(["direct", "naive", "floor2", "parley", "parleyPg"]);
    await bench.testbed.provider.pace(noDelay);
    const many = await chatRounds(contenders, { clients: 64, rounds: bench.rounds, ms: bench.ms(1000) });
    const one = await chatRounds(contenders, { clients: 1, rounds: bench.rounds, ms: bench.ms(400) });
    const { direct: _, ...servers } = many;
    return [
      {
        id: "answer/64/rate",
        what: "chats, 64 clients",
        unit: "/s",
        better: "more",
        values: pick(many, ({ rate }) => rate),
        targets: [
          { contender: "parley", limit: 1, of: "floor2" },
          { contender: "parley", limit: 8 * flowiseShare, of: "direct" },
          { contender: "parleyPg", limit: 0.25, of: "parley" },
        ],
      },
      {
        id: "answer/64/cpu",
        what: "CPU of the servers per chat, 64 clients",
        unit: "ms",
        better: "less",
        values: pick(servers, ({ cpuMsEach }) => cpuMsEach),
        targets: [{ contender: "parley", limit: 1.2, of: "floor2" }],
      },
      {
        id: "answer/1/rate",
        what: "chats, 1 client",
        unit: "/s",
        better: "more",
        values: pick(one, ({ rate }) => rate),
      },
    ];
  },
};
