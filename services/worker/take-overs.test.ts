import { describe, expect, it } from "vitest";
import { leaseSeconds } from "../../shared/db/claim.ts";
import { TakeOvers } from "./take-overs.ts";

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
    pass(leaseSeconds - 1);
    takeOvers.databaseAnswered();
    expect(takeOvers.allowed).toBe(false);
    pass(2);
    expect(takeOvers.allowed).toBe(true);
  });
});
