import type { IncomingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import { Agent, type buildConnector, type Dispatcher } from "undici";
import { LinkedAbort } from "../async/linked-abort.ts";
import { createAddressGuard } from "./address-guard.ts";
import { FetchError, toFetchError } from "./fetch-error.ts";
import { parseFetchUrl, redirectTarget } from "./fetch-target.ts";
import { guardedConnector, type Resolve, resolveName } from "./guarded-connect.ts";
import { readBody, tooLarge } from "./read-body.ts";

interface GuardedFetchOptions {
  /** Sent as `User-Agent`. */
  userAgent: string;
  /** Ranges besides global unicast, such as `10.0.0.0/8`. */
  allowPrivate?: readonly string[] | undefined;
  /** Ports besides 80 and 443. */
  ports?: readonly number[] | undefined;
  /** URL of a proxy. Proxies of the environment are not used: they would connect to addresses that nobody checked. */
  proxy?: string | undefined;
  /** Resolves names; the system's resolver by default. */
  resolve?: Resolve | undefined;
}

export interface GetOptions {
  headers?: Record<string, string> | undefined;
  /** Maximum size after decompression. */
  maxBytes: number;
  /** Larger bodies: `fail`, the default, or `cut` for the first `maxBytes`. */
  overflow?: "fail" | "cut" | undefined;
  /** Maximum time for the whole request, redirects included. */
  timeoutMs?: number | undefined;
  /** 0 gives a redirect as the response that it is. */
  maxRedirects?: number | undefined;
  signal?: AbortSignal | undefined;
  /** Looks at a response before its body is read; what it throws ends the request. */
  onResponse?: ((response: ResponseHead) => void) | undefined;
}

export interface SendOptions extends Omit<GetOptions, "maxRedirects"> {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  body?: string | undefined;
  /** Gets each piece of the body as it comes, decompressed: a stream tells before its end. */
  onChunk?: ((chunk: Buffer) => void) | undefined;
  /** Called once there is a connection. Until then nothing was sent, and nothing will be after the request failed. */
  onConnect?: (() => void) | undefined;
}

export interface ResponseHead {
  status: number;
  /** Final address, after redirects. */
  url: URL;
  /** Names in lower case. Values of repeated headers are joined by commas. One character per byte, as received. */
  headers: Readonly<Record<string, string>>;
}

export interface FetchedResponse extends ResponseHead {
  /** Decompressed body. Empty if the status is no success and the body is damaged or too large. */
  bytes: Buffer;
  /** True if the body was longer, or could not be read. */
  cut: boolean;
  /** Address that the response redirects to, where no redirect was to be followed. */
  redirectsTo: URL | undefined;
}

export interface GuardedFetch {
  /** @throws {FetchError} or what `onResponse` throws */
  get: (url: string, options: GetOptions) => Promise<FetchedResponse>;
  /**
   * Sends one request, which may change something: over a connection of its own, as one that was kept open may end just
   * when it is used, and following no redirect.
   * @throws {FetchError} or what `onResponse` throws
   */
  send: (url: string, options: SendOptions) => Promise<FetchedResponse>;
  close: () => Promise<void>;
}

/** Maximum time for name, connection and TLS. */
const connectMs = 10_000;
/** Maximum time between two pieces of a response. undici's timers are up to half a second late. */
const idleMs = 15_000;
const defaultTimeoutMs = 30_000;
/** Redirects that are followed: as many as browsers do would let a server hold a request for long. */
const defaultRedirects = 10;
/** Time for which a server may ask to keep a connection open. */
const keepAliveMs = 10_000;

/** Headers that another origin may see. All others may be credentials. */
const harmless = new Set(["accept", "accept-language", "if-modified-since", "if-none-match"]);

/**
 * Opens the client for all addresses that come from outside. It connects to nothing but checked addresses, and bounds
 * sizes, times and redirects.
 */
export function openGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const { allowPrivate = [], resolve = resolveName, proxy, ports = [], userAgent } = options;
  const guard = createAddressGuard(allowPrivate);
  const connect = guardedConnector({ guard, resolve, proxy, connectMs });
  const agent = new Agent({
    connect,
    connectTimeout: connectMs,
    headersTimeout: idleMs,
    bodyTimeout: idleMs,
    keepAliveMaxTimeout: keepAliveMs,
  });
  const fixed = { "user-agent": userAgent, "accept-encoding": "gzip, deflate, br, zstd" };
  return {
    get: (url, request) => follow(url, request, { agent, ports, fixed }),
    send: (url, request) => sendAlone(url, request, { connect, ports, fixed }),
    close: () => agent.destroy(),
  };
}

