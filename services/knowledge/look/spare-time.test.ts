import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { SpareTime } from "./spare-time.ts";

const never = new AbortController().signal;

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = performance.now();
  await work().catch(() => undefined);
  return performance.now() - began;
}

describe("work in spare time", () => {
  it("begins at once, then rests three times as long as the work before took", async () => {
    const spareTime = new SpareTime();
    const ends: number[] = [];
    const begins: number[] = [];
    const work = async () => {
      begins.push(performance.now());
      await sleep(30);
      ends.push(performance.now());
    };
    const asked = performance.now();
    await spareTime.run(never, work);
    await spareTime.run(never, work);
    const [first = 0, second = 0] = begins;
    const end = ends[0] ?? 0;
    expect(first - asked).toBeLessThan(end - first);
    expect(second - end).toBeGreaterThanOrEqual((end - first) * 3 - 2);
  });

  it("rests for the sum of what came together", async () => {
    const spareTime = new SpareTime();
    const together = [1, 2, 3].map(() => spareTime.run(never, () => sleep(20)));
    await Promise.all(together);
    expect(await timed(() => spareTime.run(never, () => Promise.resolve()))).toBeGreaterThanOrEqual(3 * 3 * 20 - 10);
  });

  it("rests after work that fails, too, and passes its error on", async () => {
    const spareTime = new SpareTime();
    const failing = async () => {
      await sleep(20);
      throw new Error("no text");
    };
    await expect(spareTime.run(never, failing)).rejects.toThrow("no text");
    expect(await timed(() => spareTime.run(never, () => Promise.resolve()))).toBeGreaterThanOrEqual(50);
  });

  it("rests for a second at most after long work", async () => {
    const spareTime = new SpareTime();
    await spareTime.run(never, () => sleep(600));
    const waited = await timed(() => spareTime.run(never, () => Promise.resolve()));
    expect(waited).toBeGreaterThanOrEqual(950);
    expect(waited).toBeLessThan(1700);
  });

  it("does nothing more once it is to end", async () => {
    const spareTime = new SpareTime();
    await spareTime.run(never, () => sleep(200));
    const ending = new AbortController();
    const next = spareTime.run(ending.signal, () => Promise.reject(new Error("it ran")));
    ending.abort(new Error("closing"));
    await expect(next).rejects.toThrow("closing");
  });
});
