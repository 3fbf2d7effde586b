import { describe, expect, it } from "vitest";
import { atMostEvery } from "./at-most-every.ts";

describe("throttle", () => {
  it("lets the first event pass, then one in each interval, with the number of those between", () => {
    let now = 0;
    const due = atMostEvery(1000, () => now);
    expect(due()).toEqual({ omitted: 0 });
    now = 999;
    expect([due(), due()]).toEqual([undefined, undefined]);
    now = 1000;
    expect(due()).toEqual({ omitted: 2 });
    now = 5000;
    expect(due()).toEqual({ omitted: 0 });
  });

  it("counts each key apart", () => {
    const due = atMostEvery(1000, () => 0);
    expect([due("a"), due("b"), due("a"), due("b")]).toEqual([{ omitted: 0 }, { omitted: 0 }, undefined, undefined]);
  });

  it("lets a forced event pass, which begins a new interval", () => {
    let now = 0;
    const due = atMostEvery(1000, () => now);
    due("a");
    due("a");
    now = 500;
    expect(due("a", { force: true })).toEqual({ omitted: 1 });
    now = 1499;
    expect(due("a")).toBeUndefined();
    now = 1500;
    expect(due("a")).toEqual({ omitted: 1 });
  });
});