async function sendAlone(
  url: string,
  options: SendOptions,
  { connect, ...client }: Omit<Client, "agent"> & { connect: buildConnector.connector },
): Promise<FetchedResponse> {
  const { onConnect, timeoutMs = defaultTimeoutMs } = options;
  const agent = new Agent({
    connect: (target, done) =>
      connect(target, (...result) => {
        if (result[0] === null) onConnect?.();
        done(...result);
      }),
    connectTimeout: connectMs,
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
  });
  try {
    return await follow(url, { ...options, maxRedirects: 0 }, { ...client, agent });
  } finally {
    // A connection that is still being opened is closed before anything is sent on it.
    await agent.destroy();
  }
}

type AnyOptions = GetOptions & Partial<Pick<SendOptions, "method" | "body" | "onChunk">>;

interface Client {
  agent: Dispatcher;
  ports: readonly number[];
  fixed: Record<string, string>;
}

async function follow(text: string, options: AnyOptions, client: Client): Promise<FetchedResponse> {
  const { timeoutMs = defaultTimeoutMs, maxRedirects = defaultRedirects, signal } = options;
  using limit = new LinkedAbort(...(signal === undefined ? [] : [signal]));
  limit.abortAfter(timeoutMs, () => new FetchError("timeout", `The response took longer than ${timeoutMs} ms.`));
  const start = parseFetchUrl(text, client.ports);
  const headers = lowerCased(options.headers ?? {});
  let url = start;
  for (let hops = 0; ; hops += 1) {
    const carried = url.origin === start.origin ? headers : onlyHarmless(headers);
    const request = { url, headers: { ...carried, ...client.fixed }, signal: limit.signal };
    const response = await orAborted(requestOnce(request, options, client), limit.signal);
    if (!("next" in response)) return response;
    if (hops >= maxRedirects) {
      throw new FetchError("too-many-redirects", `${start.href} redirects more than ${maxRedirects} times.`);
    }
    url = response.next;
  }
}

/** Ends the wait when the signal does: undici notices it only after a connection is open, or has failed. */
async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = () => {
    const { reason } = signal as { reason: unknown };
    aborted.reject(
      reason instanceof FetchError ? reason : new FetchError("aborted", "The request was stopped.", { cause: reason }),
    );
  };
  if (signal.aborted) abort();
  signal.addEventListener("abort", abort);
  try {
    return await Promise.race([aborted.promise, work]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

interface Hop {
  url: URL;
  headers: Record<string, string>;
  signal: AbortSignal;
}

async function requestOnce({ url, headers, signal }: Hop, options: AnyOptions, { agent, ports }: Client) {
  const { origin, pathname, search, hostname } = url;
  const { method = "GET", body: sent } = options;
  const {
    statusCode,
    headers: received,
    body,
  } = await agent
    .request({ origin, path: pathname + search, method, headers, signal, ...(sent !== undefined && { body: sent }) })
    .catch((error: unknown) => {
      throw toFetchError(error, hostname);
    });
  try {
    const head = { status: statusCode, url, headers: joined(received) };
    const next = redirectTarget({ ...head, location: head.headers["location"] }, ports);
    if (next !== undefined && options.maxRedirects !== 0) return { next };
    options.onResponse?.(head);
    return { ...head, ...(await readWhole(body, head, options)), redirectsTo: next };
  } finally {
    // Closes the connection of a body that was not read to its end; on a finished one it does nothing.
    body.on("error", () => undefined).destroy();
  }
}

async function readWhole(body: Readable, { status, headers, url }: ResponseHead, options: AnyOptions) {
  const { maxBytes, overflow, onChunk } = options;
  const encoding = headers["content-encoding"];
  const announced = Number(headers["content-length"] ?? 0);
  try {
    if (encoding === undefined && overflow !== "cut" && announced > maxBytes) throw tooLarge(maxBytes);
    return await readBody(body, encoding, { maxBytes, overflow, onChunk });
  } catch (error) {
    const failure = toFetchError(error, url.hostname);
    // Without success the status says enough. Servers often send an error page or a redirect with a wrong encoding.
    const isDispensable = status >= 300 && (failure.code === "bad-response" || failure.code === "too-large");
    if (isDispensable) return { bytes: Buffer.alloc(0), cut: true };
    throw failure;
  }
}

function joined(headers: IncomingHttpHeaders): Record<string, string> {
  const all = Object.entries(headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]);
  return Object.fromEntries(all.filter(([, value]) => value !== undefined)) as Record<string, string>;
}

function lowerCased(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function onlyHarmless(headers: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => harmless.has(name)));
}
