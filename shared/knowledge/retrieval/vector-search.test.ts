import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { findEmbeddingModel, holdEmbeddingModel } from "../../db/knowledge/embedding-models.ts";
import { claimPassages, completeSite, storeVectors } from "../../db/knowledge/embedding-work.ts";
import { firstPassage } from "../../db/knowledge/passages.ts";
import { quietLog } from "../../testing/fixtures/quiet-log.ts";
import { addSiteTexts } from "../../testing/fixtures/site-texts.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { type FakeEmbeddings, startFakeEmbeddings } from "../../../tools/fake-provider/fake-embeddings.ts";
import { similarWithinMs } from "../../tunables.ts";
import { openEmbeddings } from "../embeddings/embedding-client.ts";
import { meterEmbeddings } from "../embeddings/metered-embeddings.ts";
import { codeOfPacked, packVector } from "../embeddings/vectors.ts";
import { KnowledgeSearch } from "./knowledge-search.ts";
import { VectorSearch } from "./vector-search.ts";

let db: OpenTestDatabase;
beforeEach(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const siteId = "shop";
const model = { name: "small", dimensions: 0 };
const shop = {
  returns: "You can send a teapot back within thirty days, in its box.",
  delivery: "We deliver within two working days. Delivery is free above 50 euros.",
  staff: "Colleagues may send back what they like.",
};
const synonyms = [["send", "refund", "reimburse"]];

async function openEndpoint(options: Parameters<typeof startFakeEmbeddings>[0] = {}): Promise<FakeEmbeddings> {
  const endpoint = await startFakeEmbeddings({ synonyms, ...options });
  onTestFinished(() => endpoint.close().catch(() => undefined));
  return endpoint;
}

/** Gives all passages of the site the vectors of an endpoint, as the knowledge process does. */
async function embedSite(options: Parameters<typeof startFakeEmbeddings>[0] = {}): Promise<void> {
  const endpoint = await openEndpoint(options);
  const modelId = await findEmbeddingModel(db.pool, model);
  await holdEmbeddingModel(db.pool, modelId);
  const passages = await claimPassages(db.pool, { siteId, modelId, after: firstPassage, until: "1000", limit: 100 });
  const embed = openEmbeddings({ EMBEDDINGS_BASE_URL: endpoint.url });
  const texts = passages.map(({ text }) => text);
  const { vectors } = await embed(texts, { model, signal: AbortSignal.timeout(5000) });
  const embedded = passages.map(({ id, textHash }, at) => {
    const vector = packVector(vectors[at] ?? new Float32Array());
    return { id, textHash, vector, code: codeOfPacked(vector) };
  });
  await storeVectors(db.pool, modelId, embedded);
  await completeSite(db.pool, { siteId, modelId, revision: "1000", done: "0" });
}

/** @param withinMs long unless the time matters: a busy machine is no slow endpoint */
function search(
  endpoint: FakeEmbeddings,
  {
    withinMs = 10_000,
    dailyTokens,
    onCircuit,
  }: { withinMs?: number; dailyTokens?: number; onCircuit?: (isOpen: boolean) => void } = {},
): KnowledgeSearch {
  const [pool, log] = [db.pool, quietLog()];
  const embed = meterEmbeddings({
    pool,
    embed: openEmbeddings({ EMBEDDINGS_BASE_URL: endpoint.url }),
    log,
    dailyTokens,
  });
  return new KnowledgeSearch(pool, new VectorSearch({ pool, embed, log, withinMs, onCircuit }));
}

async function find(knowledge: KnowledgeSearch, question: string, assistant = "default") {
  const began = performance.now();
  const { passages } = await knowledge.find({ siteId, question, assistant, limit: 1 });
  return { url: passages[0]?.url, passage: passages[0], tookMs: performance.now() - began };
}

describe("a search by vectors", () => {
  it.each(["float", "base64"] as const)("finds a passage without a word of the question (%s)", async (format) => {
    await addSiteTexts(db.pool, siteId, shop);
    await embedSite();
    const { passage } = await find(search(await openEndpoint({ format })), "refund?");
    expect(passage).toMatchObject({ url: "staff", why: [], similarity: expect.any(Number) as number });
    expect((await find(new KnowledgeSearch(db.pool), "refund?")).url).toBeUndefined();
  });

  it("finds nothing of a source for other assistants, or by the vector of an older text", async () => {
    const { store } = await addSiteTexts(db.pool, siteId, { delivery: shop.delivery, returns: shop.returns });
    await addSiteTexts(db.pool, siteId, { staff: shop.staff }, { assistants: ["staff"] });
    await embedSite();
    const knowledge = search(await openEndpoint());
    expect((await find(knowledge, "refund?")).url).toBe("returns");
    expect((await find(knowledge, "refund?", "staff")).url).toBe("staff");
    await store("returns", "Another text, without a vector so far.");
    expect((await find(knowledge, "refund?")).url).toBe("delivery");
  });

  it("finds one of two passages that are nearly the same", async () => {
    const long = Array.from({ length: 80 }, (_, at) => `reimburse${at}`).join(" ");
    await addSiteTexts(db.pool, siteId, { page: `${long} on screen`, print: `${long} on paper`, ...shop });
    const other = synonyms.map((words) => [...words, ...long.split(" ")]);
    await embedSite({ synonyms: other });
    const knowledge = search(await openEndpoint({ synonyms: other }));
    const { passages } = await knowledge.find({ siteId, question: "refund?", limit: 2 });
    const urls = passages.map(({ url }) => url);
    expect(urls).toHaveLength(2);
    expect(urls[1]).toBe("staff");
  });

  it("leaves first what the words are sure of", async () => {
    const teapots = Array.from({ length: 12 }, (_, at) => [`teapot ${at}`, `Teapot ${"abcdefghijkl"[at] ?? ""}.`]);
    const order = "Order AB-1234 left our house by post on a rainy day in spring, and came back soon after in its box.";
    await addSiteTexts(db.pool, siteId, { order, ...(Object.fromEntries(teapots) as Record<string, string>) });
    await embedSite();
    const knowledge = search(await openEndpoint());
    expect((await find(knowledge, "teapot AB-1234")).url).toBe("order");
  });

  it("asks the endpoint once for equal questions", async () => {
    await addSiteTexts(db.pool, siteId, shop);
    await embedSite();
    const endpoint = await openEndpoint();
    const knowledge = search(endpoint);
    await find(knowledge, "refund?");
    await find(knowledge, "refund?");
    expect(endpoint.calls).toHaveLength(1);
  });

  it("waits 150 ms for a slow endpoint, and after five such waits for none", async () => {
    await addSiteTexts(db.pool, siteId, shop);
    await embedSite();
    const late = Promise.withResolvers<undefined>();
    onTestFinished(() => late.resolve(undefined));
    const endpoint = await openEndpoint({ fault: () => late.promise });
    const circuit: boolean[] = [];
    const knowledge = search(endpoint, { withinMs: similarWithinMs, onCircuit: (isOpen) => circuit.push(isOpen) });
    await find(knowledge, "teapot");
    const { url, tookMs } = await find(knowledge, "working days");
    expect(url).toBe("delivery");
    expect(tookMs).toBeGreaterThan(140);
    expect(tookMs).toBeLessThan(1900);
    for (const question of ["one", "two", "three"]) await find(knowledge, question);
    // The wait of a search ends a moment before that of its request, which is what counts.
    await expect.poll(() => circuit).toEqual([true]);
    await find(knowledge, "thirty days");
    expect(endpoint.calls).toHaveLength(5);
  });

  it("asks for no vectors once the tokens of the day are spent, and counts that as no failure", async () => {
    await addSiteTexts(db.pool, siteId, shop);
    await embedSite();
    const endpoint = await openEndpoint();
    const circuit: boolean[] = [];
    const knowledge = search(endpoint, { dailyTokens: 12, onCircuit: (isOpen) => circuit.push(isOpen) });
    expect((await find(knowledge, "refund?")).url).toBe("staff");
    for (let time = 0; time < 6; time++) expect((await find(knowledge, `working days ${time}`)).url).toBe("delivery");
    expect(endpoint.calls).toHaveLength(1);
    expect(circuit).toEqual([]);
  });

  it("leaves the words to answer where the endpoint is down", async () => {
    await addSiteTexts(db.pool, siteId, shop);
    await embedSite();
    const endpoint = await openEndpoint();
    await endpoint.close();
    const knowledge = search(endpoint);
    for (let time = 0; time < 6; time++) expect((await find(knowledge, "working days")).url).toBe("delivery");
  });
});
