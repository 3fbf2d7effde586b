import { beforeAll, describe, expect, it } from "vitest";
import { addSiteTexts } from "../../testing/fixtures/site-texts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { analysisVersion, analyzePassage } from "../../knowledge/analysis/passage-terms.ts";
import { firstPassage, readPassagesAfter, selectPassagesAfter } from "./passages.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const page = { after: firstPassage, analysis: analysisVersion, limit: 2000 };

describe("readPassagesAfter()", () => {
  it("reads passages in the order of their revisions, page by page", async () => {
    const texts = { one: "A teapot.", two: "返品は三十日以内に。", three: "Größe XL" };
    const { sourceId } = await addSiteTexts(db.pool, "o'hara", texts);
    const all = await readPassagesAfter(db.pool, "o'hara", page);
    const terms = Object.entries(texts).map(([title, text]) => analyzePassage(`${title}\n${text}`));
    expect(all.map((passage) => passage.terms)).toEqual(terms);
    expect(all.map(({ revision }) => revision)).toEqual(["1", "2", "3"]);
    expect(all.map((passage) => passage.sourceId)).toEqual([sourceId, sourceId, sourceId]);
    const [first, ...rest] = all;
    const after = first ?? firstPassage;
    expect(await readPassagesAfter(db.pool, "o'hara", { ...page, after })).toEqual(rest);
    expect(await readPassagesAfter(db.pool, "o'hara", { ...page, limit: 1 })).toEqual([first]);
    expect(await readPassagesAfter(db.pool, "o'hara", { ...page, analysis: 0 })).toEqual([]);
    expect(await readPassagesAfter(db.pool, "another", page)).toEqual([]);
  });

  it("reads a page in the order of the index: without a sort of all passages of a revision", async () => {
    const client = await db.pool.connect();
    try {
      // The table is small: it is read and sorted whole otherwise.
      await client.query("set enable_seqscan = off; set enable_bitmapscan = off");
      const { rows } = await client.query<{ "QUERY PLAN": string }>(`explain ${selectPassagesAfter("shop", page)}`);
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).toContain("knowledge_passages_in_order");
      expect(plan).not.toContain("Sort");
    } finally {
      client.release(true);
    }
  });
});
