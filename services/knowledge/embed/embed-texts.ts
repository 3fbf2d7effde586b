import { EmbeddingError, isRefused } from "../../../shared/knowledge/embeddings/embedding-error.ts";

type EmbedAll = (texts: readonly string[]) => Promise<Float32Array[]>;

/** Characters of one request. OpenAI takes 300,000 tokens; servers on one's own machine take less. */
const maxChars = 48_000;
/** Asked where an endpoint takes none of several texts: it shows whose fault that is. */
const harmless = "Hello";

/**
 * Asks for the vectors of texts, in requests of a bounded length.
 * @returns in the order of the texts; `undefined` for one that the endpoint refuses
 * @throws {EmbeddingError} if it cannot be asked now, or refuses every text, which no text is to blame for
 */
export async function embedTexts(embed: EmbedAll, texts: readonly string[]): Promise<(Float32Array | undefined)[]> {
  const vectors: (Float32Array | undefined)[] = [];
  for (const batch of batchesOf(texts)) vectors.push(...(await embedHalves(embed, batch)));
  if (texts.length > 0 && vectors.every((vector) => vector === undefined)) await checkEndpoint(embed);
  return vectors;
}

function batchesOf(texts: readonly string[]): string[][] {
  const batches: string[][] = [];
  let chars = maxChars;
  for (const text of texts) {
    chars += text.length;
    if (chars > maxChars) {
      batches.push([]);
      chars = text.length;
    }
    batches.at(-1)?.push(text);
  }
  return batches;
}

/** A refused batch is split, until the faulty text is alone. */
async function embedHalves(embed: EmbedAll, texts: readonly string[]): Promise<(Float32Array | undefined)[]> {
  try {
    return await embed(texts);
  } catch (error) {
    if (!isRefused(error)) throw error;
    if (texts.length === 1) return [undefined];
    const middle = texts.length >> 1;
    return [...(await embedHalves(embed, texts.slice(0, middle))), ...(await embedHalves(embed, texts.slice(middle)))];
  }
}

async function checkEndpoint(embed: EmbedAll): Promise<void> {
  try {
    await embed([harmless]);
  } catch (error) {
    if (!isRefused(error)) throw error;
    throw new EmbeddingError("unavailable", "the embeddings endpoint refuses every text: check model and dimensions", {
      cause: error,
    });
  }
}
