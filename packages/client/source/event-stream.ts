import { type ApiRequest, sendRequest } from "./api-request.ts";
import type { Endpoint } from "./endpoint.ts";
import { EventParser, type StreamEvent } from "./event-parser.ts";
import { type AbortLink, linkAbort } from "./linked-abort.ts";
import { readServiceError, ServiceError, unreachable } from "./service-error.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** One streaming response: the events of a job, or of a conversation. */
export class EventStream {
  /** True once any byte has arrived. */
  hasReceived = false;
  /** True if responses cannot be read while they arrive, as in React Native. */
  isUnsupported = false;
  readonly #signal: AbortSignal | undefined;
  readonly #abort: AbortLink;
  readonly #reader: Promise<Reader>;
  /** Absent before the first bytes: React Native has no such class. */
  #decoder: InstanceType<typeof TextDecoder> | undefined;
  readonly #parser = new EventParser();
  #next: ReturnType<Reader["read"]>;

  constructor(endpoint: Endpoint, request: ApiRequest, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#abort = linkAbort(signal);
    this.#reader = this.#open(endpoint, request);
    this.#next = this.#readNext();
  }

  /**
   * Returns the events of the next bytes; often none, as a comment keeps the connection open.
   * @returns `undefined` if no byte arrived within `timeoutMs`
   * @throws when the stream has ended or broken
   */
  async read(timeoutMs: number): Promise<StreamEvent[] | undefined> {
    const chunk = await within(this.#next, timeoutMs);
    if (!chunk) return undefined;
    if (chunk.done) throw unreachable();
    this.hasReceived = true;
    this.#next = this.#readNext();
    this.#decoder ??= new TextDecoder();
    return this.#parser.feed(this.#decoder.decode(chunk.value, { stream: true }));
  }

  /** Maps an error to the one for the caller, with the retry time that the service gave. */
  translateError(error: unknown): unknown {
    if (this.#signal?.aborted) return this.#signal.reason;
    if (error instanceof ServiceError && (error.status > 0 || error.retryAfterMs !== undefined)) return error;
    return unreachable(error, this.#parser.retryMs);
  }

  close(): void {
    this.#abort.release();
    this.#abort.abort();
  }

  async #open(endpoint: Endpoint, request: ApiRequest) {
    const response = await sendRequest(endpoint, request, this.#abort.signal);
    if (!response.ok) throw readServiceError(response, await response.text());
    this.isUnsupported = !response.body;
    if (!response.body) throw unreachable();
    return response.body.getReader() as Reader;
  }

  #readNext(): ReturnType<Reader["read"]> {
    const next = this.#reader.then((reader) => reader.read());
    // A read may fail before it is awaited. The next call of `read` receives the error.
    next.catch(() => undefined);
    return next;
  }
}

/** @returns `undefined` after a timeout */
async function within<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, ms, undefined);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
