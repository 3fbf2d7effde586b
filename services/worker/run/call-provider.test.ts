import { getEventListeners } from "node:events";
import { describe, expect, it } from "vitest";
import { streamInto, withRetries } from "./call-provider.ts";
import { ReplyWriter } from "../draft/reply-writer.ts";
import { type Provider, ProviderError } from "../providers/provider.ts";
import { testRequest } from "../providers/provider.testsuite.ts";

/** Fails with what may pass soon, and asks for a pause. */
function busy(pauseMs: number, calls: number[]): () => Promise<never> {
  return () => {
    calls.push(pauseMs);
    return Promise.reject(new ProviderError("overloaded", "busy", { retryAfterMs: pauseMs }));
  };
}

describe("call with retries", () => {
  it("is made three times if it fails temporarily", async () => {
    const calls: number[] = [];
    await expect(withRetries(busy(1, calls), new AbortController().signal)).rejects.toThrow("busy");
    expect(calls).toHaveLength(3);
  });

  it("ends at once when aborted during a pause, without another call", async () => {
    const given = new AbortController();
    const calls: number[] = [];
    const ending = withRetries(() => {
      // In the middle of the pause that follows.
      setTimeout(() => given.abort(new Error("given up")), 5);
      return busy(30, calls)();
    }, given.signal);
    await expect(ending).rejects.toThrow("given up");
    // Its pauses end after the one that was given up.
    await expect(withRetries(busy(50, []), new AbortController().signal)).rejects.toThrow("busy");
    expect(calls).toHaveLength(1);
  });

  it("is not repeated if the provider asks for more time than a visitor has", async () => {
    const calls: number[] = [];
    await expect(withRetries(busy(6000, calls), new AbortController().signal)).rejects.toThrow("busy");
    expect(calls).toHaveLength(1);
  });
});

describe("finished call", () => {
  it("leaves no listener on the signal of its job, answered or failed", async () => {
    const { signal } = new AbortController();
    await withRetries(() => Promise.resolve("answered"), signal);
    await expect(withRetries(busy(6000, []), signal)).rejects.toThrow("busy");
    expect(getEventListeners(signal, "abort")).toEqual([]);
  });
});

describe("stream into a draft", () => {
  it("stores a model name in valid characters only", async () => {
    const provider: Provider = {
      name: "compatible",
      upstream: "http://provider.test",
      async *stream() {
        yield { type: "delta", text: "words" };
        yield { type: "finish", finishReason: "stop", model: "a\0 mo\ud800del" };
      },
    };
    const draft = { text: "words", push: () => undefined, cite: () => undefined };
    const writer = new ReplyWriter(draft, provider, testRequest);
    const { finish } = await streamInto(writer, provider, testRequest, new AbortController());
    expect(finish.model).toBe("a mo\ufffddel");
  });
});
