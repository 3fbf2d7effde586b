import { describe, expect, it } from "vitest";
import { Pace } from "./pace.ts";

describe("the pace of a reply", () => {
  it("shows at once what is there at first, and then spreads what comes over frames", () => {
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

  it("shows all at once where that is wanted, and a text that begins anew", () => {
    const pace = new Pace();
    pace.grow("a", true);
    pace.grow("a lot more", false);
    expect(pace.shown).toBe("a lot more");
    pace.grow("another one", true);
    expect(pace.shown).toBe("another one");
  });

  it("never cuts a character in two", () => {
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
