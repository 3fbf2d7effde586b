import { describe, expect, it } from "vitest";
import { HostPace, maxRetryAfterMs, readRetryAfter } from "./host-pace.ts";

const never = new AbortController().signal;

describe("pace of a host", () => {
  it("lets one request at a time through, in order, with a pause", async () => {
    const pace = new HostPace({ pauseMs: 40 });
    const events: [string, number][] = [];
    const request = (name: string) => async () => {
      events.push([`${name} begins`, performance.now()]);
      await new Promise((done) => setTimeout(done, 20));
      events.push([`${name} ends`, performance.now()]);
    };
    await Promise.all(["a", "b", "c"].map((name) => pace.run("garden.test", never, request(name))));
    expect(events.map(([event]) => event)).toEqual(
      ["a", "b", "c"].flatMap((name) => [`${name} begins`, `${name} ends`]),
    );
    expect((events[2]?.[1] ?? 0) - (events[1]?.[1] ?? 0)).toBeGreaterThanOrEqual(38);
  });

  it("lets different hosts through at the same time", async () => {
    const pace = new HostPace({ pauseMs: 0 });
    const both = Promise.withResolvers<void>();
    let inFlight = 0;
    const request = async () => {
      inFlight += 1;
      if (inFlight === 2) both.resolve();
      await both.promise;
    };
    await Promise.all([pace.run("a.test", never, request), pace.run("b.test", never, request)]);
    expect(inFlight).toBe(2);
  });

  it("goes on after a request that fails, and passes its error on", async () => {
    const pace = new HostPace({ pauseMs: 0 });
    const failing = pace.run("a.test", never, () => Promise.reject(new Error("no")));
    const next = pace.run("a.test", never, () => Promise.resolve("yes"));
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("yes");
  });

  it("pauses longer if the site asks for it, and stops for its Retry-After", async () => {
    const pace = new HostPace({ pauseMs: 0 });
    const begin = () => Promise.resolve(performance.now());
    const first = await pace.run("a.test", never, begin, 0.05);
    expect((await pace.run("a.test", never, begin)) - first).toBeGreaterThanOrEqual(48);
    pace.holdOff("a.test", 60);
    const held = performance.now();
    expect((await pace.run("a.test", never, begin)) - held).toBeGreaterThanOrEqual(58);
  });

  it("lets nothing wait longer than the limits, whatever a site asks for", async () => {
    let now = 0;
    const pace = new HostPace({ pauseMs: 0, now: () => now });
    pace.holdOff("a.test", 10 ** 12);
    now = maxRetryAfterMs;
    expect(await pace.run("a.test", never, () => Promise.resolve("free"), 10 ** 9)).toBe("free");
    now += 30_000;
    expect(await pace.run("a.test", never, () => Promise.resolve("free"))).toBe("free");
  });

  it("ends a wait when its signal does, and does not begin that request", async () => {
    const pace = new HostPace({ pauseMs: 0 });
    pace.holdOff("a.test", 60_000);
    const aborter = new AbortController();
    let begun = false;
    const waiting = pace.run("a.test", aborter.signal, () => Promise.resolve((begun = true)));
    aborter.abort(new Error("stopped"));
    await expect(waiting).rejects.toThrow("stopped");
    expect(begun).toBe(false);
  });

  it("forgets hosts that are free again", async () => {
    const pace = new HostPace({ pauseMs: 0 });
    for (let n = 0; n < 50; n += 1) await pace.run(`${n}.test`, never, () => Promise.resolve());
    expect(pace.size).toBeLessThanOrEqual(1);
  });
});

describe("Retry-After", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  it.each([
    ["120", 120_000],
    ["Sun, 29 Nov 2026 12:01:00 GMT", 60_000],
    ["Sun, 29 Nov 2026 11:00:00 GMT", 0],
    ["99999999999999999999", maxRetryAfterMs],
    ["Sun, 29 Nov 2099 12:00:00 GMT", maxRetryAfterMs],
    ["soon", undefined],
    ["", undefined],
    [undefined, undefined],
  ])("%s", (header, ms) => expect(readRetryAfter(header, now)).toBe(ms));
});
