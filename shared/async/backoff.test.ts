import { describe, expect, it } from "vitest";
import { exponentialBackoffMs, linearBackoffMs } from "./backoff.ts";

const limits = { firstMs: 100, longestMs: 1000 };
const failures = [1, 2, 3, 4, 5, 10, 11];

describe("backoff", () => {
  it("doubles with each failure, up to the longest delay", () => {
    expect(failures.map((count) => exponentialBackoffMs(count, limits))).toEqual([
      100, 200, 400, 800, 1000, 1000, 1000,
    ]);
  });

  it("grows by the factor it is given", () => {
    expect([1, 2, 3, 4].map((count) => exponentialBackoffMs(count, { ...limits, factor: 3 }))).toEqual([
      100, 300, 900, 1000,
    ]);
  });

  it("grows by steps of the first delay where it is linear", () => {
    expect(failures.map((count) => linearBackoffMs(count, limits))).toEqual([100, 200, 300, 400, 500, 1000, 1000]);
  });

  it("stays at the longest delay, however many failures there were", () => {
    expect(exponentialBackoffMs(Number.MAX_SAFE_INTEGER, limits)).toBe(1000);
    expect(linearBackoffMs(Number.MAX_SAFE_INTEGER, limits)).toBe(1000);
  });
});
