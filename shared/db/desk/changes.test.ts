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

const note = async (conversationId: string) =>
  addNote(db.pool, {
    siteId: defaultSite,
    conversationId,
    operatorId: await addBuiltIn(db.pool, defaultSite, "full"),
    text: "a note",
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
