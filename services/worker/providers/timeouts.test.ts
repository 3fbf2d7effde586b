import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProviderEvent } from "./provider.ts";
import { defaultTimeouts, withTimeouts } from "./timeouts.ts";

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

describe("a provider that thinks before it speaks", () => {
  const seconds = (n: number) => n * 1000;
  const work: ProviderEvent = { type: "progress", sign: "work" };
  const alive: ProviderEvent = { type: "progress", sign: "alive" };

  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Reads a stream of events, each of them some seconds after the one before it. */
  async function outcome(
    events: readonly (readonly [number, ProviderEvent])[],
    { lateMs = 0, firstTextMs }: { lateMs?: number; firstTextMs?: number } = {},
  ): Promise<{ seconds: number; error?: unknown }> {
    const beganAt = Date.now();
    const stream = (signal: AbortSignal) => spoken(events, signal);
    const read = async () => {
      const limited = withTimeouts(stream, { signal: new AbortController().signal, firstTextMs, ...defaultTimeouts });
      for await (const _ of limited) if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
    };
    const reading = read().then(
      () => ({ seconds: (Date.now() - beganAt) / 1000 }),
      (error: unknown) => ({ seconds: (Date.now() - beganAt) / 1000, error }),
    );
    await vi.advanceTimersByTimeAsync(seconds(300));
    return reading;
  }

  const every = (pause: number, times: number, event: ProviderEvent) =>
    Array.from({ length: times }, () => [pause, event] as const);

  it("has 90 s, as long as it shows that it is at work", async () => {
    expect(await outcome([...every(15, 5, work), [14, delta("Yes.")]])).toEqual({ seconds: 89 });
    expect(await outcome(every(15, 10, work))).toMatchObject({
      seconds: 90,
      error: { code: "timeout", atWork: true, message: "no text within 90000 ms" },
    });
  });

  it("has 90 s also where nothing comes at all", async () => {
    expect(await outcome([[89, delta("Yes.")]])).toEqual({ seconds: 89 });
    expect(await outcome([[91, delta("Yes.")]])).toMatchObject({
      seconds: 90,
      error: { code: "timeout", atWork: false },
    });
  });

  it("has as long as its assistant gives it", async () => {
    expect(await outcome([[150, delta("Yes.")]], { firstTextMs: seconds(151) })).toEqual({ seconds: 150 });
    expect(await outcome([[150, delta("Yes.")]], { firstTextMs: seconds(60) })).toMatchObject({ seconds: 60 });
  });

  it("has 20 s once it was at work and falls silent", async () => {
    expect(
      await outcome([
        [5, work],
        [21, delta("Yes.")],
      ]),
    ).toMatchObject({
      seconds: 25,
      error: { code: "timeout", atWork: false, message: "no sign of life within 20000 ms" },
    });
  });

  it("may think unseen after what only says that it is alive", async () => {
    expect(
      await outcome([
        [1, alive],
        [80, delta("Yes.")],
      ]),
    ).toEqual({ seconds: 81 });
  });

  it("may think between two pieces of text, and then has no limit but that of silence", async () => {
    expect(await outcome([[1, delta("So")], ...every(19, 8, work), ...every(19, 2, alive), [19, delta(".")]])).toEqual({
      seconds: 210,
    });
    expect(
      await outcome([
        [1, delta("So")],
        [19, alive],
        [21, delta(".")],
      ]),
    ).toMatchObject({ seconds: 40 });
  });

  it("is given up also when its time ends while its reader is busy", async () => {
    expect(await outcome([[80, work]], { lateMs: seconds(15) })).toMatchObject({
      seconds: 95,
      error: { code: "timeout", atWork: true },
    });
  });
});

async function* spoken(
  events: readonly (readonly [number, ProviderEvent])[],
  signal: AbortSignal,
): AsyncGenerator<ProviderEvent> {
  for (const [seconds, event] of events) {
    await new Promise<void>((resolve, reject) => {
      setTimeout(resolve, seconds * 1000);
      signal.addEventListener("abort", () => reject(signal.reason as Error));
    });
    yield event;
  }
}

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
