import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import type { UpstreamConnections } from "../../../../../shared/upstream/connections.ts";
import { readErrorBody } from "./error-body.ts";

type Fetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** Headers of a single call that an SDK may set: the version of a beta API. */
const callHeaders = ["openai-beta"];

/**
 * Creates a `fetch` for the SDKs that uses our connections, because the connect timeout of Node's `fetch` cannot be
 * set. It cuts the bodies of errors short, because the SDKs read them to their end, however long and slow. Redirects
 * are returned like any other answer. Only text is sent.
 *
 * Headers are ours as well: the SDKs add those they find in the environment (`OPENAI_CUSTOM_HEADERS`,
 * `ANTHROPIC_CUSTOM_HEADERS`), including another account's credentials.
 * @param own headers sent with every call, including credentials
 */
export function createSdkFetch(connections: UpstreamConnections, own: Record<string, string>): Fetch {
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

/** Statuses for which `Response` rejects a body. */
const bodyless = new Set([204, 205, 304]);

/**
 * Converts the body to a web stream. Cancelling it ends the connection; the connection is kept after a body that was
 * read to its end.
 */
function readable(answer: IncomingMessage): ReadableStream<Uint8Array> {
  return Readable.toWeb(answer) as ReadableStream<Uint8Array>;
}
