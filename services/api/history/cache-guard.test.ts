import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Found } from "../../../shared/history-cache/history-cache.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { CacheGuard, type CacheRead } from "./cache-guard.ts";

const page = Buffer.from("a page");

/** A guard over a cache that answers as the test says. */
function openGuard() {
  const asked: PromiseWithResolvers<Found>[] = [];
  const reads: CacheRead[] = [];
  const find = () => {
    const call = Promise.withResolvers<Found>();
    asked.push(call);
    return call.promise;
  };
  const guard = new CacheGuard({ cache: { find }, onRead: (read) => reads.push(read), log: quietLog() });
  return { guard, asked, reads, read: () => guard.find("one", "1") };
}

/** Reads whether a promise has settled by now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  void promise.then(() => (done = true));
  await new Promise((resolve) => setImmediate(resolve));
  return done;
}

describe("the guard of the history cache", () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] }));
  afterEach(() => void vi.useRealTimers());

  it("passes on what the cache has, and counts it", async () => {
    const { asked, reads, read } = openGuard();
    const [hit, miss] = [read(), read()];
    asked[0]?.resolve({ page });
    asked[1]?.resolve({});
    expect([await hit, await miss]).toEqual([{ page }, {}]);
    expect(reads).toEqual(["hit", "miss"]);
  });

  it.each([
    { tookMs: 40, waitMs: 40 },
    { tookMs: 0.5, waitMs: 25 },
    { tookMs: 3000, waitMs: 100 },
  ])("waits $waitMs ms for Redis where PostgreSQL took $tookMs ms for a page", async ({ tookMs, waitMs }) => {
    const { guard, reads, read } = openGuard();
    guard.databaseTook(tookMs);
    const waiting = read();
    await vi.advanceTimersByTimeAsync(waitMs - 1);
    expect(await settled(waiting)).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await waiting).toBeUndefined();
    expect(reads).toEqual(["error"]);
  });

  it("asks a cache that failed once a second, with one read, and again with all once it answers", async () => {
    const { asked, reads, read } = openGuard();
    const failed = read();
    asked[0]?.reject(new Error("away"));
    expect(await failed).toBeUndefined();
    await vi.advanceTimersByTimeAsync(999);
    expect(await Promise.all([read(), read()])).toEqual([undefined, undefined]);
    expect(asked).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(1);
    const [tried, other] = [read(), read()];
    expect(await other).toBeUndefined();
    expect(asked).toHaveLength(2);
    asked[1]?.resolve({ page });
    expect(await tried).toEqual({ page });
    const all = [read(), read()];
    for (const call of asked.slice(2)) call.resolve({ page });
    expect(await Promise.all(all)).toEqual([{ page }, { page }]);
    expect(reads).toEqual(["error", "error", "error", "error", "hit", "hit", "hit"]);
  });
});
