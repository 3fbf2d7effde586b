import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { claim, completed, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { storeTombstone } from "../conversations/erasure.ts";
import { storeJobEnd } from "../jobs/end.ts";
import { addSources } from "../knowledge/sources.ts";
import { listUnanswered, putAside } from "./unanswered.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

/** Asks a question in a new conversation that the knowledge does not answer. */
async function ask(siteId: string, text: string, words: number) {
  const job = await startConversation(db.pool, { siteId, text });
  const end = { ...completed(), unanswered: { words: Buffer.alloc(32, words) } };
  await storeJobEnd(db.pool, { job: await claim(db.pool, job.id), end });
  return job;
}

async function samples(siteId: string) {
  return (await listUnanswered(db.pool, { siteId, limit: 10 })).map(({ sample, count }) => `${count} ${sample}`);
}

const idOf = (words: number) => Buffer.alloc(32, words).toString("hex");

describe("unanswered questions", () => {
  it("are grouped by their words, the newest group first, a page at a time", async () => {
    const first = await ask("lists", "Do you ship to Mars?", 1);
    await ask("lists", "Is there a cat?", 2);
    const again = await ask("lists", "Ship to mars, do you?", 1);
    const [newest, ...others] = await listUnanswered(db.pool, { siteId: "lists", limit: 1 });
    expect(newest).toMatchObject({ id: idOf(1), sample: "Ship to mars, do you?", count: 2 });
    expect(newest?.messages).toEqual(
      [again, first].map(({ conversationId, messageId }) => ({ conversationId, messageId })),
    );
    expect(others).toEqual([]);
    const [time = "", id = ""] = newest?.place.split("_") ?? [];
    const next = await listUnanswered(db.pool, { siteId: "lists", limit: 5, after: { time, id } });
    expect(next.map(({ sample }) => sample)).toEqual(["Is there a cat?"]);
  });

  it("are gone with their conversations", async () => {
    const { conversationId } = await ask("gone", "Do you ship to Mars?", 1);
    await storeTombstone(db.pool, conversationId);
    expect(await samples("gone")).toEqual([]);
  });

  it("are put aside in one site alone, until they are asked again", async () => {
    await ask("aside", "Do you ship to Mars?", 1);
    await ask("beside", "Do you ship to Mars?", 1);
    expect(await putAside(db.pool, "aside", idOf(1))).toBe(true);
    expect(await putAside(db.pool, "aside", idOf(1))).toBe(false);
    expect([await samples("aside"), await samples("beside")]).toEqual([[], ["1 Do you ship to Mars?"]]);
    await ask("aside", "And to Mars?", 1);
    expect(await samples("aside")).toEqual(["1 And to Mars?"]);
  });

  it("leave the list with the answer that is added for them", async () => {
    await ask("answered", "Do you ship to Mars?", 1);
    await ask("answered", "Is there a cat?", 2);
    const question = { kind: "question", question: "Mars?", content: Buffer.from("No."), unanswered: idOf(1) } as const;
    await addSources(db.pool, "answered", [{ id: v7(), ...question }]);
    expect(await samples("answered")).toEqual(["1 Is there a cat?"]);
  });
});
