import { describe, expect, it } from "vitest";
import { Random } from "../../test/chaos/random.ts";
import type { ArrivingMessage } from "./arrivals.ts";
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

describe("simulate(), compared with queueing theory", { timeout: 60_000 }, () => {
  it.each([
    { places: 1, use: 0.7 },
    { places: 4, use: 0.8 },
    { places: 20, use: 0.9 },
    { places: 50, use: 0.9 },
  ])("M/M/$places at $use utilisation waits as long as Erlang C predicts", ({ places, use }) => {
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

  it("replies of constant length wait half as long as random ones (Pollaczek-Khinchine)", () => {
    const messages = poisson({ count: 200_000, perMs: 0.8 / 1000, holdMs: () => 1000 });
    const { waits } = simulate(messages, setup);
    expect(relative(mean(waits.claimed), (0.8 * 1000) / (2 * (1 - 0.8)))).toBeLessThan(0.05);
  });

  it("the mean queue length equals arrival rate times mean wait (Little's law)", () => {
    const messages = poisson({ count: 20_000, perMs: 9 / 1000, holdMs: (random) => exponential(random, 1000) });
    const until = messages.at(-1)?.at ?? 0;
    const window = { fromMs: 0, untilMs: 2 * until };
    const { waits, waiting } = simulate(messages, { ...setup, workers: 10, window });
    expect(waiting.mean).toBeCloseTo((mean(waits.claimed) * waits.claimed.length) / (2 * until), 6);
  });
});

describe("simulate() with more places", () => {
  const messages = poisson({ count: 5000, perMs: 10 / 1000, holdMs: (random) => exponential(random, 1000) });
  const outcomes = [6, 9, 10, 11, 12, 15, 30, 5000].map((workers) => simulate(messages, { ...setup, workers }));

  it("makes no message wait longer", () => {
    for (const [place, { waits }] of outcomes.slice(1).entries()) {
      const before = outcomes[place]?.waits.claimed ?? new Float64Array();
      expect(waits.claimed.every((wait, index) => wait <= (before[index] ?? 0) + 1e-6)).toBe(true);
    }
  });

  it("lowers the utilisation", () => {
    const uses = outcomes.map(({ use }) => use);
    expect(uses).toEqual(uses.toSorted((a, b) => b - a));
  });

  it("makes no message wait when there are more places than messages", () => {
    expect(outcomes.at(-1)?.waits.claimed.at(-1)).toBe(0);
  });

  it("gives the same waits however the places are spread over workers", () => {
    const waits = ({ waits: { done } }: SimulationOutcome) => done;
    const together = simulate(messages, { ...setup, workers: 1, concurrency: 12 });
    const apart = simulate(messages, { ...setup, workers: 12 });
    expect(waits(together)).toEqual(waits(apart));
  });
});

describe("simulate(): one message", () => {
  it("waits for a place, then for its first token, then for the rest", () => {
    const own = { beforeMs: 5, afterMs: 2 };
    const messages = [message(0, { firstMs: 100, writeMs: 400 }), message(50, { firstMs: 20, writeMs: 30 })];
    const { waits } = simulate(messages, { ...setup, own });
    expect([...waits.claimed]).toEqual([0, 457]);
    expect([...waits.first]).toEqual([105, 457 + 5 + 20]);
    expect([...waits.done]).toEqual([507, 457 + 5 + 50 + 2]);
  });

  it("waits for the previous reply of its conversation although places are free, while other conversations pass", () => {
    const messages = [
      message(0, { conversation: 1, writeMs: 1000 }),
      message(10, { conversation: 1, writeMs: 500 }),
      message(20, { conversation: 2, writeMs: 100 }),
    ];
    const { waits } = simulate(messages, { ...setup, workers: 9 });
    expect([...waits.claimed]).toEqual([0, 0, 990]);
  });

  it("joins the end of the queue when the previous message has been answered", () => {
    const messages = [
      message(0, { conversation: 1, writeMs: 1000 }),
      message(1, { conversation: 1, writeMs: 1000 }),
      message(2, { conversation: 2, writeMs: 1000 }),
    ];
    expect([...simulate(messages, setup).waits.done]).toEqual([1000, 1998, 2999]);
  });

  it("is refused when five messages of its conversation are unanswered", () => {
    const messages = Array.from({ length: 7 }, (_, at) => message(at, { conversation: 1, writeMs: 1000 }));
    const { refused, waits } = simulate([...messages, message(1500, { conversation: 1 })], setup);
    expect(refused).toEqual({ backlog: 0, unanswered: 2 });
    expect(waits.done).toHaveLength(6);
  });

  it("is refused when the backlog is full, replies in progress included", () => {
    const messages = Array.from({ length: 5 }, (_, at) => message(at, { writeMs: 1000 }));
    expect(simulate(messages, { ...setup, maxBacklog: 3 }).refused).toEqual({ backlog: 2, unanswered: 0 });
  });
});

describe("simulate(): a provider with a limit of calls in flight", () => {
  const messages = poisson({ count: 20_000, perMs: 30 / 1000, holdMs: (random) => exponential(random, 1000) });
  const provider = { ...noLimits, calls: 40 };

  it("is never called more often when there are no more places than calls", () => {
    const { provider: seen, answered } = simulate(messages, { ...setup, workers: 4, concurrency: 10, provider });
    expect(seen.most).toBe(40);
    expect(seen.refusals).toBe(0);
    expect(answered).toEqual({ provider: 20_000, fallback: 0, preset: 0 });
  });

  it("refuses calls beyond its limit, and a preset or a fallback answers", () => {
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

  it("takes no more calls and no more tokens a minute than its limits allow", () => {
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

describe("simulate(): a provider that refuses every call", () => {
  const refusing = { ...noLimits, calls: 0 };
  const roomy = { ...setup, concurrency: 9, provider: refusing };
  const far = (count: number, apartMs: number) => Array.from({ length: count }, (_, place) => message(place * apartMs));

  it("is called three times within about a second before a preset answers", () => {
    const { provider, waits, answered } = simulate([message(0)], { ...setup, provider: refusing });
    expect(provider.calls).toBe(3);
    expect(answered.preset).toBe(1);
    expect(waits.first[0]).toBeGreaterThan(125 + 250 + 150 - 1);
    expect(waits.first[0]).toBeLessThan(375 + 750 + 150 + 1);
  });

  it("opens a worker's circuit for two seconds after five refusals, and for four after five more", () => {
    const { provider, circuitsOpened } = simulate(far(2, 1500), roomy);
    expect({ calls: provider.calls, circuitsOpened }).toEqual({ calls: 5, circuitsOpened: 1 });
    // Opened at about 2.3 s, closed by 4.6 s; five more until about 7.5 s; closed at about 11 s.
    const long = simulate(far(7, 1500), roomy);
    expect({ calls: long.provider.calls, opened: long.circuitsOpened }).toEqual({ calls: 10, opened: 2 });
  });

  it("opens the circuit of each worker separately", () => {
    const { provider } = simulate(far(8, 1), { ...roomy, workers: 4, concurrency: 1 });
    expect(provider.calls).toBe(20);
  });

  it("has its Retry-After waited for, unless it is too long", () => {
    const soon = simulate([message(0)], { ...setup, provider: { ...refusing, retryAfterMs: 3000 } });
    expect(soon.waits.first[0]).toBe(3 * 50 + 2 * 3000);
    const late = simulate([message(0)], { ...setup, provider: { ...refusing, retryAfterMs: 6000 } });
    expect(late.waits.first[0]).toBe(50);
  });
});

describe("simulate(): a slow provider", () => {
  it("times out after ninety seconds without text, which opens that worker's circuit", () => {
    const messages = [message(0, { firstMs: 100_000 }), message(91_500)];
    const { waits, answered } = simulate(messages, setup);
    expect(answered.preset).toBe(2);
    expect([...waits.first]).toEqual([0, 90_000]);
  });

  it("is cut off at the job's deadline, which does not open the circuit", () => {
    const messages = [message(0, { firstMs: 1000, writeMs: 90_000 }), message(62_000, { writeMs: 10 })];
    const { waits, answered, circuitsOpened } = simulate(messages, { ...setup, deadlineMs: 60_000 });
    expect(answered).toEqual({ provider: 1, fallback: 0, preset: 1 });
    expect([...waits.done]).toEqual([10, 61_200]);
    expect(circuitsOpened).toBe(0);
  });
});

it("simulate() leaves messages before the window out of the result", () => {
  const messages = [message(0), message(100), message(200), message(300)];
  const { waits } = simulate(messages, { ...setup, window: { fromMs: 100, untilMs: 300 } });
  expect(waits.done).toHaveLength(2);
});

let conversations = 1000;

function message(at: number, given: Partial<ArrivingMessage> = {}): ArrivingMessage {
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
}): ArrivingMessage[] {
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
