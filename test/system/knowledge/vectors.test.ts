import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { knowledgeSearchResult } from "../../../shared/protocol/knowledge.ts";
import { type FakeEmbeddings, startFakeEmbeddings } from "../../../tools/fake-provider/fake-embeddings.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

/** Shares no word, and no part of one, with the question. */
const question = "Reimbursement?";
const text = "You can send it back.";

describe("knowledge with an embeddings endpoint", { timeout: 120_000 }, () => {
  let endpoint: FakeEmbeddings;
  let product: Product;
  let mia: OperatorHeaders;
  const held = Promise.withResolvers<undefined>();
  beforeAll(async () => {
    endpoint = await startFakeEmbeddings({
      synonyms: [["back", "reimbursement"]],
      fault: ({ input }) => (input.some((each) => each.includes(text)) ? held.promise : undefined),
    });
    const env = {
      EMBEDDINGS_BASE_URL: endpoint.url,
      EMBEDDINGS_MODEL: "small",
      EMBEDDINGS_API_KEY: "a-secret-key",
      EMBEDDINGS_DIMENSIONS: "512",
    };
    product = await startProduct({ backend: "postgres", workers: 1, env });
    mia = await makeOperator(product, "Mia");
  });
  afterAll(async () => {
    await product?.[Symbol.asyncDispose]();
    await endpoint?.close();
  });

  const missing = () => product.query("select from passage_vectors where text_hash is null");

  it("gives passages their vectors, also where a process is killed in the middle", async () => {
    const first = await product.startKnowledge();
    for (const title of ["Returns", "Delivery"])
      await askDesk(product.client, "/sources", mia, {
        body: { kind: "text", title, text: title === "Returns" ? text : "We deliver within two days." },
      });
    const isWaiting = async () => {
      const read = await product.query("select from knowledge_sources where status = 'ready'");
      return read.length === 2 && (await missing()).length > 0;
    };
    await eventually("a process waits for vectors", isWaiting, 30_000);
    await first.kill();
    held.resolve(undefined);
    // The lease of the killed process, which lasts a minute, is over.
    await product.query("update passage_vectors set lease_until = now() where text_hash is null");
    await product.startKnowledge();
    const whole = async () => (await product.query("select from passage_vectors where code is not null")).length === 2;
    await eventually("all passages have vectors", whole, 30_000);
    expect(await missing()).toEqual([]);
  });

  it("finds by meaning alone, for operators and for replies", async () => {
    const search = async () => {
      const { body } = await askDesk(product.client, `/knowledge/search?q=${encodeURIComponent(question)}`, mia);
      return knowledgeSearchResult.parse(body).passages[0];
    };
    const found = await eventually("its vector is found", search, 60_000);
    expect(found).toMatchObject({ text, why: [] });
    expect(found?.similar).toBeGreaterThan(0);
    const prompt = async () => {
      await product.client.ended(await product.client.submit(question));
      return product.provider.calls.some(({ request }) => JSON.stringify(request.messages).includes(text));
    };
    // Vectors of a busy machine may be late for the first reply.
    await eventually("a reply is made from it", prompt, 60_000);
    expect(product.output()).not.toContain("a-secret-key");
  });
});
