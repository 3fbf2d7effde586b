import { describe, expect, it } from "vitest";
import { redisAvailable } from "../../shared/testing/stores/redis.ts";
import { fuzz } from "./fuzz.ts";

/** For each group of routes; `docs/security.md` says what came of 20,000. */
const perGroup = 600;
const seed = 20_261_122;
/** Code that is compiled meanwhile takes a few; a request and its answer, kept, take 10 KB each. */
const roomMb = 12;

describe("the API under fuzzed requests", { timeout: 120_000 }, () => {
  it.skipIf(!redisAvailable)("answers every request with a clear error or a result, on Redis", () =>
    expectSaneAnswers("redis"),
  );
  it("answers every request with a clear error or a result, on PostgreSQL alone", () => expectSaneAnswers("postgres"));
});

async function expectSaneAnswers(backend: "postgres" | "redis"): Promise<void> {
  const { sent, statuses, faults, grownMb } = await fuzz(backend, perGroup, seed);
  expect(faults.slice(0, 10)).toEqual([]);
  expect(sent).toBe(perGroup * 6);
  expect(grownMb).toBeLessThan(roomMb);
  // They are not all turned away at the first door.
  expect(Object.keys(statuses)).toEqual(
    expect.arrayContaining(["200", "202", "204", "400", "401", "403", "404", "415"]),
  );
}
