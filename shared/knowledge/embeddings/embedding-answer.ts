import { z } from "zod";
import { EmbeddingError } from "./embedding-error.ts";
import { normalize } from "./vectors.ts";

export interface Embedded {
  /** Vectors of length 1, in the order of the texts. */
  vectors: Float32Array[];
  /** Tokens of the texts, where the server counts them. */
  tokens: number | undefined;
}

/** An answer of `/v1/embeddings`, as far as it is used. Servers differ in all else: usage, model, kinds of objects. */
const answer = z.object({
  usage: z.object({ total_tokens: z.int().positive() }).optional().catch(undefined),
  data: z.array(z.object({ index: z.int().optional(), embedding: z.union([z.string(), z.array(z.number())]) })),
});

/**
 * Reads an answer. Each vector may be a list of numbers or base64 of floats.
 * @param dimensions numbers that a vector must have; 0: any, the same for all
 * @throws {EmbeddingError} if it does not fit the request
 */
export function readEmbeddings(body: string, texts: number, dimensions: number): Embedded {
  const parsed = answer.safeParse(parseJson(body));
  if (!parsed.success) throw unfit("its answer is not a list of embeddings");
  const { data, usage } = parsed.data;
  if (data.length !== texts) throw unfit(`it answered ${data.length} embeddings for ${texts} texts`);
  const isIndexed = new Set(data.map(({ index }) => index)).size === texts && data.every(isWithin(texts));
  const ordered = isIndexed ? data.toSorted((one, other) => (one.index ?? 0) - (other.index ?? 0)) : data;
  const vectors = ordered.map(({ embedding }) => normalize(decode(embedding)));
  const wanted = dimensions === 0 ? (vectors[0]?.length ?? 0) : dimensions;
  const other = vectors.find(({ length }) => length !== wanted || length === 0);
  if (other) throw unfit(`it answered ${other.length} dimensions instead of ${wanted}`);
  return { vectors, tokens: usage?.total_tokens };
}

function isWithin(texts: number) {
  return ({ index = -1 }: { index?: number | undefined }): boolean => index >= 0 && index < texts;
}

function decode(embedding: string | number[]): Float32Array {
  if (typeof embedding !== "string") return Float32Array.from(embedding);
  const bytes = Buffer.from(embedding, "base64");
  const floats = new Float32Array(bytes.length >> 2);
  for (let at = 0; at < floats.length; at++) floats[at] = bytes.readFloatLE(at * 4);
  return floats;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unfit(message: string): EmbeddingError {
  return new EmbeddingError("unavailable", `the embeddings endpoint cannot be used: ${message}`);
}
