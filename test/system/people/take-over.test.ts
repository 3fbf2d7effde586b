import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, it } from "vitest";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import type { Product } from "../harness/product.ts";
import { onEachBackend } from "../harness/suite.ts";
import { beyond, dumpStores, type Point, points, takeOverOnce, type TakeOverResult } from "./take-over-run.ts";

/** Take-overs at each point; set TAKE_OVERS for a longer run. */
const rounds = Number(process.env["TAKE_OVERS"] ?? 8);
/** Replies in flight at once. */
const atOnce = 8;

/** Takes over many replies, a few at once; the stores are searched at the end. */
async function takeOverMany(product: Product, point: Point): Promise<TakeOverResult[]> {
  const results: TakeOverResult[] = [];
  let left = rounds;
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      while (left > 0) {
        left -= 1;
        results.push(await takeOverOnce(product, point));
      }
    }),
  );
  return results;
}

/** Expects that no reader saw, and no store holds, a word beyond the cuts. */
async function expectExact(product: Product, results: readonly TakeOverResult[]): Promise<void> {
  const dump = await dumpStores(product);
  for (const result of results) result.breaches.push(...beyond("the stores", result, dump));
  const broken = results.filter(({ breaches }) => breaches.length > 0);
  expect(broken.map(({ breaches, ...result }) => ({ ...result, breaches }))).toEqual([]);
}

onEachBackend("a take-over", { apis: 2, workers: 0 }, (product, backend) => {
  // One worker: calls that break off, one after another on the same worker, would open its circuit.
  it("in a restart: nobody sees a word beyond the cut", { timeout: 60_000 }, async () => {
    const worker = await product().startWorker();
    const results: TakeOverResult[] = [];
    for (let round = 0; round < rounds; round += 1) {
      results.push(await takeOverOnce(product(), "in a restart"));
      await product().client.ended(await product().client.submit("All is well"));
    }
    await expectExact(product(), results);
    expect(await worker.stop()).toBe(0);
  });

  it(
    "from a worker that is cut off from PostgreSQL: nobody sees a word beyond the cut",
    { timeout: 60_000 },
    async () => {
      await using gate = await openTcpGate(product().databaseUrl);
      const worker = await product().startWorker({ DATABASE_URL: gate.url });
      const cutOff = async () => {
        gate.freeze();
        void sleep(600).then(() => gate.thaw());
      };
      await expectExact(product(), await takeOverTogether(product(), cutOff));
      expect(await worker.stop()).toBe(0);
    },
  );

  describe("of a reply that is being written", () => {
    let workers: ServiceProcess[];
    beforeAll(async () => {
      workers = await Promise.all([product().startWorker(), product().startWorker()]);
    });

    it.each(points.filter((point) => point !== "in a restart"))(
      "%s: nobody sees a word beyond the cut",
      { timeout: 60_000 },
      async (point) => {
        const results = await takeOverMany(product(), point);
        await expectExact(product(), results);
        // The test would prove nothing if no reply were cut.
        const cuts = results.filter(({ cut }) => cut).length;
        if (point === "any time" || point === "at a delta") expect(cuts).toBe(rounds);
        console.log(`${backend}, ${point}: ${results.length} take-overs, ${cuts} cut`);
      },
    );

    it("while its worker is frozen: nobody sees a word beyond the cut", { timeout: 60_000 }, async () => {
      const freeze = async () => {
        for (const worker of workers) worker.pause();
        await sleep(50);
        void sleep(400).then(() => workers.forEach((worker) => worker.resume()));
      };
      await expectExact(product(), await takeOverTogether(product(), freeze));
    });

    it.runIf(backend === "redis")(
      "while Redis hangs: nobody sees a word beyond the cut",
      { timeout: 60_000 },
      async () => {
        const { redis } = product();
        const hang = async () => {
          redis?.pause();
          void sleep(400).then(() => redis?.resume());
        };
        await expectExact(product(), await takeOverTogether(product(), hang));
      },
    );
  });
});

/** Takes over a few replies at a time, each after a fault that hits all of them. */
async function takeOverTogether(product: Product, before: () => Promise<void>): Promise<TakeOverResult[]> {
  const results: TakeOverResult[] = [];
  while (results.length < rounds) {
    const some = Array.from({ length: atOnce }, () => takeOverOnce(product, "any time", { before }));
    results.push(...(await Promise.all(some)));
  }
  return results;
}
