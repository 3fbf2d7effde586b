import { v7 } from "uuid";
import { expect, it, onTestFinished } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { endSessions, setDefault } from "../testing/empty-database.ts";
import { createTestDatabase } from "../testing/postgres.ts";
import { quietLog } from "../testing/quiet-log.ts";
import { createQueueBackend } from "./backend.ts";
import { openJobQueue } from "./job-queue.ts";

const watchedMs = 3000;

it("a worker on a PostgreSQL that refuses writes asks a few times a second at most, and goes on after it", async () => {
  await using database = await createTestDatabase();
  const backend = await createQueueBackend({ redisUrl: undefined, databaseUrl: database.url, log: quietLog() });
  const queue = await openJobQueue(backend, quietLog());
  const done: string[] = [];
  const worker = await backend.openWorker(async ({ id }) => void done.push(id ?? ""), { drainDelay: 1 });
  onTestFinished(async () => {
    await worker.close();
    await queue.close();
    await backend.close();
  });
  let errors = 0;
  worker.on("error", () => (errors += 1));

  await setDefault(database.url, "default_transaction_read_only", "on");
  await endSessions(database.url);
  await sleep(watchedMs);
  // Pauses of 100, 200, 400, 800 and 1,600 ms fit into the time; a stalled check, and what the lost connections said, add a few.
  expect(errors).toBeGreaterThan(0);
  expect(errors).toBeLessThan(40);

  await setDefault(database.url, "default_transaction_read_only", "off");
  await endSessions(database.url);
  const jobId = v7();
  await expect
    .poll(
      () =>
        queue.enqueue([jobId]).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true);
  await expect.poll(() => done, { timeout: 20_000 }).toEqual([jobId]);
});
