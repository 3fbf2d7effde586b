import { beforeAll, expect, it } from "vitest";
import { claim, completed, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { storeJobEnd } from "../jobs/end.ts";
import { readFigures } from "./figures.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const day = Date.UTC(2026, 0, 15);
const hour = 3_600_000;

/** A message that was accepted at a moment, waited, and was answered. */
async function answeredAt(at: number, waitMs: number, fallback = false): Promise<string> {
  const job = await startConversation(db.pool);
  await claim(db.pool, job.id);
  const end = completed();
  await storeJobEnd(db.pool, {
    job: { ...job, attempt: 1 },
    end: { ...end, ...(end.reply && { reply: { ...end.reply, fallback } }) },
  });
  await db.pool.query("update jobs set created_at = $2, started_at = $3 where id = $1", [
    job.id,
    new Date(at),
    new Date(at + waitMs),
  ]);
  return end.reply?.id ?? "";
}

it("a day without messages has zeros only", async () => {
  expect(await readFigures(db.pool, new Date(day + 365 * 24 * hour))).toEqual([
    expect.objectContaining({ from: null, messages: 0, completed: 0, costUsd: 0, waitP50Ms: null, up: 0 }),
  ]);
});

it("messages, waits, fallbacks, costs and ratings are summed by hour and by day", async () => {
  await answeredAt(day - 1, 5);
  for (const waitMs of [100, 200, 300]) await answeredAt(day + 9 * hour, waitMs);
  const rated = await answeredAt(day + 10 * hour, 1000, true);
  const failed = await startConversation(db.pool);
  await db.pool.query("update jobs set status = 'failed', created_at = $2 where id = $1", [
    failed.id,
    new Date(day + 10 * hour),
  ]);
  await db.pool.query(
    `insert into calls (id, job_id, attempt, assistant_type, provider, model, begun_at, cost_usd)
     values (gen_random_uuid(), $1, 1, 'default', 'openai', 'm', $2, 0.25), (gen_random_uuid(), $1, 1, 'default', 'openai', 'm', $3, 9)`,
    [failed.id, new Date(day + 10 * hour), new Date(day - 1)],
  );
  await db.pool.query(
    "insert into feedback (message_id, rating, assistant_type, rated_at) values ($1, 'down', 'default', $2)",
    [rated, new Date(day + 11 * hour)],
  );
  const [all, ...hours] = await readFigures(db.pool, new Date(day));
  const recent = hours.filter(({ from }) => from !== null && from < day + 24 * hour);
  expect(all).toMatchObject({
    from: null,
    messages: 5,
    completed: 4,
    failed: 1,
    fallbacks: 1,
    apologies: 1,
    costUsd: 0.25,
    down: 1,
  });
  expect(recent).toMatchObject([
    {
      from: day + 9 * hour,
      messages: 3,
      completed: 3,
      fallbacks: 0,
      waitP50Ms: 200,
      waitP95Ms: 290,
      costUsd: 0,
      up: 0,
    },
    { from: day + 10 * hour, messages: 2, failed: 1, fallbacks: 1, waitP50Ms: 1000, costUsd: 0.25 },
    { from: day + 11 * hour, messages: 0, down: 1, waitP50Ms: null },
  ]);
});
