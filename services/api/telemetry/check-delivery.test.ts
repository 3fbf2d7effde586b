import { describe, expect, it } from "vitest";
import { claimJob } from "../../../shared/db/jobs/claim.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { openTestDatabase } from "../../../shared/testing/stores/database.ts";
import { checkDelivery } from "./check-delivery.ts";

const counts = { waiting: 0, active: 0, delayed: 0, failed: 0, workers: 2, paused: false };

describe("delivery check", () => {
  it("is down once a message has waited 30 s for a worker, with the time and the number of workers", async () => {
    await using db = await openTestDatabase();
    expect(await checkDelivery(db.pool, counts)).toEqual({ status: "up" });
    const { id } = await startConversation(db.pool);
    expect(await checkDelivery(db.pool, counts)).toEqual({ status: "up" });
    await db.pool.query("update jobs set created_at = now() - interval '95 s' where id = $1", [id]);
    const { status, detail } = await checkDelivery(db.pool, counts);
    expect(status).toBe("down");
    expect(detail).toMatch(/^a message has waited for 9\d s for a worker, and 2 workers are connected$/);
  });

  it("is up if the old message is claimed before the second look", async () => {
    await using db = await openTestDatabase();
    const { id } = await startConversation(db.pool);
    await db.pool.query("update jobs set created_at = now() - interval '95 s' where id = $1", [id]);
    const checking = checkDelivery(db.pool, counts);
    expect(await claimJob(db.pool, { jobId: id, reclaim: false, worker: "a worker" })).toBeDefined();
    expect(await checking).toEqual({ status: "up" });
  });

  it("is down while the queue is paused", async () => {
    await using db = await openTestDatabase();
    expect(await checkDelivery(db.pool, { ...counts, paused: true })).toMatchObject({
      status: "down",
      detail: expect.stringMatching(/^the queue is paused/) as string,
    });
  });
});
