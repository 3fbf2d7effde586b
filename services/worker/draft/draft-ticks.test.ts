import { expect, it } from "vitest";
import { atTick } from "./draft-ticks.ts";

it("calls all of a tick back in one turn, and none too early", async () => {
  const start = Math.ceil(performance.now() / 10) * 10;
  const turns: number[] = [];
  const called: { due: number; at: number; turn: number }[] = [];
  let turn = 0;
  const count = setInterval(() => (turn += 1), 1);
  await Promise.all(
    [21, 30, 24.5, 29, 31, 40].map((later) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const due = start + later;
      atTick(due, () => {
        called.push({ due: later, at: performance.now() - start, turn });
        resolve();
      });
      return promise;
    }),
  );
  clearInterval(count);
  turns.push(...new Set(called.map((each) => each.turn)));
  expect(called.map(({ due }) => due)).toEqual([21, 30, 24.5, 29, 31, 40]);
  // A timer may come a millisecond early.
  for (const { due, at } of called) expect(at).toBeGreaterThan(due - 2);
  expect(turns).toHaveLength(2);
});
