import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ProviderEvent } from "./provider.ts";
import { defaultTimeouts, withTimeouts } from "./timeouts.ts";

const limits = { firstTokenMs: 60, betweenTokensMs: 60 };
const delta = (text: string): ProviderEvent => ({ type: "delta", text });

describe("stream with timeouts", () => {
  it("passes on the provider's deltas", async () => {
    const { signal } = new AbortController();
    const seen = await Array.fromAsync(withTimeouts(() => says(delta("a"), delta("b")), { signal, ...limits }));
    expect(seen).toEqual([delta("a"), delta("b")]);
  });

  it("excludes time in which its reader is busy", async () => {
    const { signal } = new AbortController();
    const seen: ProviderEvent[] = [];
    for await (const event of withTimeouts(() => says(delta("a"), delta("b"), delta("c")), { signal, ...limits })) {
      seen.push(event);
      await busyReader();
    }
    expect(seen).toHaveLength(3);
  });

  it("detects a stall after its reader was busy", async () => {
    const { signal } = new AbortController();
    const stream = withTimeouts((inner) => saysThenStalls(inner), { signal, ...limits });
    await stream.next();
    await busyReader();
    await expect(stream.next()).rejects.toMatchObject({ name: "ProviderError", code: "timeout" });
  });

  it("throws the caller's reason, whatever the provider throws when aborted", async () => {
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

  it("passes on what the provider throws", async () => {
    const { signal } = new AbortController();
    const fault = new Error("broken");
    // oxlint-disable-next-line require-yield -- it fails before it says anything
    const failing = async function* (): AsyncGenerator<ProviderEvent> {
      throw fault;
    };
    await expect(Array.fromAsync(withTimeouts(failing, { signal, ...limits }))).rejects.toBe(fault);
  });

  it("does not call the provider after an abort", async () => {
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

describe("thinking provider", () => {
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

  it("has 90 s while it shows that it is at work", async () => {
    expect(await outcome([...every(15, 5, work), [14, delta("Yes.")]])).toEqual({ seconds: 89 });
    expect(await outcome(every(15, 10, work))).toMatchObject({
      seconds: 90,
      error: { code: "timeout", atWork: true, message: "no text within 90000 ms" },
    });
  });

  it("has 90 s even if nothing arrives", async () => {
    expect(await outcome([[89, delta("Yes.")]])).toEqual({ seconds: 89 });
    expect(await outcome([[91, delta("Yes.")]])).toMatchObject({
      seconds: 90,
      error: { code: "timeout", atWork: false },
    });
  });

  it("has the time its assistant allows", async () => {
    expect(await outcome([[150, delta("Yes.")]], { firstTextMs: seconds(151) })).toEqual({ seconds: 150 });
    expect(await outcome([[150, delta("Yes.")]], { firstTextMs: seconds(60) })).toMatchObject({ seconds: 60 });
  });

  it("has 20 s once it falls silent after a sign of work", async () => {
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

  it("may think unseen after a mere keep-alive", async () => {
    expect(
      await outcome([
        [1, alive],
        [80, delta("Yes.")],
      ]),
    ).toEqual({ seconds: 81 });
  });

  it("may think between two pieces of text, limited by silence only", async () => {
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

  it("times out even while its reader is busy", async () => {
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
