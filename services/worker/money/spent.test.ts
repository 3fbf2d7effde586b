import { describe, expect, it } from "vitest";
import { Meter } from "../providers/meter.ts";
import { ProviderError, type ProviderErrorCode } from "../providers/provider.ts";
import { costOfSpent, mostSpent, costsNothing } from "./spent.ts";

const limits = { inputTokens: 500, outputTokens: 300 };

function metered(state: Partial<Pick<Meter, "begun" | "whole" | "usage">>, text = ""): Meter {
  const meter = Object.assign(new Meter(), state);
  meter.generated(text);
  return meter;
}

describe("upper bound of a call's usage", () => {
  it("is the provider's count if the response was read to its end", () => {
    const usage = { inputTokens: 40, outputTokens: 7 };
    expect(mostSpent(metered({ begun: true, whole: true, usage }, "Hello."), limits)).toEqual({
      usage,
      estimated: false,
    });
  });

  it("is the counted prompt and the output limit if the response was cut after an early count", () => {
    const usage = { inputTokens: 40, cachedInputTokens: 30, outputTokens: 1 };
    expect(mostSpent(metered({ begun: true, usage }, "Hel"), limits)).toEqual({
      usage: { inputTokens: 40, cachedInputTokens: 30, outputTokens: 300 },
      estimated: true,
    });
  });

  it("is the provider's count if that exceeds the output limit", () => {
    const usage = { inputTokens: 40, outputTokens: 900 };
    expect(mostSpent(metered({ begun: true, usage }), limits).usage.outputTokens).toBe(900);
  });

  it("is the limits if nothing is known", () => {
    expect(mostSpent(metered({}), limits)).toEqual({ usage: limits, estimated: true });
    expect(mostSpent(metered({ begun: true }, "Hello."), limits)).toEqual({ usage: limits, estimated: true });
  });

  it("is one token per byte of a complete reply without usage, plus one for its end, up to the limit", () => {
    const output = (text: string) => mostSpent(metered({ begun: true, whole: true }, text), limits).usage;
    expect(output("né⠿")).toEqual({ inputTokens: 500, outputTokens: 7 });
    expect(output("⠿".repeat(200))).toEqual(limits);
  });

  it("is the output limit for a complete reply without usage whose thoughts were not shown", () => {
    const meter = metered({ begun: true, whole: true }, "Yes.");
    meter.generatedUnseen();
    meter.generated("More.");
    expect(mostSpent(meter, limits).usage).toEqual(limits);
  });
});

describe("call without a reply", () => {
  const failed = (code: ProviderErrorCode, unsent = false) => new ProviderError(code, "failed", { unsent });

  it("costs nothing if it was refused or never connected", () => {
    for (const error of [
      failed("rejected"),
      failed("overloaded"),
      failed("unreachable", true),
      failed("timeout", true),
    ]) {
      expect(costsNothing(metered({}), error)).toBe(true);
    }
  });

  it("has a cost if a response began or may have begun", () => {
    for (const code of ["rejected", "overloaded", "unreachable"] as const) {
      expect(costsNothing(metered({ begun: true }), failed(code))).toBe(false);
    }
    for (const error of [failed("unreachable"), failed("timeout"), failed("malformed"), new Error("cancelled")]) {
      expect(costsNothing(metered({}), error)).toBe(false);
    }
  });
});

describe("cost of a call", () => {
  const price = { input: 1, cachedInput: 0.1, cacheWrite: 2, output: 5 };
  const million = { inputTokens: 1_000_000, outputTokens: 0 };

  it("uses the highest input price if the provider did not split its count", () => {
    expect(costOfSpent(price, { usage: million, estimated: true })).toBe(2);
    expect(costOfSpent(price, { usage: million, estimated: false })).toBe(1);
    expect(costOfSpent(price, { usage: { ...million, cachedInputTokens: 1_000_000 }, estimated: true })).toBe(0.1);
  });
});
