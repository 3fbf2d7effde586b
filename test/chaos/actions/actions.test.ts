import { describe, expect, it } from "vitest";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import type { ChaosBackend } from "../fault-plan.ts";
import { runActions } from "./run-actions.ts";

const seed = 19;
/** `npm run chaos:actions` has a thousand. */
const count = 12;

describe("changes at a hostile shop, while processes and stores are ended", { timeout: 300_000 }, () => {
  it.skipIf(!redisAvailable)("are made once or told as unknown, on Redis", () => expectOnce("redis"));
  it("are made once or told as unknown, on PostgreSQL alone", () => expectOnce("postgres"));
});

async function expectOnce(backend: ChaosBackend): Promise<void> {
  const { faults, summary } = await runActions({ backend, seed, count });
  expect(faults, summary).toEqual([]);
}
