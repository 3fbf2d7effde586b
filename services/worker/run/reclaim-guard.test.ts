import { describe, expect, it } from "vitest";
import { leaseSeconds } from "../../../shared/db/jobs/claim.ts";
import { TakeOvers } from "./reclaim-guard.ts";

/** Take-overs by a clock that goes on when it is told to. */
function atClock() {
  let now = 1000;
  const takeOvers = new TakeOvers(() => now);
  return { takeOvers, pass: (seconds: number) => (now += seconds * 1000) };
}

describe("taking over jobs whose lease is over", () => {
  it("is not allowed until PostgreSQL has answered for a lease", () => {
    const { takeOvers, pass } = atClock();
    pass(60);
    expect(takeOvers.allowed).toBe(false);
    takeOvers.databaseAnswered();
    expect(takeOvers.allowed).toBe(false);
    pass(leaseSeconds);
    expect(takeOvers.allowed).toBe(false);
    pass(0.001);
    expect(takeOvers.allowed).toBe(true);
  });

  it("stays allowed as long as PostgreSQL answers", () => {
    const { takeOvers, pass } = atClock();
    takeOvers.databaseAnswered();
    for (let second = 0; second < 60; second += 1) {
      pass(1);
      takeOvers.databaseAnswered();
    }
    expect(takeOvers.allowed).toBe(true);
  });

  it("is not allowed while PostgreSQL is away, and for a lease after it came back", () => {
    const { takeOvers, pass } = atClock();
    takeOvers.databaseAnswered();
    pass(60);
    takeOvers.databaseFailed();
    expect(takeOvers.allowed).toBe(false);
    pass(60);
    takeOvers.databaseFailed();
    expect(takeOvers.allowed).toBe(false);
    takeOvers.databaseAnswered();
    for (let second = 1; second <= leaseSeconds; second += 1) {
      pass(1);
      takeOvers.databaseAnswered();
    }
    expect(takeOvers.allowed).toBe(false);
    pass(1);
    expect(takeOvers.allowed).toBe(true);
  });

  it("is allowed at once when PostgreSQL was away for less than a lease can bear", () => {
    const { takeOvers, pass } = atClock();
    takeOvers.databaseAnswered();
    pass(leaseSeconds / 3);
    takeOvers.databaseAnswered();
    pass(leaseSeconds / 3);
    takeOvers.databaseFailed();
    expect(takeOvers.allowed).toBe(false);
    takeOvers.databaseAnswered();
    pass(leaseSeconds / 3 + 1);
    expect(takeOvers.allowed).toBe(true);
  });

  it("waits for a lease also where the outage was slept through", () => {
    const { takeOvers, pass } = atClock();
    takeOvers.databaseAnswered();
    pass(leaseSeconds + 1);
    expect(takeOvers.allowed).toBe(true);
    takeOvers.databaseAnswered();
    expect(takeOvers.allowed).toBe(false);
  });
});
