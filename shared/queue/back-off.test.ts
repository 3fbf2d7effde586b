import { v7 } from "uuid";
import { expect, it, onTestFinished } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { endSessions, setDefault } from "../testing/stores/empty-database.ts";
import { createTestDatabase } from "../testing/stores/postgres.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";
import { createQueueBackend } from "./create-backend.ts";
import { openJobQueue } from "./job-queue.ts";

const watchedMs = 3000;

it("a worker on a read-only PostgreSQL polls a few times a second at most and recovers afterwards", async () => {
  await using database = await createTestDatabase();
  const backend = await createQueueBackend({ redisUrl: undefined, databaseUrl: database.url, log: quietLog() });
  const queue = await openJobQueue(backend, quietLog());
  // With nothing to take, BullMQ waits for a second in any case.
  const jobId = v7();
  await queue.enqueue([jobId]);
  await setDefault(database.url, "default_transaction_read_only", "on");
  await endSessions(database.url);

  const done: string[] = [];
  const worker = await backend.openWorker(async ({ id }) => void done.push(id ?? ""), { drainDelay: 1 });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
    await backend.close();
  });
  let errors = 0;
  worker.on("error", () => (errors += 1));
  await expect.poll(() => errors, { timeout: 20_000 }).toBeGreaterThan(0);
  await sleep(watchedMs);
  // Pauses of 100, 200, 400, 800 and 1,600 ms fit into the time; the stalled check adds a few.
  expect(errors).toBeLessThan(20);

  await setDefault(database.url, "default_transaction_read_only", "off");
  await endSessions(database.url);
  await expect.poll(() => done, { timeout: 20_000 }).toEqual([jobId]);
});
