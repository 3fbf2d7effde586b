import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findEmbeddingModel, holdEmbeddingModel } from "../../../shared/db/knowledge/embedding-models.ts";
import { claimPassages, completeSite } from "../../../shared/db/knowledge/embedding-work.ts";
import { deleteSource } from "../../../shared/db/knowledge/sources.ts";
import { dropUnusedVectors } from "../../../shared/db/knowledge/vector-garbage.ts";
import { type EmbeddingModel, openEmbeddings } from "../../../shared/knowledge/embeddings/embedding-client.ts";
import { meterEmbeddings } from "../../../shared/knowledge/embeddings/metered-embeddings.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { addSiteTexts } from "../../../shared/testing/fixtures/site-texts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import {
  type EmbeddingsFault,
  type FakeEmbeddings,
  startFakeEmbeddings,
} from "../../../tools/fake-provider/fake-embeddings.ts";
import { startEmbedding } from "./start-embedding.ts";

/** A database for each test: a process embeds all sites of one. */
let db: OpenTestDatabase;
beforeEach(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const small: EmbeddingModel = { name: "small", dimensions: 0 };

async function openEndpoint(options: Parameters<typeof startFakeEmbeddings>[0] = {}) {
  const endpoint = await startFakeEmbeddings(options);
  onTestFinished(() => endpoint.close());
  return endpoint;
}

function embed(endpoint: FakeEmbeddings, model = small, dailyTokens?: number) {
  const client = openEmbeddings({ EMBEDDINGS_BASE_URL: endpoint.url, EMBEDDINGS_API_KEY: "secret" });
  const [pool, log] = [db.pool, quietLog()];
  const metered = meterEmbeddings({ pool, embed: client, log, dailyTokens });
  const stop = startEmbedding({ pool, log, embed: metered, model, isLooking: () => false });
  onTestFinished(stop);
  return stop;
}

/** As half a minute after the end of the last process that holds a model. */
const letGo = () => db.pool.query("update embedding_choice set held_until = now() - interval '1 second'");
const rows = async (sql: string, values: unknown[] = []) => (await db.pool.query(sql, values)).rows as unknown[];
const currentModel = async (siteId: string) =>
  rows("select name from site_embeddings join embedding_models on id = model_id where site_id = $1", [siteId]);
const vectorsOf = (siteId: string) =>
  rows(
    `select text_hash, vector from passage_vectors join knowledge_vectors using (model_id, text_hash)
     where site_id = $1 and code is not null`,
    [siteId],
  );
const numbered = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`page ${at}`, `Text number ${at} of a shop.`]));

