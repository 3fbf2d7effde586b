import { describe, expect, it } from "vitest";
import { accentRules, withContrast, contrast, readableTextOn, type Rgb } from "./color.ts";

const white: Rgb = [1, 1, 1];
const shades = [0, 0.1, 0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8, 0.9, 1];
const colours: Rgb[] = shades.flatMap((r) => shades.flatMap((g) => shades.map((b): Rgb => [r, g, b])));

describe("accent colour", () => {
  it("has the contrast that WCAG computes", () => {
    expect(contrast(white, [0, 0, 0])).toBeCloseTo(21);
    expect(contrast([0x77 / 255, 0x77 / 255, 0x77 / 255], white)).toBeCloseTo(4.48, 2);
  });

  it("has a readable text colour on it", () => {
    for (const colour of colours) expect(contrast(readableTextOn(colour), colour)).toBeGreaterThanOrEqual(4.5);
  });

  it("has a variant that is readable as text", () => {
    for (const ground of [white, [0.08, 0.1, 0.1] as const]) {
      for (const colour of colours) {
        expect(contrast(withContrast(ground, colour, 4.5), ground)).toBeGreaterThanOrEqual(4.5);
      }
    }
  });

  it("is unchanged where it can be", () => {
    expect(withContrast(white, [0.1, 0.2, 0.3], 4.5)).toEqual([0.1, 0.2, 0.3]);
    expect(accentRules([1, 0, 0])).toContain("--_own-accent: light-dark(rgb(255 0 0), rgb(255 0 0))");
  });
});
