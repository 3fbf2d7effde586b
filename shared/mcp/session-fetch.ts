import { FetchError } from "../fetch/fetch-error.ts";
import type { GuardedFetch } from "../fetch/guarded-fetch.ts";

/** Bytes of one response, after decompression: a list of hundreds of tools, or a long result. */
const maxResponseBytes = 1_048_576;

/** Record of the newest request of a session. */
export interface Exchange {
  /** Method of JSON-RPC; absent for the end of a session, and for answers to the server. */
  method: string | undefined;
  /** Id of the request; absent if none is answered. */
  id: string | number | undefined;
  /** False: nothing of it left, and nothing will. */
  wasSent: boolean;
  /** Status of the response. */
  status?: number;
  /** Resolves once nothing more of the response can come. */
  ended: Promise<FetchError | undefined>;
}

interface SessionFetchOptions {
  client: Pick<GuardedFetch, "send">;
  headers: Readonly<Record<string, string>>;
  timeoutMs: number;
  /** Gets every exchange as it begins. */
  onExchange: (exchange: Exchange) => void;
}

/**
 * A `fetch` for the MCP client over the guarded one: to the one address that was checked, without redirects, bounded in time
 * and size. Every request goes over a connection of its own.
 */
export function sessionFetch(options: SessionFetchOptions) {
  return async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    // A stream of what a server says unasked. Nothing of it is used: the list is read again with each session.
    if (init.method === "GET") return new Response(null, { status: 405 });
    return exchange(String(url), init, options);
  };
}

async function exchange(url: string, init: RequestInit, options: SessionFetchOptions): Promise<Response> {
  const { client, timeoutMs, onExchange } = options;
  const text = typeof init.body === "string" ? init.body : undefined;
  const head = Promise.withResolvers<Response>();
  const ended = Promise.withResolvers<FetchError | undefined>();
  const record: Exchange = { ...rpcOf(text), wasSent: false, ended: ended.promise };
  onExchange(record);
  const body = new TransformStream<Uint8Array, Uint8Array>();
  const writer = body.writable.getWriter();
  quietly(writer.closed);
  client
    .send(url, {
      method: init.method === "DELETE" ? "DELETE" : "POST",
      headers: { ...Object.fromEntries(new Headers(init.headers)), ...options.headers },
      body: text,
      maxBytes: maxResponseBytes,
      timeoutMs,
      signal: init.signal ?? undefined,
      onConnect: () => (record.wasSent = true),
      onResponse: ({ status, headers }) => {
        record.status = status;
        head.resolve(responseOf(status, headers, body.readable));
      },
      onChunk: (chunk) => quietly(writer.write(chunk)),
    })
    .then(
      () => {
        quietly(writer.close());
        ended.resolve(undefined);
      },
      (error: unknown) => {
        const failure =
          error instanceof FetchError ? error : new FetchError("bad-response", "The response cannot be read.");
        head.reject(failure);
        quietly(writer.abort(failure));
        ended.resolve(failure);
      },
    );
  return head.promise;
}

/** Statuses whose responses have no body. */
const bodiless = new Set([204, 205, 304]);

function responseOf(status: number, headers: Readonly<Record<string, string>>, body: ReadableStream<Uint8Array>) {
  if (status < 200 || status > 599) throw new FetchError("bad-response", `The server answered with status ${status}.`);
  if (status >= 300 && status < 400) throw new FetchError("bad-response", "It redirects, which is not followed.");
  const kept = ["content-type", "mcp-session-id"].flatMap((name): [string, string][] =>
    headers[name] === undefined ? [] : [[name, headers[name]]],
  );
  return new Response(bodiless.has(status) ? null : body, { status, headers: kept });
}

/** Reads what the client has written itself. */
function rpcOf(text = "{}"): Pick<Exchange, "method" | "id"> {
  const { method, id } = JSON.parse(text) as Partial<Pick<Exchange, "method" | "id">>;
  return { method, id };
}

/** A reader that gave up has no use for the rest. */
function quietly(work: Promise<unknown>): void {
  work.catch(() => undefined);
}