describe("the vectors of passages", () => {
  it("are made for all passages of a site, and for equal texts once", async () => {
    const endpoint = await openEndpoint();
    await addSiteTexts(db.pool, "once", { ...numbered(40), twin: "The same." });
    await addSiteTexts(db.pool, "twin", { twin: "The same." });
    embed(endpoint);
    await expect.poll(() => currentModel("twin")).toEqual([{ name: "small" }]);
    await expect.poll(() => currentModel("once")).toEqual([{ name: "small" }]);
    expect(await vectorsOf("once")).toHaveLength(41);
    expect(await vectorsOf("twin")).toHaveLength(1);
    expect(endpoint.calls.flatMap(({ input }) => input).filter((text) => text === "twin\nThe same.")).toHaveLength(1);
    expect(new Set(endpoint.calls.map(({ key }) => key))).toEqual(new Set(["secret"]));
  });

  it("are whole without a text that the endpoint refuses", async () => {
    const fault = ({ input }: { input: string[] }) =>
      input.some((text) => text.includes("number 3 ")) ? { status: 400 } : undefined;
    await addSiteTexts(db.pool, "refused", numbered(8));
    embed(await openEndpoint({ fault }));
    await expect.poll(() => currentModel("refused")).toEqual([{ name: "small" }]);
    expect(await vectorsOf("refused")).toHaveLength(7);
  });

  it("count none as refused by an endpoint that refuses every text", async () => {
    let asked = 0;
    const fault = (): EmbeddingsFault => ({ status: ++asked > 0 ? 400 : 200 });
    await addSiteTexts(db.pool, "misconfigured", numbered(2));
    const stop = embed(await openEndpoint({ fault }), { name: "misconfigured", dimensions: 0 });
    await expect.poll(() => asked).toBeGreaterThan(3);
    await stop();
    expect(await currentModel("misconfigured")).toEqual([]);
    expect(await rows("select * from passage_vectors where site_id = 'misconfigured'")).toEqual([]);
  });

  it("are made by another process where one was killed", async () => {
    await addSiteTexts(db.pool, "killed", numbered(5));
    const model: EmbeddingModel = { name: "after a kill", dimensions: 0 };
    const modelId = await findEmbeddingModel(db.pool, model);
    const claim = { siteId: "killed", modelId, after: { revision: "0", id: "0" }, until: "1000" };
    expect(await claimPassages(db.pool, { ...claim, limit: 3 })).toHaveLength(3);
    expect(await claimPassages(db.pool, { ...claim, limit: 1 })).toHaveLength(1);
    embed(await openEndpoint(), model);
    await expect.poll(() => vectorsOf("killed")).toHaveLength(1);
    expect(await currentModel("killed")).not.toEqual([{ name: "after a kill" }]);
    await db.pool.query("update passage_vectors set lease_until = now() where lease_until is not null");
    await expect.poll(() => currentModel("killed")).toEqual([{ name: "after a kill" }]);
    expect(await vectorsOf("killed")).toHaveLength(5);
  });

  it("of another model take the place of the old ones when they are whole", async () => {
    await addSiteTexts(db.pool, "change", numbered(40));
    const stop = embed(await openEndpoint());
    await expect.poll(() => currentModel("change")).toEqual([{ name: "small" }]);
    await stop();
    await letGo();
    const second = Promise.withResolvers<undefined>();
    let asked = 0;
    const large = await openEndpoint({ fault: () => (++asked === 1 ? undefined : second.promise) });
    embed(large, { name: "large", dimensions: 128 });
    await expect.poll(() => asked).toBe(2);
    expect(await currentModel("change")).toEqual([{ name: "small" }]);
    expect(await vectorsOf("change")).toHaveLength(40 + 32);
    second.resolve(undefined);
    await expect.poll(() => currentModel("change")).toEqual([{ name: "large" }]);
    expect(large.calls[0]?.dimensions).toBe(128);
  });

  it("are made by one of two models that processes are configured with, as long as one with the first runs", async () => {
    const [first, second] = [await openEndpoint(), await openEndpoint()];
    const large = { name: "large", dimensions: 0 };
    const { store } = await addSiteTexts(db.pool, "mixed", numbered(3));
    const stopFirst = embed(first);
    await expect.poll(() => currentModel("mixed")).toEqual([{ name: "small" }]);
    embed(second, large);
    await store("page 1", "Another text.");
    await expect.poll(() => rows("select from site_embeddings where revision = 4")).toHaveLength(1);
    await expect.poll(() => rows("select from embedding_models")).toHaveLength(2);
    expect(second.calls).toHaveLength(0);
    expect(await currentModel("mixed")).toEqual([{ name: "small" }]);
    await stopFirst();
    await letGo();
    await expect.poll(() => currentModel("mixed")).toEqual([{ name: "large" }]);
    const asked = first.calls.length;
    embed(first);
    await store("page 2", "A third text.");
    await expect.poll(() => rows("select from site_embeddings where revision = 5")).toHaveLength(1);
    expect(await currentModel("mixed")).toEqual([{ name: "large" }]);
    expect(first.calls).toHaveLength(asked);
  });

  it("wait for the next day once a site's tokens are spent, which holds up no other site", async () => {
    const endpoint = await openEndpoint();
    const long = Array.from({ length: 40 }, (_, at) => [`page ${at}`, `${at} ${"tea ".repeat(100)}`]);
    await addSiteTexts(db.pool, "a large site", Object.fromEntries(long) as Record<string, string>);
    await addSiteTexts(db.pool, "small site", numbered(2));
    embed(endpoint, small, 14_000);
    await expect.poll(() => currentModel("small site")).toEqual([{ name: "small" }]);
    expect(await vectorsOf("a large site")).toHaveLength(32);
    const used = await rows("select calls, texts, tokens::int, failures from embedding_days order by site_id");
    const tokens = expect.any(Number) as number;
    expect(used).toEqual([
      { calls: 1, texts: 32, tokens, failures: 0 },
      { calls: 1, texts: 2, tokens, failures: 0 },
    ]);
    await db.pool.query("update embedding_days set day = day - 1");
    await expect.poll(() => currentModel("a large site"), { timeout: 10_000 }).toEqual([{ name: "small" }]);
  });

  it("do not count once another model was given the place of theirs", async () => {
    await addSiteTexts(db.pool, "frozen", numbered(1));
    const [old, next] = [
      await findEmbeddingModel(db.pool, small),
      await findEmbeddingModel(db.pool, { name: "next", dimensions: 0 }),
    ];
    const whole = { siteId: "frozen", revision: "0", done: "0" };
    expect(await holdEmbeddingModel(db.pool, old)).toBe(true);
    expect(await holdEmbeddingModel(db.pool, next)).toBe(false);
    await letGo();
    expect(await holdEmbeddingModel(db.pool, next)).toBe(true);
    expect(await completeSite(db.pool, { ...whole, modelId: old })).toBe(false);
    expect(await completeSite(db.pool, { ...whole, modelId: next })).toBe(true);
  });

  it("go with the last passage that has their text", async () => {
    const { sourceId } = await addSiteTexts(db.pool, "gone", { only: "Nowhere else.", shared: "In two sources." });
    await addSiteTexts(db.pool, "gone", { shared: "In two sources." });
    const model = { name: "gone", dimensions: 0 };
    const stop = embed(await openEndpoint(), model);
    await expect.poll(() => vectorsOf("gone")).toHaveLength(3);
    await stop();
    await deleteSource(db.pool, { siteId: "gone", sourceId });
    await db.pool.query("update knowledge_vectors set used_at = now() - interval '1 hour'");
    const modelId = await findEmbeddingModel(db.pool, model);
    await dropUnusedVectors(db.pool);
    expect(await rows("select 1 from knowledge_vectors where model_id = $1", [modelId])).toHaveLength(1);
    expect(await vectorsOf("gone")).toHaveLength(1);
  });
});
