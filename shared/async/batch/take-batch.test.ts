import { describe, expect, it } from "vitest";
import { takeBatch } from "./take-batch.ts";

const waiting = ["a1", "a2", "b1", "c1", "b2"].map((item) => ({ item }));
const names = (taken: { item: string }[][]) => taken.map((entries) => entries.map(({ item }) => item));

describe("batch", () => {
  it("takes the items that waited longest, up to its limit", () => {
    expect(names(takeBatch(waiting, { limit: 2 }))).toEqual([
      ["a1", "a2"],
      ["b1", "c1", "b2"],
    ]);
    expect(names(takeBatch(waiting, { limit: 5 }))).toEqual([["a1", "a2", "b1", "c1", "b2"], []]);
    expect(names(takeBatch([], { limit: 5 }))).toEqual([[], []]);
  });

  it("has each key once and leaves later items of it, in their order", () => {
    const keyOf = (item: string) => item.slice(0, 1);
    expect(names(takeBatch(waiting, { limit: 100, keyOf }))).toEqual([
      ["a1", "b1", "c1"],
      ["a2", "b2"],
    ]);
    expect(names(takeBatch(waiting, { limit: 2, keyOf }))).toEqual([
      ["a1", "b1"],
      ["a2", "c1", "b2"],
    ]);
  });
});
