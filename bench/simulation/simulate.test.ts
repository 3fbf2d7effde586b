import { describe, expect, it } from "vitest";
import { Random } from "../../test/chaos/random.ts";
import type { Message } from "./arrivals.ts";
import { type SimulationOutcome, shareOf } from "./wait-meter.ts";
import { noLimits } from "./simulated-provider.ts";
import { type Setup, simulate } from "./simulate.ts";

const everything = { fromMs: 0, untilMs: Number.MAX_SAFE_INTEGER };
const setup: Setup = {
  workers: 1,
  concurrency: 1,
  provider: noLimits,
  fallback: false,
  maxBacklog: Number.POSITIVE_INFINITY,
  deadlineMs: Number.POSITIVE_INFINITY,
  own: { beforeMs: 0, afterMs: 0 },
  window: everything,
  seed: 1,
};

describe("what is known of queues comes out:", { timeout: 60_000 }, () => {
  it.each([
    { places: 1, use: 0.7 },
    { places: 4, use: 0.8 },
    { places: 20, use: 0.9 },
    { places: 50, use: 0.9 },
  ])("M/M/$places with $use of its places in use waits as Erlang C says", ({ places, use }) => {
    const holdMs = 1000;
    const messages = poisson({
      count: 200_000,
      perMs: (use * places) / holdMs,
      holdMs: (random) => exponential(random, holdMs),
    });
    const window = { fromMs: 100 * holdMs, untilMs: messages.at(-1)?.at ?? 0 };
    const { waits, use: inUse } = simulate(messages, { ...setup, workers: places, window });
    const share = erlangC(places, use * places);
    const meanMs = (share * holdMs) / (places - use * places);

    expect(waits.claimed.filter((wait) => wait > 0).length / waits.claimed.length).toBeCloseTo(share, 1.5);
    expect(relative(mean(waits.claimed), meanMs)).toBeLessThan(0.05);
    // P(wait > t) = share × exp(-t (places − load) / hold)
    const p95 = Math.max(0, (Math.log(share / 0.05) * holdMs) / (places - use * places));
    expect(Math.abs(shareOf(waits.claimed, 0.95) - p95)).toBeLessThan(0.05 * p95 + 0.01 * holdMs);
    expect(relative(inUse, use)).toBeLessThan(0.02);
  });

  it("replies that are all as long wait half as long as random ones (Pollaczek and Khinchine)", () => {
    const messages = poisson({ count: 200_000, perMs: 0.8 / 1000, holdMs: () => 1000 });
    const { waits } = simulate(messages, setup);
    expect(relative(mean(waits.claimed), (0.8 * 1000) / (2 * (1 - 0.8)))).toBeLessThan(0.05);
  });

  it("what waits is how many come, times how long each waits (Little)", () => {
    const messages = poisson({ count: 20_000, perMs: 9 / 1000, holdMs: (random) => exponential(random, 1000) });
    const until = messages.at(-1)?.at ?? 0;
    const window = { fromMs: 0, untilMs: 2 * until };
    const { waits, waiting } = simulate(messages, { ...setup, workers: 10, window });
    expect(waiting.mean).toBeCloseTo((mean(waits.claimed) * waits.claimed.length) / (2 * until), 6);
  });
});

describe("with more places", () => {
  const messages = poisson({ count: 5000, perMs: 10 / 1000, holdMs: (random) => exponential(random, 1000) });
  const outcomes = [6, 9, 10, 11, 12, 15, 30, 5000].map((workers) => simulate(messages, { ...setup, workers }));

  it("nobody ever waits longer", () => {
    for (const [place, { waits }] of outcomes.slice(1).entries()) {
      const before = outcomes[place]?.waits.claimed ?? new Float64Array();
      expect(waits.claimed.every((wait, index) => wait <= (before[index] ?? 0) + 1e-6)).toBe(true);
    }
  });

  it("a smaller share of them is in use", () => {
    const uses = outcomes.map(({ use }) => use);
    expect(uses).toEqual(uses.toSorted((a, b) => b - a));
  });

  it("than messages, nobody waits at all", () => {
    expect(outcomes.at(-1)?.waits.claimed.at(-1)).toBe(0);
  });

  it("how they are spread over workers makes no difference", () => {
    const waits = ({ waits: { done } }: SimulationOutcome) => done;
    const together = simulate(messages, { ...setup, workers: 1, concurrency: 12 });
    const apart = simulate(messages, { ...setup, workers: 12 });
    expect(waits(together)).toEqual(waits(apart));
  });
});

