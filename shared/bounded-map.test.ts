import { describe, expect, it } from "vitest";
import { boundedMap } from "./bounded-map.ts";

describe("bounded map", () => {
  it("drops the entry used longest ago when it is full", () => {
    const map = boundedMap<number>(3);
    for (const [value, key] of ["a", "b", "c"].entries()) map.set(key, value);
    map.get("a");
    map.set("d", 3);
    expect([...map.keys()].toSorted()).toEqual(["a", "c", "d"]);
    map.set("c", 9);
    expect([map.size, map.get("c"), map.get("b")]).toEqual([3, 9, undefined]);
  });

  it("drops an entry when its time since the first set is over, however often it is set again", async () => {
    const map = boundedMap<number>(3, { ttlMs: 50 });
    const began = performance.now();
    map.set("a", 1);
    await expect
      .poll(
        () => {
          const count = map.get("a");
          if (count !== undefined) map.set("a", count + 1);
          return count;
        },
        { interval: 5 },
      )
      .toBeUndefined();
    expect(performance.now() - began).toBeGreaterThanOrEqual(50);
    map.set("a", 1);
    expect(map.get("a")).toBe(1);
  });

  it("allocates nothing for entries not yet set", () => {
    const before = process.memoryUsage().heapUsed;
    const maps = Array.from({ length: 10 }, () => boundedMap<number>(100_000));
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(5_000_000);
    expect(maps).toHaveLength(10);
  });
});
