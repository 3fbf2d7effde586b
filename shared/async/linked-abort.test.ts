import { getEventListeners } from "node:events";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { LinkedAbort } from "./linked-abort.ts";

describe("linked abort", () => {
  it("aborts with the reason of the first source that aborts", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using linked = new LinkedAbort(first.signal, second.signal);
    second.abort("second");
    first.abort("first");
    expect(linked.signal.reason).toBe("second");
  });

  it("is aborted from the start if a source was", () => {
    using linked = new LinkedAbort(new AbortController().signal, AbortSignal.abort("before"));
    expect(linked.signal.reason).toBe("before");
  });

  it("can abort alone and leaves its sources unaffected", () => {
    const source = new AbortController();
    using linked = new LinkedAbort(source.signal);
    linked.abort("own");
    expect(linked.signal.reason).toBe("own");
    expect(source.signal.aborted).toBe(false);
  });

  it("aborts after a time with the reason made then, unless disposed before", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const late = new LinkedAbort();
    using linked = new LinkedAbort();
    late.abortAfter(1000, () => "late");
    linked.abortAfter(1, () => "replaced");
    linked.abortAfter(1000, () => "late");
    vi.advanceTimersByTime(999);
    expect(linked.signal.aborted).toBe(false);
    late[Symbol.dispose]();
    vi.advanceTimersByTime(1);
    expect(linked.signal.reason).toBe("late");
    expect(late.signal.aborted).toBe(false);
  });

  it("removes its listeners and stops following its sources once disposed", () => {
    const source = new AbortController();
    const linked = new LinkedAbort(source.signal);
    expect(getEventListeners(source.signal, "abort")).toHaveLength(1);
    linked[Symbol.dispose]();
    expect(getEventListeners(source.signal, "abort")).toEqual([]);
    source.abort();
    expect(linked.signal.aborted).toBe(false);
  });
});
