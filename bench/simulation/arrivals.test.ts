import { describe, expect, it } from "vitest";
import { arrivals, bursts, meanOf, type TrafficProfile, type ReplyProfile } from "./arrivals.ts";

const load: TrafficProfile = { rate: 20, burst: 1, inRow: 1, pauseMs: 3000 };
const replies: ReplyProfile = {
  tokens: { median: 250, p95: 600 },
  mostTokens: 100_000,
  tokensPerSecond: 80,
  firstMs: { median: 600, p95: 1200 },
};
const minutes = 30;
const make = (given: Partial<TrafficProfile> = {}, seed = 1) => [
  ...arrivals({ load: { ...load, ...given }, replies, untilMs: minutes * 60_000, seed }),
];

describe("arrivals()", () => {
  it("generates messages at the requested rate, in order of time, with independent gaps", () => {
    const messages = make();
    const gaps = messages.map(({ at }, place) => at - (messages[place - 1]?.at ?? 0));
    const mean = gaps.reduce((total, gap) => total + gap, 0) / gaps.length;
    const variance = gaps.reduce((total, gap) => total + (gap - mean) ** 2, 0) / gaps.length;
    expect(messages.length / (minutes * 60) / 20).toBeCloseTo(1, 1.5);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(0);
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1.5);
  });

  it("generates replies of the requested lengths", () => {
    const tokens = make()
      .map((message) => message.tokens)
      .toSorted((a, b) => a - b);
    const share = (part: number) => tokens[Math.floor(tokens.length * part)] ?? 0;
    expect(share(0.5) / 250).toBeCloseTo(1, 1.5);
    expect(share(0.95) / 600).toBeCloseTo(1, 1.5);
    expect(tokens.reduce((total, count) => total + count, 0) / tokens.length / meanOf(replies.tokens)).toBeCloseTo(
      1,
      1.5,
    );
  });

  it("gives the same messages for the same seed, and others for another seed", () => {
    expect(make({}, 7)).toEqual(make({}, 7));
    expect(make({}, 7)).not.toEqual(make({}, 8));
  });

  it("multiplies the rate in a burst, and leaves it unchanged outside of it", () => {
    const inBurst = ({ at }: { at: number }) => {
      const since = (at % bursts.everyMs) - bursts.beginMs;
      return since >= 0 && since < bursts.lengthMs;
    };
    const messages = make({ burst: 4 });
    const burst = messages.filter(inBurst).length;
    const burstSeconds = (3 * bursts.lengthMs) / 1000;
    expect(burst / burstSeconds / 80).toBeCloseTo(1, 1);
    expect((messages.length - burst) / (minutes * 60 - burstSeconds) / 20).toBeCloseTo(1, 1);
  });

  it("puts messages in a row into one conversation, without more messages in total", () => {
    const messages = make({ inRow: 2 });
    const conversations = new Set(messages.map(({ conversation }) => conversation)).size;
    expect(messages.length / conversations / 2).toBeCloseTo(1, 1);
    expect(messages.length / (minutes * 60) / 20).toBeCloseTo(1, 1);
    expect(messages.map(({ at }) => at)).toEqual(messages.map(({ at }) => at).toSorted((a, b) => a - b));
  });
});
