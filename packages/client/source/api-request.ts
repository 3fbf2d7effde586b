import type { Endpoint } from "./endpoint.ts";
import { linkAbort } from "./linked-abort.ts";
import { originRefused, ServiceError, readServiceError, unreachable } from "./service-error.ts";

export interface ApiRequest {
  method?: "GET" | "POST" | "DELETE";
  path: string;
  token?: string | undefined;
  /** `Idempotency-Key`. */
  key?: string | undefined;
  lastEventId?: string | undefined;
  challenge?: string | undefined;
  /** Media type of the answer, in place of JSON; then the answer is its text. */
  accept?: string | undefined;
  /** Sent as JSON. */
  body?: unknown;
  /** Ends the call. */
  signal?: AbortSignal | undefined;
}

/** Timeout of a whole call, after which the connection counts as dead. */
const timeoutMs = 30_000;

/**
 * Sends one request without a retry.
 * @param has a field whose absence shows that the answer is not the service's
 * @returns the JSON of the answer, `null` if it has no body; its text, where another type is accepted
 * @throws {ServiceError}
 * @throws the signal's abort reason
 */
export async function requestJson<Answer>(endpoint: Endpoint, call: ApiRequest, has?: keyof Answer): Promise<Answer> {
  const { signal } = call;
  const limited = linkAbort(signal, timeoutMs);
  try {
    const response = await sendRequest(endpoint, call, limited.signal);
    readable.add(endpoint);
    const text = await response.text();
    if (!response.ok) throw readServiceError(response, text);
    const answer = (call.accept ? text : JSON.parse(text || "null")) as Answer;
    // A network's login page also answers with 200.
    if (has && answer?.[has] === undefined) throw unreachable();
    return answer;
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (error instanceof ServiceError) throw error;
    const isRefused = error instanceof TypeError && (await isOriginRefused(endpoint, limited.signal));
    if (signal?.aborted) throw signal.reason;
    if (isRefused) throw new ServiceError(403, "This chat cannot be used on this page.", { code: originRefused });
    throw unreachable(error);
  } finally {
    limited.release();
  }
}

/** Services whose answers this page can read, so that a lost connection is not questioned. */
const readable = new WeakSet<Endpoint>();

/** Finds out whether a request without an answer was refused by CORS, which `fetch` reports like a lost connection. */
async function isOriginRefused(endpoint: Endpoint, signal: AbortSignal): Promise<boolean | undefined> {
  if (readable.has(endpoint)) return undefined;
  // Pages of any origin may load it.
  const part = await import("./refused-origin.ts").catch(() => undefined);
  const isRefused = await part?.askForOrigin(endpoint, signal);
  if (isRefused === false) readable.add(endpoint);
  return isRefused;
}

/** Sends a request and returns the result of `fetch`. */
export function sendRequest(
  endpoint: Endpoint,
  { method, path, token, key, lastEventId, challenge, accept, body }: ApiRequest,
  signal: AbortSignal,
) {
  const identity = endpoint.identity();
  return endpoint.fetch(endpoint.server + path, {
    method: method ?? "GET",
    signal,
    cache: "no-store",
    headers: {
      ...(token !== undefined && { Authorization: `Bearer ${token}` }),
      ...(identity !== undefined && { "X-Parley-Identity": identity }),
      ...(body !== undefined && { "Content-Type": "application/json" }),
      ...(key !== undefined && { "Idempotency-Key": key }),
      ...(challenge !== undefined && { "X-Parley-Challenge": challenge }),
      ...(accept !== undefined && { Accept: accept }),
      ...(lastEventId !== undefined && { "Last-Event-ID": lastEventId }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
}
