import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { TimeSlice, TimeSliceOver, timeSliceMs } from "./time-slice.ts";

describe("time slice", () => {
  it.each([
    [120_000, 0, 120_000],
    [120_000, 1, 100_000],
    [120_000, 2, 80_000],
    [25_000, 1, 5_000],
    // Too short for all: the first has time to connect, or its equal share of less than that.
    [15_000, 1, 5_000],
    [6_000, 1, 3_000],
    [6_000, 2, 2_000],
  ])("of a job with %i ms left, and %i ms reserved after it, takes %i ms", (leftMs, others, expected) => {
    expect(timeSliceMs(leftMs, others)).toBe(expected);
  });

  describe("in time", () => {
    beforeEach(() => {
      vi.useFakeTimers();
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    const open = (written: () => number, signal = new AbortController().signal) =>
      new TimeSlice({ signal, written, ms: 10_000 });

    it("ends after its time if nothing was written", () => {
      using slice = open(() => 0);
      vi.advanceTimersByTime(9_999);
      expect(slice.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(slice.signal.reason).toBeInstanceOf(TimeSliceOver);
    });

    it("continues while the reply grows and ends when it stalls", () => {
      let length = 1;
      using slice = open(() => length);
      for (let times = 0; times < 20; times++) {
        vi.advanceTimersByTime(1_900);
        length += 1;
      }
      expect(slice.signal.aborted).toBe(false);
      vi.advanceTimersByTime(4_000);
      expect(slice.signal.reason).toBeInstanceOf(TimeSliceOver);
    });

    it("ends with its job, for the job's reason, and leaves no timer", () => {
      const job = new AbortController();
      const slice = open(() => 0, job.signal);
      const reason = new Error("cancelled");
      job.abort(reason);
      slice[Symbol.dispose]();
      vi.advanceTimersByTime(60_000);
      expect(slice.signal.reason).toBe(reason);
      expect(vi.getTimerCount()).toBe(0);
    });
  });
});
