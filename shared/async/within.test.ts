import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { within } from "./within.ts";

describe("within", () => {
  it("returns the result and leaves no timer behind", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    expect(await within(60_000, Promise.resolve("result"))).toBe("result");
    expect(vi.getTimerCount()).toBe(0);
  });

  it("returns or throws what the work does, in time", async () => {
    expect(await within(1000, Promise.resolve(7))).toBe(7);
    await expect(within(1000, Promise.reject(new Error("failed")))).rejects.toThrow("failed");
  });

  it("rejects with a TimeoutError afterwards, whatever the work does", async () => {
    const work = sleep(30).then(() => {
      throw new Error("too late to matter");
    });
    await expect(within(1, work)).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(work).rejects.toThrow("too late");
  });

  it("returns an answer that arrived while the process was blocked past the limit", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    onTestFinished(() => void server.close());
    await once(server, "listening");
    const accepted = once(server, "connection") as Promise<[Socket]>;
    const client = connect((server.address() as AddressInfo).port, "127.0.0.1");
    await once(client, "connect");
    const [socket] = await accepted;
    const result = within(
      1,
      once(client, "data").then(([chunk]) => String(chunk)),
    );
    // The kernel has the answer at once; Node reads it when it next polls, after its timers.
    socket.end("answer");
    const until = performance.now() + 20;
    while (performance.now() < until);
    expect(await result).toBe("answer");
  });
});
