import { expect, it, onTestFinished } from "vitest";
import { startFakeEmbeddings } from "../../tools/fake-provider/fake-embeddings.ts";
import { checkEmbeddings } from "./check-embeddings.ts";

async function check(status?: number) {
  const endpoint = await startFakeEmbeddings({ dimensions: 48, fault: () => (status ? { status } : undefined) });
  onTestFinished(() => endpoint.close());
  return checkEmbeddings({ EMBEDDINGS_BASE_URL: endpoint.url, EMBEDDINGS_MODEL: "small" });
}

it("says how many numbers an embeddings endpoint answers, or why it answers none", async () => {
  expect(await checkEmbeddings({})).toEqual([]);
  expect((await check())[0]?.text).toContain("48 numbers of small");
  const [refused] = await check(401);
  expect(refused?.state).toBe("fault");
  expect(refused?.text).toContain("answers 401");
});
