import type { Pool } from "pg";
import { expect, it } from "vitest";
import { defaultSite } from "../../../sites/default-site.ts";
import { answer, startConversation } from "../../../testing/fixtures/conversations.ts";
import { openTestDatabase } from "../../../testing/stores/database.ts";
import { queryTyped } from "../../typed-statement.ts";
import { findRequest, searchConversations } from "./search.ts";
import { byTextStatement } from "./search-statements.ts";
import { SearchTooLong, withTimeLimit } from "../time-limit.ts";

const siteId = defaultSite;

it("finds messages of both sides by a part of their text, newest first, within a period", async () => {
  await using db = await openTestDatabase();
  const first = await startConversation(db.pool, { text: "My Order is late" });
  await answer(db.pool, first.id, "Your order number, please");
  const second = await startConversation(db.pool, { text: "order_2" });
  const find = async (text: string, from?: Date, to?: Date) =>
    (await searchConversations(db.pool, { siteId, text, from, to })).map(({ id, excerpt }) => [id, excerpt]);
  expect(await find("ORDER")).toEqual([
    [second.conversationId, "order_2"],
    [first.conversationId, "Your order number, please"],
    [first.conversationId, "My Order is late"],
  ]);
  expect(await find("r_2")).toHaveLength(1);
  expect(await find("r_n")).toEqual([]);
  expect(await find("order", new Date(Date.now() + 60_000))).toEqual([]);
  expect(await find("order", undefined, new Date(Date.now() - 60_000))).toEqual([]);
});

it("reads the newest messages by their primary key, and no more than its limit", async () => {
  await using db = await openTestDatabase();
  const client = await db.pool.connect();
  try {
    // A small table would be sorted.
    await client.query("set enable_seqscan = off; set enable_bitmapscan = off");
    const explain: Pick<Pool, "query"> = Object.create(client, {
      query: { value: (sql: string, values: unknown[]) => client.query(`explain ${sql}`, values) },
    }) as Pick<Pool, "query">;
    const plan = await queryTyped(explain, byTextStatement, { text: "order" });
    const lines = plan.map((row) => Object.values(row).join(""));
    expect(lines.join("\n")).toMatch(/Filter: .*~~\*[^]*Limit[^]*Index Scan Backward using messages_pkey/);
  } finally {
    client.release(true);
  }
});

it("finds a request's messages by its id", async () => {
  await using db = await openTestDatabase();
  const { conversationId } = await startConversation(db.pool, { requestId: "edge:7" });
  await startConversation(db.pool, { requestId: "edge:8" });
  expect(await findRequest(db.pool, siteId, "edge:7")).toMatchObject([
    { id: conversationId, firstMessage: "a question" },
  ]);
});

it("ends a search that takes too long, and leaves the connection as it was", async () => {
  await using db = await openTestDatabase();
  const sleep = withTimeLimit(db.pool, (client) => client.query("select pg_sleep(60)"));
  await expect(sleep).rejects.toThrow(SearchTooLong);
  const { rows } = await db.pool.query<{ statement_timeout: string }>("show statement_timeout");
  expect(rows).toEqual([{ statement_timeout: "0" }]);
});

it.each(["failed", "apology", "down", undefined] as const)(
  "lists %s page by page, each once, though all are of one moment",
  async (filter) => {
    await using db = await openTestDatabase();
    await db.pool.query(`
      insert into conversations (id, assistant_type, next_turn, created_at, updated_at)
      select md5('c' || n)::uuid, 'default', 2, now(), now() from generate_series(1, 120) n`);
    await db.pool.query(`
      insert into messages (id, conversation_id, turn, sender, text, fallback)
      select md5('m' || n)::uuid, md5('c' || n)::uuid, 1, 'ai', 'a preset', true from generate_series(1, 120) n`);
    await db.pool.query(`
      insert into jobs (id, conversation_id, message_id, turn, status, assistant_type, provider, reply_id)
      select md5('j' || n)::uuid, md5('c' || n)::uuid, md5('q' || n)::uuid, 1, 'failed', 'default', 'preset', md5('m' || n)::uuid
      from generate_series(1, 120) n`);
    await db.pool.query(`
      insert into feedback (message_id, rating, assistant_type, comment)
      select md5('m' || n)::uuid, 'down', 'default', 'Not so' from generate_series(1, 120) n`);
    const pages: string[][] = [];
    let after: { time: string; id: string } | undefined;
    do {
      const page = await searchConversations(db.pool, { siteId, filter, after });
      pages.push(page.map(({ id }) => id));
      const [time = "", id = ""] = page.at(-1)?.place?.split("_") ?? [];
      after = { time, id };
    } while (pages.at(-1)?.length === 50);
    expect(pages.map(({ length }) => length)).toEqual([50, 50, 20]);
    expect(new Set(pages.flat()).size).toBe(120);
  },
);
