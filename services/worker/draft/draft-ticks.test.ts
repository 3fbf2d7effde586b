import { expect, it } from "vitest";
import { atTick } from "./draft-ticks.ts";

it("calls all of a tick back together, and none too early", async () => {
  const start = Math.ceil(performance.now() / 10) * 10;
  const called: { due: number; at: number; run: number }[] = [];
  let runs = 0;
  let isRunning = false;
  await Promise.all(
    [21, 30, 24.5, 29, 31, 40].map((later) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      atTick(start + later, () => {
        // Microtasks come after all that is called together, and before the next timer, however late both are.
        if (!isRunning) {
          runs += 1;
          isRunning = true;
          queueMicrotask(() => (isRunning = false));
        }
        called.push({ due: later, at: performance.now() - start, run: runs });
        resolve();
      });
      return promise;
    }),
  );
  expect(called.map(({ due }) => due)).toEqual([21, 30, 24.5, 29, 31, 40]);
  expect(called.map(({ run }) => run)).toEqual([1, 1, 1, 1, 2, 2]);
  // A timer may come a millisecond early.
  for (const { due, at } of called) expect(at).toBeGreaterThan(due - 2);
});
