import fc from "fast-check";
import { expect, it } from "vitest";
import { Heap } from "./heap.ts";

it("returns entries in order of time, and entries of the same moment in order of insertion", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 20 })), (times) => {
      const heap = new Heap<number>();
      for (const [place, at] of times.entries()) heap.push(at, place);
      const taken = times.map(() => heap.takeBy(20));
      const expected = times.map((at, item) => ({ at, item })).toSorted((a, b) => a.at - b.at || a.item - b.item);
      expect(taken).toMatchObject(expected);
      expect(heap.takeBy(Number.POSITIVE_INFINITY)).toBeUndefined();
    }),
  );
});

it("keeps entries that are due later", () => {
  const heap = new Heap<string>();
  heap.push(5, "later");
  expect(heap.takeBy(4)).toBeUndefined();
  expect(heap.takeBy(5)?.item).toBe("later");
});
