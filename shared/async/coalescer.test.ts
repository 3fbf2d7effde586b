import { describe, expect, it } from "vitest";
import { Coalescer, type Items } from "./coalescer.ts";

/** Calls that end when a test ends them. */
function slowCalls() {
  const begun: { key: string; items: Items<number>; end: PromiseWithResolvers<number[]> }[] = [];
  const calls = new Coalescer<number, number>((items, key) => {
    const end = Promise.withResolvers<number[]>();
    begun.push({ key, items, end });
    return end.promise;
  });
  return { calls, begun };
}

describe("coalescer", () => {
  it("sends the first item at once and those that arrive meanwhile together, each with its own result", async () => {
    const { calls, begun } = slowCalls();
    const first = calls.add("a", 1);
    const later = [calls.add("a", 2), calls.add("a", 3), calls.add("a", 4)];
    expect(begun.map(({ items }) => items)).toEqual([[1]]);
    begun[0]?.end.resolve([10]);
    expect(await first).toBe(10);
    await expect.poll(() => begun.length, { interval: 1 }).toBe(2);
    expect(begun[1]?.items).toEqual([2, 3, 4]);
    begun[1]?.end.resolve([20, 30, 40]);
    expect(await Promise.all(later)).toEqual([20, 30, 40]);
    void calls.add("a", 5);
    expect(begun[2]?.items).toEqual([5]);
  });

  it("makes calls of different keys side by side", () => {
    const { calls, begun } = slowCalls();
    void calls.add("a", 1);
    void calls.add("b", 2);
    expect(begun.map(({ key, items }) => [key, ...items])).toEqual([
      ["a", 1],
      ["b", 2],
    ]);
  });

  it("fails for the items of the call that failed, and goes on with the others", async () => {
    const { calls, begun } = slowCalls();
    const [first, second] = [calls.add("a", 1), calls.add("a", 2)];
    begun[0]?.end.reject(new Error("away"));
    await expect(first).rejects.toThrow("away");
    await expect.poll(() => begun.length, { interval: 1 }).toBe(2);
    begun[1]?.end.resolve([20]);
    expect(await second).toBe(20);
  });

  it("is settled when no call of any key is in flight or waits", async () => {
    const { calls, begun } = slowCalls();
    await calls.settled();
    const all = Promise.allSettled([calls.add("a", 1), calls.add("a", 2), calls.add("b", 3)]);
    let settled = false;
    const settling = calls.settled().then(() => (settled = true));
    begun[0]?.end.reject(new Error("away"));
    begun[1]?.end.resolve([30]);
    await expect.poll(() => begun.length, { interval: 1 }).toBe(3);
    expect(settled).toBe(false);
    begun[2]?.end.resolve([20]);
    await settling;
    expect((await all).map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
  });
});
