import { expect, it } from "vitest";
import { pgbouncerAvailable, startPgBouncer } from "../../../shared/testing/stores/pgbouncer.ts";
import { createTestDatabase } from "../../../shared/testing/stores/postgres.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { startProduct } from "../harness/product.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { untilWorkersAreCounted } from "../harness/suite.ts";

it.skipIf(!pgbouncerAvailable)(
  "works through a PgBouncer in session mode, without Redis",
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase();
    await using bouncer = await startPgBouncer(database.url, "session");
    await using product = await startProduct({ backend: "postgres", env: { DATABASE_URL: bouncer.url } });
    const { client, provider } = product;
    const { script, release } = heldReply("Live", " to the end");
    provider.answer("Watch", script);
    const watched = await client.submitPatiently("Watch");
    const stream = await (await client.events(watched)).untilText("Live");
    release();
    await stream.ended;
    expect(stream.text).toBe("Live to the end");
    await untilWorkersAreCounted(client, 1);
  },
);

it.skipIf(!pgbouncerAvailable || !redisAvailable)(
  "works through a PgBouncer in transaction mode, with ten connections for six processes",
  { timeout: 120_000 },
  async () => {
    await using database = await createTestDatabase();
    await using bouncer = await startPgBouncer(database.url, "transaction");
    await using product = await startProduct({
      backend: "redis",
      apis: 2,
      workers: 4,
      env: { DATABASE_URL: bouncer.url, DATABASE_POOLER: "transaction" },
    });
    const { client, provider } = product;
    const first = await client.submitPatiently("Hello");
    expect((await client.ended(first)).reply?.text).toBe(echoOf("Hello"));

    const { script, release } = heldReply("Live", " to the end");
    provider.answer("Watch", script);
    const watched = await client.submitPatiently("Watch", { to: first });
    const stream = await (await client.events(watched)).untilText("Live");
    release();
    await stream.ended;
    expect(stream.text).toBe("Live to the end");

    provider.answer("Stop", heldReply("So far").script);
    const stopped = await client.submitPatiently("Stop", { to: first });
    await (await client.events(stopped)).untilText("So far");
    await client.cancel(stopped);
    expect((await client.ended(stopped)).status).toBe("cancelled");

    const { conversationId, token, cursor } = first;
    const follow = `${client.base}/api/conversations/${conversationId}/events?access_token=${token}&after=${cursor}`;
    const log = await fetch(follow);
    let events = "";
    for await (const chunk of log.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      events += chunk;
      if (events.includes('"status":"cancelled"')) break;
    }
    // After the cursor: two messages and three replies, two jobs accepted and three ended.
    expect(events.match(/^event: message$/gm)).toHaveLength(5);
    expect(events.match(/^event: job$/gm)).toHaveLength(5);

    const many = await Promise.all(Array.from({ length: 60 }, (_, n) => client.submitPatiently(`Message ${n}`)));
    for (const [n, job] of many.entries()) {
      expect((await client.ended(job)).reply?.text).toBe(echoOf(`Message ${n}`));
    }
    expect((await client.history(first)).messages).toHaveLength(6);
    expect((await client.deleteConversation(first)).status).toBe(204);
    expect(product.output()).not.toContain("prepared statement");
  },
);
