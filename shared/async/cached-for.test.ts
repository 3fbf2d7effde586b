import { describe, expect, it, vi } from "vitest";
import { cachedFor } from "./cached-for.ts";

function counting() {
  let calls = 0;
  let next = Promise.withResolvers<number>();
  const read = () => {
    calls += 1;
    return next.promise;
  };
  const settle = (settleIt: (pending: typeof next) => void) => {
    settleIt(next);
    next = Promise.withResolvers();
  };
  return { read, settle, calls: () => calls };
}

describe("cached value", () => {
  it("is read once for many callers and again when expired", async () => {
    let calls = 0;
    const ask = cachedFor(20, async () => ++calls);
    expect(await Promise.all([ask(), ask(), ask()])).toEqual([1, 1, 1]);
    expect(await ask()).toBe(1);
    await vi.waitFor(async () => expect(await ask()).toBe(2));
  });

  it("is awaited, however slow, and not read twice", async () => {
    const { read, settle, calls } = counting();
    const ask = cachedFor(0, read);
    const first = ask();
    await new Promise(setImmediate);
    const second = ask();
    expect(calls()).toBe(1);
    settle(({ resolve }) => resolve(7));
    expect(await Promise.all([first, second])).toEqual([7, 7]);
  });

  it("is not kept if the read failed", async () => {
    const { read, settle, calls } = counting();
    const ask = cachedFor(60_000, read);
    const failed = ask();
    settle(({ reject }) => reject(new Error("away")));
    await expect(failed).rejects.toThrow("away");
    const next = ask();
    settle(({ resolve }) => resolve(7));
    expect(await next).toBe(7);
    expect(calls()).toBe(2);
  });
});
