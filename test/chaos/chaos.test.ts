import { describe, expect, it } from "vitest";
import { redisAvailable } from "../../shared/testing/stores/redis.ts";
import { makePlan } from "./fault-plan.ts";
import { describeChaosRun } from "./report.ts";
import { runChaos } from "./run.ts";

const minutes = 0.4;
/** In so short a time it kills workers, empties Redis, restarts PostgreSQL, loses hints and freezes an API. */
const seed = 56;
const soakChats = 1200;

describe("makePlan()", () => {
  it("gives the same plan for the same seed and length, and another for another", () => {
    expect(makePlan(7, 3, "redis")).toEqual(makePlan(7, 3, "redis"));
    expect(makePlan(8, 3, "redis")).not.toEqual(makePlan(7, 3, "redis"));
  });

  it.each(["redis", "cluster", "sentinel"] as const)("ends every fault within the run, on %s", (backend) => {
    const ends = makePlan(7, 3, backend).map(({ atMs, forMs }) => atMs + forMs);
    expect(Math.max(...ends)).toBeLessThanOrEqual(180_000);
  });

  it("injects the faults of a replicated Redis one at a time", () => {
    const faults = makePlan(7, 3, "cluster").filter(({ kind }) => /^(redis-|lose-queue|hints-lost)/.test(kind));
    expect(faults.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(["redis-kill-master", "redis-freeze-master"]),
    );
    const ends = faults.map(({ atMs, forMs }) => atMs + forMs);
    for (const [index, { atMs }] of faults.slice(1).entries()) expect(atMs).toBeGreaterThan(ends[index] ?? 0);
  });
});

describe("the product under chaos loses nothing and does nothing twice", { timeout: 300_000 }, () => {
  it.skipIf(!redisAvailable)("on Redis", async () => expectAllRulesToHold("redis"));
  it("on PostgreSQL alone", async () => expectAllRulesToHold("postgres"));
});

async function expectAllRulesToHold(backend: "postgres" | "redis"): Promise<void> {
  const run = await runChaos({ backend, seed, minutes, soakChats, say: () => undefined });
  const broken = run.results.filter(({ breaches }) => breaches.length > 0);
  expect(broken, describeChaosRun(run)).toEqual([]);
}
