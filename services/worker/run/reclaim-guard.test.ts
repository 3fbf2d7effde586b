import { describe, expect, it } from "vitest";
import { leaseMs } from "../../../shared/tunables.ts";
import { ReclaimGuard } from "./reclaim-guard.ts";

const leaseSeconds = leaseMs / 1000;

/** A guard with a clock that the test advances. */
function atClock() {
  let now = 1000;
  const reclaimGuard = new ReclaimGuard(() => now);
  return { reclaimGuard, pass: (seconds: number) => (now += seconds * 1000) };
}

describe("reclaiming expired leases", () => {
  it("is paused until PostgreSQL has answered for one lease", () => {
    const { reclaimGuard, pass } = atClock();
    pass(60);
    expect(reclaimGuard.allowed).toBe(false);
    reclaimGuard.databaseAnswered();
    expect(reclaimGuard.allowed).toBe(false);
    pass(leaseSeconds);
    expect(reclaimGuard.allowed).toBe(false);
    pass(0.001);
    expect(reclaimGuard.allowed).toBe(true);
  });

  it("stays allowed while PostgreSQL answers", () => {
    const { reclaimGuard, pass } = atClock();
    reclaimGuard.databaseAnswered();
    for (let second = 0; second < 60; second += 1) {
      pass(1);
      reclaimGuard.databaseAnswered();
    }
    expect(reclaimGuard.allowed).toBe(true);
  });

  it("is paused while PostgreSQL is down and for one lease afterwards", () => {
    const { reclaimGuard, pass } = atClock();
    reclaimGuard.databaseAnswered();
    pass(60);
    reclaimGuard.databaseFailed();
    expect(reclaimGuard.allowed).toBe(false);
    pass(60);
    reclaimGuard.databaseFailed();
    expect(reclaimGuard.allowed).toBe(false);
    reclaimGuard.databaseAnswered();
    for (let second = 1; second <= leaseSeconds; second += 1) {
      pass(1);
      reclaimGuard.databaseAnswered();
    }
    expect(reclaimGuard.allowed).toBe(false);
    pass(1);
    expect(reclaimGuard.allowed).toBe(true);
  });

  it("is allowed at once after an outage shorter than a lease can bear", () => {
    const { reclaimGuard, pass } = atClock();
    reclaimGuard.databaseAnswered();
    pass(leaseSeconds / 3);
    reclaimGuard.databaseAnswered();
    pass(leaseSeconds / 3);
    reclaimGuard.databaseFailed();
    expect(reclaimGuard.allowed).toBe(false);
    reclaimGuard.databaseAnswered();
    pass(leaseSeconds / 3 + 1);
    expect(reclaimGuard.allowed).toBe(true);
  });

  it("is paused for one lease after a process was frozen during the outage", () => {
    const { reclaimGuard, pass } = atClock();
    reclaimGuard.databaseAnswered();
    pass(leaseSeconds + 1);
    expect(reclaimGuard.allowed).toBe(true);
    reclaimGuard.databaseAnswered();
    expect(reclaimGuard.allowed).toBe(false);
  });
});
