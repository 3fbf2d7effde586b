import type { Pool } from "pg";
import { expect, it } from "vitest";
import { answer, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase } from "../../testing/stores/database.ts";
import { queryTyped } from "../typed-statement.ts";
import { byTextStatement, findRequest, searchConversations } from "./search.ts";
import { SearchTooLong, withTimeLimit } from "./time-limit.ts";

it("finds messages of both sides by a part of their text, newest first, within a period", async () => {
  await using db = await openTestDatabase();
  const first = await startConversation(db.pool, { text: "My Order is late" });
  await answer(db.pool, first.id, "Your order number, please");
  const second = await startConversation(db.pool, { text: "order_2" });
  const find = async (text: string, from?: Date, to?: Date) =>
    (await searchConversations(db.pool, { text, from, to })).map(({ id, excerpt }) => [id, excerpt]);
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
  expect(await findRequest(db.pool, "edge:7")).toMatchObject([{ id: conversationId, firstMessage: "a question" }]);
});

it("ends a search that takes too long, and leaves the connection as it was", async () => {
  await using db = await openTestDatabase();
  const sleep = withTimeLimit(db.pool, (client) => client.query("select pg_sleep(60)"));
  await expect(sleep).rejects.toThrow(SearchTooLong);
  const { rows } = await db.pool.query<{ statement_timeout: string }>("show statement_timeout");
  expect(rows).toEqual([{ statement_timeout: "0" }]);
});
