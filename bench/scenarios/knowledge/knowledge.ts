import type { Scenario } from "../../scenario.ts";
import { openBenchPool } from "../../testbed/testbed.ts";
import { readXquad } from "./quality/collection.ts";
import { measureLarge } from "./large/large.ts";
import { measureShop, measureXquad } from "./quality/quality.ts";

export const knowledgeScenario: Scenario = {
  name: "knowledge",
  about: "what questions find, answers without a model, and a site of 100,000 passages",
  fullOnlySeconds: 300,
  async run(bench) {
    const { testbed, data } = bench;
    // Errors in the data show before anything is measured.
    const xquad = data === undefined ? [] : readXquad(data);
    await using stack = new AsyncDisposableStack();
    const pool = openBenchPool(stack, await testbed.createDatabase("empty"));
    const figures = await measureShop(pool);
    if (xquad.length > 0) figures.push(...(await measureXquad(pool, xquad, (text) => bench.say(text))));
    else bench.say("  skipped without --data: XQuAD's rows of ranking and of answers without a model");
    return [...figures, ...(await measureLarge(bench, xquad))];
  },
};
