import type { Pool } from "pg";
import { describe, expect, it, onTestFinished } from "vitest";
import type { BatchResult } from "../async/batch/batch-work.ts";
import { batched, batchedRead, batching } from "./batched.ts";

interface Row {
  id: string;
  version: number;
}

/** Only tells one pool from another here. */
const pool = {} as Pool;

/** Statements that the test answers. */
function openReads() {
  const asked: { ids: readonly string[]; answer: (rows: Row[]) => void; fail: (error: Error) => void }[] = [];
  const read = batchedRead<Row>(
    (_, ids) => new Promise((resolve, reject) => asked.push({ ids, answer: resolve, fail: reject })),
  );
  return { read: (id: string) => read(pool, id), asked };
}

function openWrites() {
  const asked: {
    items: readonly string[];
    answer: (done: BatchResult<string>[]) => void;
    fail: (error: Error) => void;
  }[] = [];
  const single: { item: string; answer: (result: string) => void; fail: (error: Error) => void }[] = [];
  const write = batched<string, string>({
    keyOf: (item) => item.slice(0, 1),
    runBatch: (_, items) => new Promise((resolve, reject) => asked.push({ items, answer: resolve, fail: reject })),
    runOne: (_, item) => new Promise((resolve, reject) => single.push({ item, answer: resolve, fail: reject })),
  });
  return { write: (item: string) => write(pool, item), asked, single };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe("batched reads", () => {
  it("are sent at once when none is in flight, those of one tick together", async () => {
    const { read, asked } = openReads();
    const both = [read("a"), read("b")];
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a", "b"]]);
    asked[0]?.answer([{ id: "b", version: 1 }]);
    expect(await Promise.all(both)).toEqual([undefined, { id: "b", version: 1 }]);
  });

  it("wait for the next batch while two are in flight, never join one already sent, and read a row once for all", async () => {
    const { read, asked } = openReads();
    const first = read("a");
    await turn();
    const second = read("a");
    await turn();
    const together = [read("a"), read("b"), read("a")];
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a"], ["a"]]);
    asked[1]?.answer([{ id: "a", version: 2 }]);
    expect(await second).toEqual({ id: "a", version: 2 });
    await turn();
    expect(asked.map(({ ids }) => ids)).toEqual([["a"], ["a"], ["a", "b"]]);
    asked[0]?.answer([{ id: "a", version: 1 }]);
    asked[2]?.answer([{ id: "a", version: 3 }]);
    expect(await first).toEqual({ id: "a", version: 1 });
    expect(await Promise.all(together)).toEqual([{ id: "a", version: 3 }, undefined, { id: "a", version: 3 }]);
  });

  it("do not wait for hanging statements", async () => {
    const { read, asked } = openReads();
    const hanging = [read("a")];
    await turn();
    hanging.push(read("a"));
    await turn();
    const third = read("a");
    await expect.poll(() => asked.length).toBe(3);
    asked[2]?.answer([{ id: "a", version: 3 }]);
    expect(await third).toEqual({ id: "a", version: 3 });
    for (const { answer } of asked) answer([]);
    expect(await Promise.all(hanging)).toEqual([undefined, undefined]);
  });

  it("are all sent at once when their waiting time is over", async () => {
    const { read, asked } = openReads();
    const hanging = [read("a")];
    await turn();
    hanging.push(read("b"));
    await turn();
    const waiting = Array.from({ length: 350 }, (_, at) => read(`${at}`));
    await expect.poll(() => asked.length).toBeGreaterThan(2);
    expect(asked.map(({ ids }) => ids.length)).toEqual([1, 1, 100, 100, 100, 50]);
    for (const { answer } of asked) answer([]);
    expect(await Promise.all([...hanging, ...waiting])).toHaveLength(352);
  });

  it("are fewer per batch after a timeout, until one succeeds", async () => {
    const { read, asked } = openReads();
    const ask = async (count: number) => {
      const before = asked.length;
      const settled = Promise.allSettled(Array.from({ length: count }, (_, at) => read(`${at}`)));
      await turn();
      return { sent: asked.slice(before), settled };
    };
    const tooMany = await ask(80);
    expect(tooMany.sent.map(({ ids }) => ids.length)).toEqual([80]);
    tooMany.sent[0]?.fail(new Error("Query read timeout"));
    await tooMany.settled;
    const fewer = await ask(80);
    expect(fewer.sent.map(({ ids }) => ids.length)).toEqual([40, 40]);
    for (const { answer } of fewer.sent) answer([]);
    await fewer.settled;
    const asBefore = await ask(80);
    expect(asBefore.sent.map(({ ids }) => ids.length)).toEqual([80]);
    asBefore.sent[0]?.answer([]);
    await asBefore.settled;
  });

  it("grow back after an outage, however small the batches became", async () => {
    const { read, asked } = openReads();
    const both = Promise.allSettled([read("a"), read("b")]);
    await turn();
    asked[0]?.fail(new Error("Query read timeout"));
    await both;
    const alone = [read("a"), read("b")];
    await turn();
    expect(asked.slice(1).map(({ ids }) => ids)).toEqual([["a"], ["b"]]);
    asked[1]?.answer([]);
    asked[2]?.answer([]);
    await Promise.all(alone);
    const joinedAgain = [read("a"), read("b")];
    await turn();
    expect(asked.slice(3).map(({ ids }) => ids)).toEqual([["a", "b"]]);
    asked[3]?.answer([]);
    expect(await Promise.all(joinedAgain)).toEqual([undefined, undefined]);
  });

  it("fail for the callers of a failed batch, and continue afterwards", async () => {
    const { read, asked } = openReads();
    const failed = Promise.allSettled([read("a"), read("b")]);
    await turn();
    asked[0]?.fail(new Error("Query read timeout"));
    expect((await failed).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(asked).toHaveLength(1);
    const next = read("a");
    await turn();
    asked[1]?.answer([{ id: "a", version: 1 }]);
    expect(await next).toEqual({ id: "a", version: 1 });
  });
});

describe("batching switched off", () => {
  it("sends each read and write alone, at once", async () => {
    batching.isOn = false;
    onTestFinished(() => void (batching.isOn = true));
    const { read, asked: reads } = openReads();
    const { write, asked, single } = openWrites();
    const all = [read("a"), read("b"), read("c"), write("a1"), write("a2")];
    expect(reads.map(({ ids }) => ids)).toEqual([["a"], ["b"], ["c"]]);
    expect([asked, single.map(({ item }) => item)]).toEqual([[], ["a1", "a2"]]);
    for (const { answer } of reads) answer([]);
    for (const { answer } of single) answer("done");
    expect(await Promise.all(all)).toEqual([undefined, undefined, undefined, "done", "done"]);
  });
});

describe("batched writes", () => {
  it("run alone when only one is waiting", async () => {
    const { write, asked, single } = openWrites();
    const one = write("a1");
    await turn();
    expect(single.map(({ item }) => item)).toEqual(["a1"]);
    single[0]?.answer("done");
    expect(await one).toBe("done");
    expect(asked).toEqual([]);
  });

  it("never have one key twice in a statement", async () => {
    const { write, asked, single } = openWrites();
    const all = [write("a1"), write("a2"), write("b1")];
    await turn();
    expect(asked.map(({ items }) => items)).toEqual([["a1", "b1"]]);
    expect(single.map(({ item }) => item)).toEqual(["a2"]);
    asked[0]?.answer([{ result: "first" }, { result: "third" }]);
    single[0]?.answer("second");
    expect(await Promise.all(all)).toEqual(["first", "second", "third"]);
  });

  it("run alone if the batch skipped them, without delaying others", async () => {
    const { write, asked, single } = openWrites();
    const [locked, free] = [write("a1"), write("b1")];
    await turn();
    asked[0]?.answer([undefined, { result: "free" }]);
    expect(await free).toBe("free");
    expect(single.map(({ item }) => item)).toEqual(["a1"]);
    single[0]?.answer("locked");
    expect(await locked).toBe("locked");
  });

  it("fail alone: a failing batch is split in halves", async () => {
    const { write, asked, single } = openWrites();
    const all = Promise.allSettled(["a1", "b1", "c1", "d1"].map(write));
    await turn();
    asked[0]?.fail(new Error("duplicate key value"));
    await turn();
    expect(asked.slice(1).map(({ items }) => items)).toEqual([
      ["a1", "b1"],
      ["c1", "d1"],
    ]);
    asked[1]?.fail(new Error("duplicate key value"));
    asked[2]?.answer([{ result: "done" }, { result: "done" }]);
    await turn();
    expect(single.map(({ item }) => item)).toEqual(["a1", "b1"]);
    single[0]?.fail(new Error("duplicate key value"));
    single[1]?.answer("done");
    expect((await all).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled", "fulfilled"]);
  });

  it("are at most a hundred per statement", async () => {
    const { read, asked } = openReads();
    const all = Array.from({ length: 250 }, (_, at) => read(`${at}`));
    await turn();
    expect(asked.map(({ ids }) => ids.length)).toEqual([100, 100]);
    for (const { answer } of asked) answer([]);
    await turn();
    expect(asked.map(({ ids }) => ids.length)).toEqual([100, 100, 50]);
    asked[2]?.answer([]);
    expect(await Promise.all(all)).toHaveLength(250);
  });
});
