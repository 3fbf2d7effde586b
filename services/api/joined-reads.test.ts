import { describe, expect, it } from "vitest";
import { JoinedReads } from "./joined-reads.ts";

interface Row {
  id: string;
  version: number;
}

/** Statements that answer when they are told to. */
function open() {
  const asked: { ids: readonly string[]; answer: (rows: Row[]) => void; fail: (error: Error) => void }[] = [];
  const reads = new JoinedReads<Row>(
    (ids) => new Promise((resolve, reject) => asked.push({ ids, answer: resolve, fail: reject })),
  );
  return { reads, asked };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("joined reads", () => {
  it("are sent at once when nothing is under way, those of one moment together", async () => {
    const { reads, asked } = open();
    const both = [reads.read("a"), reads.read("b")];
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a", "b"]]);
    asked[0]?.answer([{ id: "b", version: 1 }]);
    expect(await Promise.all(both)).toEqual([undefined, { id: "b", version: 1 }]);
  });

  it("join while two are under way, and never share one that was sent before they asked", async () => {
    const { reads, asked } = open();
    const first = reads.read("a");
    await turn();
    const second = reads.read("a");
    await turn();
    const joined = [reads.read("a"), reads.read("b"), reads.read("a")];
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a"], ["a"]]);
    asked[1]?.answer([{ id: "a", version: 2 }]);
    expect(await second).toEqual({ id: "a", version: 2 });
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a"], ["a"], ["a", "b"]]);
    asked[0]?.answer([{ id: "a", version: 1 }]);
    asked[2]?.answer([{ id: "a", version: 3 }]);
    expect(await first).toEqual({ id: "a", version: 1 });
    expect(await Promise.all(joined)).toEqual([{ id: "a", version: 3 }, undefined, { id: "a", version: 3 }]);
  });

  it("do not wait for statements that hang", async () => {
    const { reads, asked } = open();
    const hanging = [reads.read("a")];
    await turn();
    hanging.push(reads.read("a"));
    await turn();
    const third = reads.read("a");
    await expect.poll(() => asked.length).toBe(3);
    asked[2]?.answer([{ id: "a", version: 3 }]);
    expect(await third).toEqual({ id: "a", version: 3 });
    for (const { answer } of asked) answer([]);
    expect(await Promise.all(hanging)).toEqual([undefined, undefined]);
  });

  it("fail for those who shared one, and go on", async () => {
    const { reads, asked } = open();
    const failed = Promise.allSettled([reads.read("a"), reads.read("b")]);
    await turn();
    asked[0]?.fail(new Error("away"));
    expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    const next = reads.read("a");
    await turn();
    asked[1]?.answer([{ id: "a", version: 1 }]);
    expect(await next).toEqual({ id: "a", version: 1 });
  });
});
