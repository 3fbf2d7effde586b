import { describe, expect, it } from "vitest";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { Supervised } from "./supervised.ts";

const log = quietLog();

/** Ends on request, or when stopped. */
function fakeRun() {
  const { promise, resolve } = Promise.withResolvers<string>();
  return { exited: promise, stop: async () => resolve("stopped"), die: () => resolve("died") };
}

describe("supervised process", () => {
  it("restarts after each exit, with delays that grow to half a minute", async () => {
    const pauses: number[] = [];
    const enough = Promise.withResolvers<void>();
    const supervised = new Supervised({
      name: "test",
      log,
      start: async () => {
        const run = fakeRun();
        if (pauses.length < 7) run.die();
        else enough.resolve();
        return run;
      },
      pause: async (ms) => void pauses.push(ms),
    });

    await supervised.start();
    await enough.promise;
    await supervised.stop();

    expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  });

  it("restarts after a failed restart", async () => {
    const first = fakeRun();
    const last = fakeRun();
    const starts = [async () => first, () => Promise.reject(new Error("not now")), async () => last];
    const done = Promise.withResolvers<void>();
    const supervised = new Supervised({
      name: "test",
      log,
      start: () => {
        if (starts.length === 1) done.resolve();
        return starts.shift()?.() ?? Promise.reject(new Error("one start too many"));
      },
      pause: async () => undefined,
    });
    await supervised.start();

    first.die();
    await done.promise;
    await supervised.stop();

    expect(await last.exited).toBe("stopped");
  });

  it("passes a failure of the first start to its caller", async () => {
    const supervised = new Supervised({ name: "test", log, start: () => Promise.reject(new Error("no luck")) });

    await expect(supervised.start()).rejects.toThrow("no luck");
    await expect(supervised.stop()).resolves.toBeUndefined();
  });

  it("does not restart once stopped, even during a delay", async () => {
    let starts = 0;
    const run = fakeRun();
    const pausing = Promise.withResolvers<void>();
    const resumed = Promise.withResolvers<void>();
    const supervised = new Supervised({
      name: "test",
      log,
      start: async () => {
        starts++;
        return run;
      },
      pause: (_, signal) => {
        pausing.resolve();
        signal.addEventListener("abort", () => resumed.resolve());
        return resumed.promise;
      },
    });
    await supervised.start();
    run.die();
    await pausing.promise;

    await supervised.stop();
    await resumed.promise;

    expect(starts).toBe(1);
  });

  it("stops while it is being restarted", async () => {
    const run = fakeRun();
    const starting = Promise.withResolvers<typeof run>();
    const supervised = new Supervised({ name: "test", log, start: () => starting.promise });
    const started = supervised.start();

    const stopped = supervised.stop();
    starting.resolve(run);
    await Promise.all([started, stopped]);

    expect(await run.exited).toBe("stopped");
  });
});