describe("a message", () => {
  it("waits for the place, then for its first token, then for the rest", () => {
    const own = { beforeMs: 5, afterMs: 2 };
    const messages = [message(0, { firstMs: 100, writeMs: 400 }), message(50, { firstMs: 20, writeMs: 30 })];
    const { waits } = simulate(messages, { ...setup, own });
    expect([...waits.claimed]).toEqual([0, 457]);
    expect([...waits.first]).toEqual([105, 457 + 5 + 20]);
    expect([...waits.done]).toEqual([507, 457 + 5 + 50 + 2]);
  });

  it("waits for the reply to the one before it, though places are free, and lets others pass meanwhile", () => {
    const messages = [
      message(0, { conversation: 1, writeMs: 1000 }),
      message(10, { conversation: 1, writeMs: 500 }),
      message(20, { conversation: 2, writeMs: 100 }),
    ];
    const { waits } = simulate(messages, { ...setup, workers: 9 });
    expect([...waits.claimed]).toEqual([0, 0, 990]);
  });

  it("goes to the end of the queue when the one before it has been answered", () => {
    const messages = [
      message(0, { conversation: 1, writeMs: 1000 }),
      message(1, { conversation: 1, writeMs: 1000 }),
      message(2, { conversation: 2, writeMs: 1000 }),
    ];
    expect([...simulate(messages, setup).waits.done]).toEqual([1000, 1998, 2999]);
  });

  it("is turned away where five of its conversation have no reply yet", () => {
    const messages = Array.from({ length: 7 }, (_, at) => message(at, { conversation: 1, writeMs: 1000 }));
    const { refused, waits } = simulate([...messages, message(1500, { conversation: 1 })], setup);
    expect(refused).toEqual({ backlog: 0, unanswered: 2 });
    expect(waits.done).toHaveLength(6);
  });

  it("is turned away where too many have no reply yet, those that are being written included", () => {
    const messages = Array.from({ length: 5 }, (_, at) => message(at, { writeMs: 1000 }));
    expect(simulate(messages, { ...setup, maxBacklog: 3 }).refused).toEqual({ backlog: 2, unanswered: 0 });
  });
});

describe("a provider that takes so many calls at once", () => {
  const messages = poisson({ count: 20_000, perMs: 30 / 1000, holdMs: (random) => exponential(random, 1000) });
  const provider = { ...noLimits, calls: 40 };

  it("is never asked for more where there are no more places", () => {
    const { provider: seen, answered } = simulate(messages, { ...setup, workers: 4, concurrency: 10, provider });
    expect(seen.most).toBe(40);
    expect(seen.refusals).toBe(0);
    expect(answered).toEqual({ provider: 20_000, fallback: 0, preset: 0 });
  });

  it("refuses what comes from more places: then a preset answers, or a fallback", () => {
    const crowded = { ...setup, workers: 10, concurrency: 10, provider: { ...provider, calls: 20 } };
    const alone = simulate(messages, crowded);
    const helped = simulate(messages, { ...crowded, fallback: true });
    expect(alone.provider.most).toBe(20);
    expect(alone.circuitsOpened).toBeGreaterThan(0);
    expect(alone.answered.preset).toBeGreaterThan(4000);
    expect(alone.answered.provider + alone.answered.preset).toBe(20_000);
    expect(helped.answered.preset).toBe(0);
    expect(helped.answered.fallback).toBeGreaterThan(4000);
  });

  it("takes no more in a minute than it says, in calls and in tokens", () => {
    const minutes = (messages.at(-1)?.at ?? 0) / 60_000;
    const most = 600;
    const byCalls = simulate(messages, { ...setup, workers: 100, provider: { ...noLimits, requestsPerMinute: most } });
    const tokens = { ...noLimits, tokensPerMinute: most * 101, promptTokens: 100 };
    const byTokens = simulate(messages, { ...setup, workers: 100, provider: tokens });
    for (const { answered } of [byCalls, byTokens]) {
      // Allowance held at the beginning, and calls tried again after the last message, come on top.
      expect(answered.provider).toBeLessThanOrEqual(most * (minutes + 12 / 60));
      expect(answered.provider).toBeGreaterThan(most * minutes * 0.5);
    }
  });
});

