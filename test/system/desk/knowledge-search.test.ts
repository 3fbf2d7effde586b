import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addedSource, knowledgeSearchResult } from "../../../shared/protocol/knowledge.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

describe("a search of the knowledge by an operator", { timeout: 60_000 }, () => {
  let product: Product;
  let mia: OperatorHeaders;
  beforeAll(async () => {
    product = await startProduct({ backend: "postgres", workers: 0 });
    mia = await makeOperator(product, "Mia");
    await product.startKnowledge();
  });
  afterAll(() => product?.[Symbol.asyncDispose]());

  const search = (query: string) => askDesk(product.client, `/knowledge/search?${query}`, mia);
  const found = async (query: string) => knowledgeSearchResult.parse((await search(query)).body).passages;
  const add = async (source: object) => {
    const { body } = await askDesk(product.client, "/sources", mia, { body: source });
    return addedSource.parse(body).id;
  };

  it("shows what an answer would be made from, and nothing of a deleted source", async () => {
    const sourceId = await add({ kind: "question", question: "Do you ship to Norway?", answer: "Yes, in five days." });
    await add({ kind: "text", title: "Express", text: "Express shipping costs 4,90 Euro.", language: "de" });
    const [answer] = await eventually(
      "the answer is found",
      async () => {
        const passages = await found("q=shipping%20to%20Norway");
        return passages.length > 0 ? passages : undefined;
      },
      30_000,
    );
    expect(answer).toMatchObject({ sourceId, heading: "Do you ship to Norway?", text: "Yes, in five days.", rank: 1 });
    expect(answer?.why.map(({ term }) => term)).toContain("norway");
    const german = await eventually("the text is found", async () => (await found("q=express&language=de"))[0], 30_000);
    expect(german).toMatchObject({ title: "Express", language: "de" });
    expect(await found("q=express&language=fr")).toEqual([]);
    await askDesk(product.client, `/sources/${sourceId}`, mia, { method: "DELETE" });
    expect((await found("q=shipping%20to%20Norway")).map((passage) => passage.sourceId)).not.toContain(sourceId);
  });

  it("asks for a question", async () => {
    expect(await search("q=%20")).toMatchObject({ status: 400, body: { errors: [{ path: "q" }] } });
  });
});
