import { describe, expect, it } from "vitest";
import { Meter } from "../providers/meter.ts";
import { ProviderError, type ProviderErrorCode } from "../providers/provider.ts";
import { costOfSpent, mostSpent, wasTurnedAway } from "./spent.ts";

const limits = { inputTokens: 500, outputTokens: 300 };

function metered(state: Partial<Pick<Meter, "begun" | "whole" | "usage">>, text = ""): Meter {
  const meter = Object.assign(new Meter(), state);
  meter.generated(text);
  return meter;
}

describe("the most that a call has used", () => {
  it("is what the provider counted, once its answer was read to the end", () => {
    const usage = { inputTokens: 40, outputTokens: 7 };
    expect(mostSpent(metered({ begun: true, whole: true, usage }, "Hello."), limits)).toEqual({
      usage,
      estimated: false,
    });
  });

  it("is the counted prompt and the limit of output where the answer was cut after an early count", () => {
    const usage = { inputTokens: 40, cachedInputTokens: 30, outputTokens: 1 };
    expect(mostSpent(metered({ begun: true, usage }, "Hel"), limits)).toEqual({
      usage: { inputTokens: 40, cachedInputTokens: 30, outputTokens: 300 },
      estimated: true,
    });
  });

  it("is not less than the provider counted where it wrote more than its limit", () => {
    const usage = { inputTokens: 40, outputTokens: 900 };
    expect(mostSpent(metered({ begun: true, usage }), limits).usage.outputTokens).toBe(900);
  });

  it("is the limits where nothing is known", () => {
    expect(mostSpent(metered({}), limits)).toEqual({ usage: limits, estimated: true });
    expect(mostSpent(metered({ begun: true }, "Hello."), limits)).toEqual({ usage: limits, estimated: true });
  });

  it("is a token for each byte of a whole reply without usage, and one for its end, up to the limit", () => {
    const output = (text: string) => mostSpent(metered({ begun: true, whole: true }, text), limits).usage;
    expect(output("né⠿")).toEqual({ inputTokens: 500, outputTokens: 7 });
    expect(output("⠿".repeat(200))).toEqual(limits);
  });

  it("is the limit of output for a whole reply without usage whose thoughts were not shown", () => {
    const meter = metered({ begun: true, whole: true }, "Yes.");
    meter.generatedUnseen();
    meter.generated("More.");
    expect(mostSpent(meter, limits).usage).toEqual(limits);
  });
});

describe("a call that gave no reply", () => {
  const failed = (code: ProviderErrorCode, unsent = false) => new ProviderError(code, "failed", { unsent });

  it("costs nothing where it was refused, or never connected", () => {
    for (const error of [
      failed("rejected"),
      failed("overloaded"),
      failed("unreachable", true),
      failed("timeout", true),
    ]) {
      expect(wasTurnedAway(metered({}), error)).toBe(true);
    }
  });

  it("costs something where an answer had begun, or may have", () => {
    for (const code of ["rejected", "overloaded", "unreachable"] as const) {
      expect(wasTurnedAway(metered({ begun: true }), failed(code))).toBe(false);
    }
    for (const error of [failed("unreachable"), failed("timeout"), failed("malformed"), new Error("cancelled")]) {
      expect(wasTurnedAway(metered({}), error)).toBe(false);
    }
  });
});

describe("what a call has cost", () => {
  const price = { input: 1, cachedInput: 0.1, cacheWrite: 2, output: 5 };
  const million = { inputTokens: 1_000_000, outputTokens: 0 };

  it("has the highest price of input where the provider did not count it", () => {
    expect(costOfSpent(price, { usage: million, estimated: true })).toBe(2);
    expect(costOfSpent(price, { usage: million, estimated: false })).toBe(1);
    expect(costOfSpent(price, { usage: { ...million, cachedInputTokens: 1_000_000 }, estimated: true })).toBe(0.1);
  });
});
