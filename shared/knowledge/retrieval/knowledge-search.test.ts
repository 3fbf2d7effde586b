import { beforeAll, describe, expect, it } from "vitest";
import { deleteSource, type NewSource } from "../../db/knowledge/sources.ts";
import { addSiteTexts } from "../../testing/fixtures/site-texts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { KnowledgeSearch } from "./knowledge-search.ts";

let db: OpenTestDatabase;
let search: KnowledgeSearch;
beforeAll(async () => {
  db = await openTestDatabase();
  search = new KnowledgeSearch(db.pool);
  return () => db[Symbol.asyncDispose]();
});

const add = (siteId: string, texts: Record<string, string>, more: Partial<NewSource> = {}) =>
  addSiteTexts(db.pool, siteId, texts, more);

const shop = {
  returns: "You can send a teapot back within thirty days, in its box.",
  delivery: "We deliver within two working days. Delivery is free above 50 euros.",
  größen: "Die Größentabelle gilt für Schürzen: S, M und L.",
};
const found = async (siteId: string, question: string, options: { assistant?: string; earlier?: string[] } = {}) =>
  (await search.find({ siteId, question, limit: 3, ...options })).passages.map(({ url }) => url);

describe("a search of a site's knowledge", () => {
  it("finds passages with their place, text and reason, in any language", async () => {
    await add("places", shop);
    const [best] = (await search.find({ siteId: "places", question: "Welche Größe hat die Schürze?", limit: 1 }))
      .passages;
    expect(best).toMatchObject({ url: "größen", text: shop["größen"], begins: 0, rank: 1, title: "größen" });
    expect(best?.why.length).toBeGreaterThan(0);
    expect(await found("places", "can I send back a teapot")).toEqual(["returns"]);
  });

  it("finds a new passage at once, and a changed or removed one no more", async () => {
    const { sourceId, store } = await add("changes", shop);
    expect((await found("changes", "teapot"))[0]).toBe("returns");
    await store("delivery", "Every kettle is delivered free.");
    expect(await found("changes", "kettle")).toEqual(["delivery"]);
    expect(await found("changes", "working days")).not.toContain("delivery");
    await store("returns", "");
    expect(await found("changes", "teapot")).toEqual([]);
    await deleteSource(db.pool, { siteId: "changes", sourceId });
    expect(await found("changes", "kettle")).toEqual([]);
  });

  it("finds nothing of another site, or of a source for other assistants", async () => {
    await add("mine", { own: "Our opening hours are ten to six." });
    await add("mine", { secret: "Internal opening hours: never." }, { assistants: ["staff"] });
    await add("theirs", { other: "Their opening hours are noon to one." });
    expect(await found("mine", "opening hours", { assistant: "default" })).toEqual(["own"]);
    expect((await found("mine", "opening hours", { assistant: "staff" })).toSorted()).toEqual(["own", "secret"]);
    expect(await found("nobody", "opening hours")).toEqual([]);
  });

  it("understands a follow-up by the messages before it", async () => {
    await add("talk", shop);
    expect(await found("talk", "And how long for that?", { earlier: ["Can I send my teapot back?"] })).toContain(
      "returns",
    );
  });

  it("puts an answer that the owner wrote before pages that are about as good", async () => {
    await add("answers", { page: "Teapots: return a teapot, send a teapot back. Returns of teapots are free." });
    const answer = { "Can I return a teapot?": "Only unused ones." };
    await add("answers", answer, { kind: "question", question: "Can I return a teapot?" });
    expect((await found("answers", "return of a teapot"))[0]).toBe("Can I return a teapot?");
  });

  it("gives the same answers in a process that has followed all changes and in one that loads them", async () => {
    const { store } = await add("same", shop);
    await found("same", "teapot");
    await store("delivery", "A courier brings the teapot.");
    const question = { siteId: "same", question: "teapot", limit: 3 };
    const fresh = await new KnowledgeSearch(db.pool).find(question);
    const followed = await search.find(question);
    expect(followed.passages.map(({ id }) => id)).toEqual(fresh.passages.map(({ id }) => id));
  });
});
