import { createHash } from "node:crypto";
import { once } from "node:events";
import http, { type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text as readText } from "node:stream/consumers";
import { z } from "zod";

/**
 * An embeddings endpoint for tests and benches: a real HTTP server with `/v1/embeddings`. Its vectors are sums of hashed
 * words, so equal words make similar vectors, each time and everywhere.
 */
export interface FakeEmbeddings {
  /** Base URL, ending in `/v1`. */
  readonly url: string;
  /** Requests so far, in order of arrival. */
  readonly calls: readonly EmbeddingsCall[];
  close(): Promise<void>;
}

export interface EmbeddingsCall {
  model: string;
  input: string[];
  dimensions?: number | undefined;
  key: string | undefined;
}

interface FakeEmbeddingsOptions {
  /** Words that mean the same; those of a list share one vector. */
  synonyms?: readonly (readonly string[])[];
  /** Length of a vector, where a request names none. */
  dimensions?: number;
  /** Form of the vectors. */
  format?: "float" | "base64";
  /** Answers a request in place of the vectors. */
  fault?: (call: EmbeddingsCall) => EmbeddingsFault | undefined | Promise<EmbeddingsFault | undefined>;
}

export interface EmbeddingsFault {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

const request = z.object({
  model: z.string(),
  input: z.union([z.string(), z.array(z.string())]),
  dimensions: z.int().positive().optional(),
});

export async function startFakeEmbeddings(options: FakeEmbeddingsOptions = {}): Promise<FakeEmbeddings> {
  const calls: EmbeddingsCall[] = [];
  const server = http.createServer((incoming, response) => {
    void (async () => {
      const parsed = request.safeParse(JSON.parse(await readText(incoming)));
      if (incoming.url !== "/v1/embeddings" || !parsed.success) return send(response, { status: 404 });
      const { input, ...rest } = parsed.data;
      const key = incoming.headers.authorization?.replace(/^Bearer /, "");
      const call = { ...rest, input: typeof input === "string" ? [input] : input, key };
      calls.push(call);
      const fault = await options.fault?.(call);
      send(response, fault ?? { status: 200, body: answerTo(call, options) });
    })();
  });
  server.keepAliveTimeout = 60_000;
  server.listen({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`,
    calls,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function send(response: ServerResponse, { status, body = {}, headers = {} }: EmbeddingsFault): void {
  response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
}

/** The last text comes first, as a server may answer in any order: `index` says which is which. */
function answerTo(
  { model, input, dimensions }: EmbeddingsCall,
  { synonyms = [], dimensions: usual = 256, format = "float" }: FakeEmbeddingsOptions,
) {
  const concepts = new Map(synonyms.flatMap((words) => words.map((word) => [word, words[0] ?? word] as const)));
  const data = input.map((text, index) => {
    const vector = embedText(text, { model, dimensions: dimensions ?? usual, concepts });
    const embedding = format === "float" ? [...vector] : Buffer.from(vector.buffer).toString("base64");
    return { object: "embedding", index, embedding };
  });
  return { object: "list", model, data: data.toReversed(), usage: {} };
}

function embedText(
  text: string,
  { model, dimensions, concepts }: { model: string; dimensions: number; concepts: ReadonlyMap<string, string> },
): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const word of text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []) {
    const hash = createHash("shake256", { outputLength: dimensions })
      .update(`${model} ${concepts.get(word) ?? word}`)
      .digest();
    for (let at = 0; at < dimensions; at++) vector[at] = (vector[at] ?? 0) + (hash[at] ?? 0) - 127.5;
  }
  return vector;
}
