import { beforeAll, expect, it } from "vitest";
import { defaultSite } from "../../sites/default-site.ts";
import { queueBehindRow, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { addNote } from "./changes.ts";
import { addBuiltIn } from "./operators.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const note = async (conversationId: string, { text = "a note", key }: { text?: string; key?: string } = {}) =>
  addNote(db.pool, {
    siteId: defaultSite,
    conversationId,
    operatorId: await addBuiltIn(db.pool, defaultSite, "full"),
    text,
    key,
  });

it("keeps a note once that is sent again under its key, at the same time, too", async () => {
  const { conversationId } = await startConversation(db.pool);
  const kept = await Promise.all(Array.from({ length: 5 }, () => note(conversationId, { key: "one" })));
  expect(new Set(kept.map((each) => each?.id)).size).toBe(1);
  expect(await note(conversationId, { key: "one", text: "another" })).toEqual(kept[0]);
  const others = [await note(conversationId, { key: "two" }), await note(conversationId), await note(conversationId)];
  expect(new Set([kept[0], ...others].map((each) => each?.id)).size).toBe(4);
  const { conversationId: elsewhere } = await startConversation(db.pool);
  expect((await note(elsewhere, { key: "one" }))?.id).not.toBe(kept[0]?.id);
});

it.each(["before", "after"])("leaves no note that is written just %s a deletion", async (order) => {
  const { conversationId } = await startConversation(db.pool);
  const steps = [() => note(conversationId), () => storeTombstone(db.pool, conversationId)];
  const [first, second] = await queueBehindRow<unknown>(
    db.pool,
    conversationId,
    order === "before" ? steps : steps.toReversed(),
  );
  expect([first?.status, second?.status]).toEqual(["fulfilled", "fulfilled"]);
  const { rows } = await db.pool.query("select from notes where conversation_id = $1", [conversationId]);
  expect(rows).toEqual([]);
});
