import { RateLimiterMemory } from "rate-limiter-flexible";
import { expect, it } from "vitest";
import { RateLimit } from "./rate-limit.ts";

it("counts no request twice while its count arrives", async () => {
  const counter = () => new RateLimiterMemory({ points: 2, duration: 60 });
  const limit = new RateLimit(
    { name: "of a test", limit: 2, windowSeconds: 60 },
    { shared: counter(), alone: counter() },
  );
  const state = { counted: false };
  const first = limit.count("a").finally(() => (state.counted = true));
  // Looks between any two steps of the count.
  while (!state.counted) {
    expect(limit.usedUp("a")).toBeUndefined();
    await Promise.resolve();
  }
  expect(await first).toMatchObject({ over: false, remaining: 1 });
  expect(await limit.count("a")).toMatchObject({ over: false, remaining: 0 });
  expect(limit.usedUp("a")).toMatchObject({ over: true });
});
