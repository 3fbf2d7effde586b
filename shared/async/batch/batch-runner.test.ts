import { describe, expect, it } from "vitest";
import { BatchRunner } from "./batch-runner.ts";
import type { BatchResult } from "./batch-work.ts";

/** Runs items that are upper-cased; "broken" makes its batch fail, "locked" is skipped, "away" is an outage. */
function open(most = 8) {
  const batches: (readonly string[])[] = [];
  const alone: string[] = [];
  const runner = new BatchRunner<string, string>(
    {
      async runBatch(items): Promise<BatchResult<string>[]> {
        batches.push(items);
        for (const item of items) if (item === "broken" || item === "away") throw new Error(item);
        return items.map((item) => (item === "locked" ? undefined : { result: item.toUpperCase() }));
      },
      async runOne(item) {
        alone.push(item);
        if (item === "broken" || item === "away") throw new Error(item);
        return item.toUpperCase();
      },
      isOutage: (error) => error instanceof Error && error.message === "away",
    },
    most,
  );
  const run = async (...items: string[]) => {
    const calls = items.map((item) => ({ item, ...Promise.withResolvers<string>() }));
    const settled = Promise.allSettled(calls.map(({ promise }) => promise));
    await runner.run(calls);
    return (await settled).map((call) => (call.status === "fulfilled" ? call.value : String(call.reason)));
  };
  return { runner, run, batches, alone };
}

describe("batch runner", () => {
  it("runs several items together and a single one alone", async () => {
    const { run, batches, alone } = open();
    expect(await run("a", "b")).toEqual(["A", "B"]);
    expect(await run("c")).toEqual(["C"]);
    expect([batches, alone]).toEqual([[["a", "b"]], ["c"]]);
  });

  it("runs a skipped item alone", async () => {
    const { run, alone } = open();
    expect(await run("a", "locked", "b")).toEqual(["A", "LOCKED", "B"]);
    expect(alone).toEqual(["locked"]);
  });

  it("splits a failing batch in halves until only the broken item fails", async () => {
    const { runner, run, batches } = open();
    expect(await run("a", "b", "broken", "c")).toEqual(["A", "B", "Error: broken", "C"]);
    expect(batches).toEqual([
      ["a", "b", "broken", "c"],
      ["a", "b"],
      ["broken", "c"],
    ]);
    expect(runner.limit).toBe(8);
  });

  it("fails all items in an outage, once, and halves its limit until a batch succeeds", async () => {
    const { runner, run, batches } = open();
    expect(await run("a", "b", "away", "c", "d")).toEqual(Array.from({ length: 5 }, () => "Error: away"));
    expect([batches.length, runner.limit]).toEqual([1, 3]);
    await run("away");
    expect(runner.limit).toBe(3);
    await run("a");
    expect(runner.limit).toBe(6);
    await run("a");
    expect(runner.limit).toBe(8);
  });
});
