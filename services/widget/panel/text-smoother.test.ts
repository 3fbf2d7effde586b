import { describe, expect, it } from "vitest";
import { TextSmoother } from "./text-smoother.ts";

describe("pace of a reply", () => {
  it("shows the existing text at once and spreads later text over frames", () => {
    const smoother = new TextSmoother();
    smoother.update("It began.", true);
    expect(smoother.shown).toBe("It began.");
    smoother.update(`It began.${"x".repeat(90)}`, true);
    const lengths = frames(smoother);
    expect(lengths[0]).toBe(19);
    expect(lengths.at(-1)).toBe(99);
    expect(lengths.length).toBeGreaterThan(9);
    expect(lengths.length).toBeLessThan(40);
  });

  it("shows a burst as soon on a page that draws few frames", () => {
    const shownAfter = (ms: number, steps: number) => {
      const smoother = new TextSmoother();
      smoother.update("", true);
      smoother.update("x".repeat(90), true);
      for (let n = 0; n < steps; n++) smoother.advance(ms / steps);
      return smoother.shown.length;
    };
    expect(shownAfter(100, 1)).toBe(shownAfter(100, 6));
    expect(shownAfter(3_600_000, 1)).toBe(90);
  });

  it("shows everything at once where wanted, and when a text restarts", () => {
    const smoother = new TextSmoother();
    smoother.update("a", true);
    smoother.update("a lot more", false);
    expect(smoother.shown).toBe("a lot more");
    smoother.update("another one", true);
    expect(smoother.shown).toBe("another one");
  });

  it("never splits a character", () => {
    const smoother = new TextSmoother();
    smoother.update("", true);
    smoother.update("😀".repeat(20), true);
    while (smoother.isBehind) {
      smoother.advance(1000 / 60);
      expect(smoother.shown.isWellFormed()).toBe(true);
    }
    expect(smoother.shown).toBe("😀".repeat(20));
  });
});

function frames(smoother: TextSmoother): number[] {
  const lengths = [];
  while (smoother.isBehind) {
    smoother.advance(1000 / 60);
    lengths.push(smoother.shown.length);
  }
  return lengths;
}
