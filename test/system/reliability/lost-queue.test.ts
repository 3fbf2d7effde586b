import { Redis } from "ioredis";
import { expect, it } from "vitest";
import type { Product } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { onBackendsSideBySide } from "../harness/suite.ts";

onBackendsSideBySide("after the queue's store lost everything", { workers: 0 }, (product) => {
  it("every waiting message is answered", { timeout: 60_000 }, async () => {
    const { client, provider, startWorker } = product();
    const names = Array.from({ length: 10 }, (_, index) => `lost ${index}`);
    const jobs = await Promise.all(
      names.map(async (name) => {
        const first = await client.submit(name);
        return [first, await client.submit(`${name}, again`, { to: first })];
      }),
    );
    await loseEverything(product());
    await startWorker();
    const views = await Promise.all(jobs.flat().map((job) => client.ended(job)));
    expect(new Set(views.map(({ status, attempt }) => `${status} ${attempt}`))).toEqual(new Set(["completed 1"]));

    // With a worker at its work: one reply under way, one behind it, and one not yet delivered.
    const { script, release } = heldReply("Under way", " to the end");
    provider.answer("flushed in the middle", script);
    const active = await client.submit("flushed in the middle");
    const behind = await client.submit("flushed behind", { to: active });
    const stream = await (await client.events(active)).untilText("Under way");
    await loseEverything(product());
    release();
    await stream.ended;
    expect(stream.text).toBe("Under way to the end");
    expect(await client.ended(active)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await client.ended(behind)).toMatchObject({ status: "completed", attempt: 1 });
    expect(await client.ended(await client.submit("after all of it"))).toMatchObject({ status: "completed" });
  });
});

async function loseEverything(product: Product): Promise<void> {
  if (product.redis) {
    const redis = new Redis(product.redis.url);
    await redis.flushall();
    redis.disconnect();
    return;
  }
  const tables = await product.query<{ name: string }>(
    "select format('bullmq.%I', tablename) as name from pg_tables where schemaname = 'bullmq' and tablename not like '%migration%'",
  );
  await product.query(`truncate ${tables.map(({ name }) => name).join(", ")}`);
}
