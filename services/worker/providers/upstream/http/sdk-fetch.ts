import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { Connections } from "./connections.ts";
import { readErrorBody } from "./error-body.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Headers of a single call that an SDK may set: which version of an API under test it speaks. */
const callHeaders = ["openai-beta"];

/**
 * A `fetch` for the SDKs: on connections of ours, because the one of Node.js lets nobody limit the time to connect,
 * and with bodies of errors cut short, because the SDKs read them to their end, however long and slow.
 * Redirects are answers like any other. Only text is sent.
 *
 * Headers are ours as well: the SDKs add what they find in the environment (`OPENAI_CUSTOM_HEADERS`,
 * `ANTHROPIC_CUSTOM_HEADERS`), another account's credentials included.
 * @param own sent with every call, credentials among them
 */
export function createSdkFetch(connections: Connections, own: Record<string, string>): Fetch {
  return async (input, { method = "GET", headers, body = null, signal } = {}) => {
    if (body !== null && typeof body !== "string") throw new TypeError("expected a body of text");
    const url = new URL(input instanceof Request ? input.url : input);
    const answer = await connections.send(url, {
      method,
      headers: {
        accept: "application/json",
        ...(body !== null && { "content-type": "application/json" }),
        ...ofCall(headers),
        ...own,
      },
      body: body ?? undefined,
      signal: signal ?? new AbortController().signal,
    });
    return toResponse(answer);
  };
}

function ofCall(headers: RequestInit["headers"]): Record<string, string> {
  const given = new Headers(headers);
  return Object.fromEntries(callHeaders.flatMap((name) => [[name, given.get(name)]]).filter(hasValue));
}

function hasValue(header: (string | null)[]): header is [string, string] {
  return header[1] !== null;
}

async function toResponse(answer: IncomingMessage): Promise<Response> {
  const { statusCode: status = 0, headersDistinct } = answer;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(headersDistinct)) {
    for (const value of values) headers.append(name, value);
  }
  if (status < 300) return new Response(bodyless.has(status) ? null : readable(answer), { status, headers });
  const text = await readErrorBody(answer);
  return new Response(bodyless.has(status) ? null : text, { status, headers });
}

/** Statuses that a `Response` refuses a body for. */
const bodyless = new Set([204, 205, 304]);

/** Cancelling it ends the connection; one that was read to its end is kept. */
function readable(answer: IncomingMessage): ReadableStream<Uint8Array> {
  return Readable.toWeb(answer) as ReadableStream<Uint8Array>;
}
