import { describe, expect, it } from "vitest";
import type { ProviderEvent } from "./provider.ts";
import { withTimeouts } from "./timeouts.ts";

const limits = { firstTokenMs: 60, betweenTokensMs: 60 };
const delta = (text: string): ProviderEvent => ({ type: "delta", text });

describe("a stream with timeouts", () => {
  it("passes on what the provider says", async () => {
    const { signal } = new AbortController();
    const seen = await Array.fromAsync(withTimeouts(() => says(delta("a"), delta("b")), { signal, ...limits }));
    expect(seen).toEqual([delta("a"), delta("b")]);
  });

  it("does not count the time in which its reader is busy", async () => {
    const { signal } = new AbortController();
    const seen: ProviderEvent[] = [];
    for await (const event of withTimeouts(() => says(delta("a"), delta("b"), delta("c")), { signal, ...limits })) {
      seen.push(event);
      await busyReader();
    }
    expect(seen).toHaveLength(3);
  });

  it("still notices a stall after its reader was busy", async () => {
    const { signal } = new AbortController();
    const stream = withTimeouts((inner) => saysThenStalls(inner), { signal, ...limits });
    await stream.next();
    await busyReader();
    await expect(stream.next()).rejects.toMatchObject({ name: "ProviderError", code: "timeout" });
  });

  it("gives the caller's reason, whatever the provider throws when it is aborted", async () => {
    const abort = new AbortController();
    const reason = new Error("the visitor left");
    const stream = withTimeouts((inner) => saysThenStalls(inner, new Error("from some SDK")), {
      signal: abort.signal,
      ...limits,
    });
    await stream.next();
    abort.abort(reason);
    await expect(stream.next()).rejects.toBe(reason);
  });

  it("passes on what the provider throws by itself", async () => {
    const { signal } = new AbortController();
    const fault = new Error("broken");
    // oxlint-disable-next-line require-yield -- it fails before it says anything
    const failing = async function* (): AsyncGenerator<ProviderEvent> {
      throw fault;
    };
    await expect(Array.fromAsync(withTimeouts(failing, { signal, ...limits }))).rejects.toBe(fault);
  });

  it("does not call the provider when it was aborted before", async () => {
    let called = false;
    const provider = () => {
      called = true;
      return says();
    };
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(Array.fromAsync(withTimeouts(provider, { signal, ...limits }))).rejects.toThrow("never mind");
    expect(called).toBe(false);
  });
});

async function* says(...events: ProviderEvent[]): AsyncGenerator<ProviderEvent> {
  yield* events;
}

async function* saysThenStalls(signal: AbortSignal, whenAborted?: Error): AsyncGenerator<ProviderEvent> {
  yield delta("So far");
  await new Promise((_, reject) => signal.addEventListener("abort", () => reject(whenAborted ?? signal.reason)));
}

/** Longer than any of the limits. */
function busyReader(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, limits.betweenTokensMs * 2));
}
