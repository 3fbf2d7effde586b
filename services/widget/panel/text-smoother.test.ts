import { describe, expect, it } from "vitest";
import { Pace } from "./text-smoother.ts";

describe("pace of a reply", () => {
  it("shows the existing text at once and spreads later text over frames", () => {
    const pace = new Pace();
    pace.grow("It began.", true);
    expect(pace.shown).toBe("It began.");
    pace.grow(`It began.${"x".repeat(90)}`, true);
    const lengths = frames(pace);
    expect(lengths[0]).toBe(19);
    expect(lengths.at(-1)).toBe(99);
    expect(lengths.length).toBeGreaterThan(9);
    expect(lengths.length).toBeLessThan(40);
  });

  it("shows everything at once where wanted, and when a text restarts", () => {
    const pace = new Pace();
    pace.grow("a", true);
    pace.grow("a lot more", false);
    expect(pace.shown).toBe("a lot more");
    pace.grow("another one", true);
    expect(pace.shown).toBe("another one");
  });

  it("never splits a character", () => {
    const pace = new Pace();
    pace.grow("", true);
    pace.grow("😀".repeat(20), true);
    while (pace.behind) {
      pace.step();
      expect(pace.shown.isWellFormed()).toBe(true);
    }
    expect(pace.shown).toBe("😀".repeat(20));
  });
});

function frames(pace: Pace): number[] {
  const lengths = [];
  while (pace.behind) {
    pace.step();
    lengths.push(pace.shown.length);
  }
  return lengths;
}
