import { describe, expect, it, onTestFinished } from "vitest";
import { type EmbeddingsFault, startFakeEmbeddings } from "../../../tools/fake-provider/fake-embeddings.ts";
import { readEmbeddings } from "./embedding-answer.ts";
import { openEmbeddings } from "./embedding-client.ts";
import { cosine, packVector } from "./vectors.ts";

const signal = AbortSignal.timeout(10_000);

async function open(options: Parameters<typeof startFakeEmbeddings>[0] = {}) {
  const endpoint = await startFakeEmbeddings(options);
  onTestFinished(() => endpoint.close());
  const embed = openEmbeddings({ EMBEDDINGS_BASE_URL: `${endpoint.url}/` });
  return {
    endpoint,
    embed: async (texts: string[], dimensions = 0) =>
      (await embed(texts, { model: { name: "m", dimensions }, signal })).vectors,
  };
}

describe("a client of an embeddings endpoint", () => {
  it("gives vectors of length 1 in the order of the texts, whatever their order and form in the answer", async () => {
    const [floats, base64] = [await open(), await open({ format: "base64" })];
    const [tea, pot] = await floats.embed(["tea", "pot"]);
    expect(tea).toEqual((await floats.embed(["tea"]))[0]);
    expect(Math.hypot(...(pot ?? []))).toBeCloseTo(1, 5);
    const [same = new Float32Array()] = await base64.embed(["tea"]);
    expect(cosine(same, packVector(tea ?? new Float32Array()))).toBeCloseTo(1, 3);
  });

  it("asks a server that knows no dimensions without them, and again from then on", async () => {
    const fault = ({ dimensions }: { dimensions?: number | undefined }): EmbeddingsFault | undefined =>
      dimensions === undefined ? undefined : { status: 400, body: { error: { message: "dimensions: not supported" } } };
    const { endpoint, embed } = await open({ fault, dimensions: 32 });
    expect((await embed(["tea"], 32))[0]).toHaveLength(32);
    await embed(["tea"], 32);
    expect(endpoint.calls.map(({ dimensions }) => dimensions)).toEqual([32, undefined, undefined]);
    await expect(embed(["tea"], 64)).rejects.toThrow("32 dimensions instead of 64");
  });

  it.each([
    [400, "refused"],
    [429, "unavailable"],
    [401, "unavailable"],
    [500, "unavailable"],
  ])("reports status %i as %s, with the pause that is asked for and nothing of the texts", async (status, code) => {
    const body = { error: "no dimension for: my secret text" };
    const { embed } = await open({ fault: () => ({ status, body, headers: { "retry-after": "7" } }) });
    const error = await embed(["my secret text"]).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code, retryAfterMs: 7000 });
    expect(String(error)).not.toContain("secret");
  });

  it.each([
    ["no JSON", "<html>", "not a list"],
    ["too few", '{"data":[{"embedding":[1]}]}', "1 embeddings for 2 texts"],
    ["different lengths", '{"data":[{"embedding":[1]},{"embedding":[1,2]}]}', "dimensions"],
    ["empty ones", '{"data":[{"embedding":[]},{"embedding":[]}]}', "0 dimensions"],
  ])("refuses an answer with %s", (_, body, message) => {
    expect(() => readEmbeddings(body, 2, 0)).toThrow(message);
  });

  it("keeps the order of an answer whose numbers cannot be right", () => {
    const body = '{"data":[{"index":0,"embedding":[1,0]},{"index":0,"embedding":[0,1]}],"usage":null}';
    expect(readEmbeddings(body, 2, 2).vectors.map((vector) => [...vector])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it.each([
    ['{"prompt_tokens":7,"total_tokens":7}', 7],
    ['{"total_tokens":0}', undefined],
    ['"none"', undefined],
  ])("knows the tokens of an answer with the usage %s", (usage, tokens) => {
    expect(readEmbeddings(`{"data":[{"embedding":[1]}],"usage":${usage}}`, 1, 0).tokens).toBe(tokens);
  });
});
