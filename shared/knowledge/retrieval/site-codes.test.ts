import { beforeAll, describe, expect, it } from "vitest";
import { findEmbeddingModel, holdEmbeddingModel } from "../../db/knowledge/embedding-models.ts";
import { claimPassages, completeSite, storeVectors } from "../../db/knowledge/embedding-work.ts";
import { firstPassage, readKnowledgeState } from "../../db/knowledge/passages.ts";
import { readSiteModel } from "../../db/knowledge/similar-passages.ts";
import { deleteSource } from "../../db/knowledge/sources.ts";
import { addSiteTexts } from "../../testing/fixtures/site-texts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { codeOfPacked, packVector, toCodeBytes } from "../embeddings/vectors.ts";
import { SiteCodes } from "./site-codes.ts";

let db: OpenTestDatabase;
let modelId: number;
beforeAll(async () => {
  db = await openTestDatabase();
  modelId = await findEmbeddingModel(db.pool, { name: "small", dimensions: 0 });
  await holdEmbeddingModel(db.pool, modelId);
  return () => db[Symbol.asyncDispose]();
});

const question = Float32Array.of(1, 1, 1, 1, -1, -1, -1, -1);
const maxBytes = 2 ** 20;

/** Gives the passages of a site that have none a vector, up to its newest revision. */
async function embedSite(siteId: string): Promise<void> {
  const until = (await readKnowledgeState(db.pool, siteId)).revision;
  const passages = await claimPassages(db.pool, { siteId, modelId, after: firstPassage, until, limit: 100 });
  const vector = packVector(question);
  const code = codeOfPacked(vector);
  const embedded = passages.map(({ id, textHash }) => ({ id, textHash, vector, code }));
  await storeVectors(db.pool, modelId, embedded);
  await completeSite(db.pool, { siteId, modelId, revision: until, done: "0" });
}

async function found(codes: SiteCodes, siteId: string): Promise<number | undefined> {
  const [{ revision }, model] = [await readKnowledgeState(db.pool, siteId), await readSiteModel(db.pool, siteId)];
  const table = await codes.at({ revision, embedded: model?.revision ?? "0" });
  return (await table?.nearest(toCodeBytes(question), { limit: 10 }))?.length;
}

describe("the codes of a site in memory", () => {
  it("follow new, changed and removed passages, each counted once they have a vector", async () => {
    const siteId = "followed";
    const { store, sourceId } = await addSiteTexts(db.pool, siteId, { one: "First.", two: "Second.", three: "Third." });
    await embedSite(siteId);
    const codes = new SiteCodes(db.pool, { siteId, modelId, maxBytes });
    expect(await found(codes, siteId)).toBe(3);
    await store("two", "Another text.");
    expect(await found(codes, siteId)).toBe(2);
    await embedSite(siteId);
    expect(await found(codes, siteId)).toBe(3);
    await store("one", "");
    await addSiteTexts(db.pool, siteId, { four: "Fourth." });
    await embedSite(siteId);
    expect(await found(codes, siteId)).toBe(3);
    await deleteSource(db.pool, { siteId, sourceId });
    expect(await found(codes, siteId)).toBe(1);
  });

  it("serve callers that ask for different revisions at once, and never go back", async () => {
    const siteId = "at once";
    const { store } = await addSiteTexts(db.pool, siteId, { one: "First.", two: "Second." });
    await embedSite(siteId);
    const [older, model] = [await readKnowledgeState(db.pool, siteId), await readSiteModel(db.pool, siteId)];
    await store("two", "Another text.");
    const newer = await readKnowledgeState(db.pool, siteId);
    const codes = new SiteCodes(db.pool, { siteId, modelId, maxBytes });
    const tables = await Promise.all([
      codes.at({ revision: older.revision, embedded: model?.revision ?? "" }),
      codes.at({ revision: newer.revision, embedded: "0" }),
      codes.at({ revision: newer.revision, embedded: model?.revision ?? "" }),
    ]);
    expect(new Set(tables).size).toBe(1);
    expect(await tables[0]?.nearest(toCodeBytes(question), { limit: 10 })).toHaveLength(1);
  });

  it("leave memory, and stay away, where they would take more than they may", async () => {
    const siteId = "too large";
    await addSiteTexts(db.pool, siteId, { one: "First." });
    await embedSite(siteId);
    const codes = new SiteCodes(db.pool, { siteId, modelId, maxBytes: 1000 });
    expect(await found(codes, siteId)).toBeUndefined();
    expect(codes.bytes).toBe(0);
    await addSiteTexts(db.pool, siteId, { two: "Second." });
    await embedSite(siteId);
    expect(await found(codes, siteId)).toBeUndefined();
  });
});
