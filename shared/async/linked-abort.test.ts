import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { LinkedAbort } from "./linked-abort.ts";

describe("an abort that is linked to others", () => {
  it("aborts with the reason of the first source that does", () => {
    const [first, second] = [new AbortController(), new AbortController()];
    using linked = new LinkedAbort(first.signal, second.signal);
    second.abort("second");
    first.abort("first");
    expect(linked.signal.reason).toBe("second");
  });

  it("is aborted from the start where a source was", () => {
    using linked = new LinkedAbort(new AbortController().signal, AbortSignal.abort("before"));
    expect(linked.signal.reason).toBe("before");
  });

  it("aborts by itself and leaves its sources alone", () => {
    const source = new AbortController();
    using linked = new LinkedAbort(source.signal);
    linked.abort("own");
    expect(linked.signal.reason).toBe("own");
    expect(source.signal.aborted).toBe(false);
  });

  it("leaves no listener on a source once it is disposed, and no longer follows it", () => {
    const source = new AbortController();
    const linked = new LinkedAbort(source.signal);
    expect(getEventListeners(source.signal, "abort")).toHaveLength(1);
    linked[Symbol.dispose]();
    expect(getEventListeners(source.signal, "abort")).toEqual([]);
    source.abort();
    expect(linked.signal.aborted).toBe(false);
  });
});
