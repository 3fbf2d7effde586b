import type { IncomingMessage } from "node:http";
import { z } from "zod";
import { type ProxyEnvironment, proxyOf } from "../../config/proxy-environment.ts";
import { describeError } from "../../describe-error.ts";
import { createUpstreamConnections, type UpstreamConnections } from "../../upstream/connections.ts";
import { type Embedded, readEmbeddings } from "./embedding-answer.ts";
import { EmbeddingError } from "./embedding-error.ts";

/** Settings of the environment. Without an address there are no vectors. */
export interface EmbeddingSettings extends ProxyEnvironment {
  EMBEDDINGS_BASE_URL?: string | undefined;
  EMBEDDINGS_API_KEY?: string | undefined;
  EMBEDDINGS_MODEL?: string | undefined;
  EMBEDDINGS_DIMENSIONS?: number | undefined;
  EMBEDDINGS_DAILY_TOKENS?: number | undefined;
}

/** Vectors of different models, or of different lengths, cannot be compared. */
export interface EmbeddingModel {
  name: string;
  /** 0: the model's own. */
  dimensions: number;
}

/** Asks for vectors of texts. */
export type Embed = (
  texts: readonly string[],
  options: { model: EmbeddingModel; signal: AbortSignal },
) => Promise<Embedded>;

const connectMs = 2000;
/** A new connection takes half of the time that a question has: it is kept as long as the server keeps it. */
const idleMs = 60_000;
/** Bytes of an answer for each text: 8,192 numbers as JSON. */
const maxBytesPerText = 200_000;
const maxErrorBytes = 4096;
/** Longest pause that an endpoint is granted. */
const longestPauseMs = 10 * 60_000;

/** The model that the environment names. */
export function configuredModel({ EMBEDDINGS_MODEL, EMBEDDINGS_DIMENSIONS }: EmbeddingSettings): EmbeddingModel {
  return { name: EMBEDDINGS_MODEL ?? "", dimensions: EMBEDDINGS_DIMENSIONS ?? 0 };
}

/**
 * Opens a client of an embeddings endpoint: OpenAI's, or any server with `/v1/embeddings`.
 * @throws {EmbeddingError} from each call that gets no vectors
 */
export function openEmbeddings(settings: EmbeddingSettings & { EMBEDDINGS_BASE_URL: string }): Embed {
  const { EMBEDDINGS_BASE_URL: baseUrl, EMBEDDINGS_API_KEY: key } = settings;
  const connections = createUpstreamConnections({ connectMs, idleMs, proxy: proxyOf(settings) });
  const url = new URL(`${baseUrl.replace(/\/+$/, "")}/embeddings`);
  const headers = { "content-type": "application/json", ...(key !== undefined && { authorization: `Bearer ${key}` }) };
  const endpoint = { connections, url, headers };
  let takesDimensions = true;
  return async (texts, { model: { name, dimensions }, signal }) => {
    const request = { model: name, input: texts };
    const asked = { texts: texts.length, dimensions, signal };
    if (dimensions === 0 || !takesDimensions) return ask(endpoint, request, asked);
    try {
      return await ask(endpoint, { ...request, dimensions }, asked);
    } catch (error) {
      if (!(error instanceof EmbeddingError && error.isAboutDimensions)) throw error;
      // Many models have one length, and their servers refuse to be told it.
      const vectors = await ask(endpoint, request, asked);
      takesDimensions = false;
      return vectors;
    }
  };
}

interface Endpoint {
  connections: UpstreamConnections;
  url: URL;
  headers: Record<string, string>;
}

async function ask(
  { connections, url, headers }: Endpoint,
  request: object,
  { texts, dimensions, signal }: { texts: number; dimensions: number; signal: AbortSignal },
): Promise<Embedded> {
  try {
    const answer = await connections.send(url, { method: "POST", headers, body: JSON.stringify(request), signal });
    const isFault = answer.statusCode !== 200;
    const body = await readBody(answer, isFault ? maxErrorBytes : maxBytesPerText * texts);
    if (isFault) throw toEmbeddingError(answer, body);
    return readEmbeddings(body, texts, dimensions);
  } catch (error) {
    if (error instanceof EmbeddingError) throw error;
    const why = signal.aborted ? "no answer in time" : describeError(error);
    throw new EmbeddingError("unavailable", `the embeddings endpoint cannot be reached: ${why}`, { cause: error });
  }
}

/** @throws {EmbeddingError} if a good answer is longer; an error's text is cut */
async function readBody(answer: IncomingMessage, maxBytes: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    length += chunk.length;
    chunks.push(chunk);
    if (length <= maxBytes) continue;
    if (maxBytes > maxErrorBytes) throw new EmbeddingError("unavailable", "the embeddings endpoint answers too much");
    break;
  }
  return Buffer.concat(chunks).toString("utf8");
}

/** Statuses of a request that would be refused again. */
const refusals = new Set([400, 413, 422]);
const errorBody = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

function toEmbeddingError({ statusCode = 0, headers }: IncomingMessage, body: string): EmbeddingError {
  const code = refusals.has(statusCode) ? "refused" : "unavailable";
  return new EmbeddingError(code, `the embeddings endpoint answers ${statusCode}`, {
    retryAfterMs: readRetryAfter(headers["retry-after"]),
    isAboutDimensions: code === "refused" && /dimension/i.test(messageOf(body)),
  });
}

/** @returns the message of an error, whatever its form */
function messageOf(body: string): string {
  try {
    const { error } = errorBody.parse(JSON.parse(body));
    return typeof error === "string" ? error : error.message;
  } catch {
    return body;
  }
}

function readRetryAfter(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  const ms = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return Number.isNaN(ms) ? undefined : Math.min(Math.max(ms, 0), longestPauseMs);
}