describe("when a provider refuses everything", () => {
  const refusing = { ...noLimits, calls: 0 };
  const roomy = { ...setup, concurrency: 9, provider: refusing };
  const far = (count: number, apartMs: number) => Array.from({ length: count }, (_, place) => message(place * apartMs));

  it("three calls are made, in a second or so, and then a preset answers", () => {
    const { provider, waits, answered } = simulate([message(0)], { ...setup, provider: refusing });
    expect(provider.calls).toBe(3);
    expect(answered.preset).toBe(1);
    expect(waits.first[0]).toBeGreaterThan(125 + 250 + 150 - 1);
    expect(waits.first[0]).toBeLessThan(375 + 750 + 150 + 1);
  });

  it("five refusals are enough: then a worker leaves it alone for two seconds, after five more for four", () => {
    const { provider, circuitsOpened } = simulate(far(2, 1500), roomy);
    expect({ calls: provider.calls, circuitsOpened }).toEqual({ calls: 5, circuitsOpened: 1 });
    // Opened at about 2.3 s, closed by 4.6 s; five more until about 7.5 s; closed at about 11 s.
    const long = simulate(far(7, 1500), roomy);
    expect({ calls: long.provider.calls, opened: long.circuitsOpened }).toEqual({ calls: 10, opened: 2 });
  });

  it("each worker finds that out for itself", () => {
    const { provider } = simulate(far(8, 1), { ...roomy, workers: 4, concurrency: 1 });
    expect(provider.calls).toBe(20);
  });

  it("what it asks for is waited for, if that is not too long", () => {
    const soon = simulate([message(0)], { ...setup, provider: { ...refusing, retryAfterMs: 3000 } });
    expect(soon.waits.first[0]).toBe(3 * 50 + 2 * 3000);
    const late = simulate([message(0)], { ...setup, provider: { ...refusing, retryAfterMs: 6000 } });
    expect(late.waits.first[0]).toBe(50);
  });
});

describe("a provider that is slow", () => {
  it("is given up after ninety seconds without a text, and left alone by that worker", () => {
    const messages = [message(0, { firstMs: 100_000 }), message(91_500)];
    const { waits, answered } = simulate(messages, setup);
    expect(answered.preset).toBe(2);
    expect([...waits.first]).toEqual([0, 90_000]);
  });

  it("is given up when the job has had its time, and that is not held against it", () => {
    const messages = [message(0, { firstMs: 1000, writeMs: 90_000 }), message(62_000, { writeMs: 10 })];
    const { waits, answered, circuitsOpened } = simulate(messages, { ...setup, deadlineMs: 60_000 });
    expect(answered).toEqual({ provider: 1, fallback: 0, preset: 1 });
    expect([...waits.done]).toEqual([10, 61_200]);
    expect(circuitsOpened).toBe(0);
  });
});

it("what came before the window does not count", () => {
  const messages = [message(0), message(100), message(200), message(300)];
  const { waits } = simulate(messages, { ...setup, window: { fromMs: 100, untilMs: 300 } });
  expect(waits.done).toHaveLength(2);
});

let conversations = 1000;

function message(at: number, given: Partial<Message> = {}): Message {
  return { at, conversation: conversations++, tokens: 1, firstMs: 0, writeMs: 0, ...given };
}

function poisson({
  count,
  perMs,
  holdMs,
}: {
  count: number;
  perMs: number;
  holdMs: (random: Random) => number;
}): Message[] {
  const random = new Random(5);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += exponential(random, 1 / perMs);
    return message(at, { writeMs: holdMs(random) });
  });
}

function exponential(random: Random, meanMs: number): number {
  return -Math.log(1 - random.next()) * meanMs;
}

/** The share of those who wait, by way of Erlang B. */
function erlangC(places: number, load: number): number {
  let lost = 1;
  for (let n = 1; n <= places; n++) lost = (load * lost) / (n + load * lost);
  return lost / (1 - (load / places) * (1 - lost));
}

function mean(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0) / values.length;
}

function relative(value: number, expected: number): number {
  return Math.abs(value / expected - 1);
}
