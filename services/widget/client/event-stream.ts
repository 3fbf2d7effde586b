import { createParser, type EventSourceMessage } from "eventsource-parser";
import type { JobAccess } from "./job-access.ts";
import { type LinkedAbort, linkAbort } from "./linked-abort.ts";
import { type Line, send } from "./api-request.ts";
import { readServiceError, ServiceError, unreachable } from "./service-error.ts";

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** One streaming response of `GET /api/jobs/:jobId/events`. */
export class Connection {
  /** True once any byte has arrived. */
  heard = false;
  readonly #signal: AbortSignal | undefined;
  readonly #end: LinkedAbort;
  readonly #reader: Promise<Reader>;
  readonly #decoder = new TextDecoder();
  readonly #events: EventSourceMessage[] = [];
  readonly #parser = createParser({
    onEvent: (event) => this.#events.push(event),
    onRetry: (ms) => (this.#retryMs = ms),
  });
  #retryMs: number | undefined;
  #next: ReturnType<Reader["read"]>;

  constructor(line: Line, job: JobAccess, lastEventId: string | undefined, signal: AbortSignal | undefined) {
    this.#signal = signal;
    this.#end = linkAbort(signal);
    this.#reader = open(line, job, lastEventId, this.#end.signal);
    this.#next = this.#read();
  }

  /**
   * Returns the events of the next bytes; often none, as a comment keeps the connection open.
   * @returns `undefined` if no byte arrived within `patienceMs`
   * @throws when the stream has ended or broken
   */
  async take(patienceMs: number): Promise<EventSourceMessage[] | undefined> {
    const chunk = await within(this.#next, patienceMs);
    if (!chunk) return undefined;
    if (chunk.done) throw unreachable();
    this.heard = true;
    this.#parser.feed(this.#decoder.decode(chunk.value, { stream: true }));
    this.#next = this.#read();
    return this.#events.splice(0);
  }

  /** Maps an error to the one for the caller, with the retry time that the service gave. */
  explain(error: unknown): unknown {
    if (this.#signal?.aborted) return this.#signal.reason;
    if (error instanceof ServiceError && (error.status > 0 || error.retryAfterMs !== undefined)) return error;
    return unreachable(error, this.#retryMs);
  }

  close(): void {
    this.#end.release();
    this.#end.abort();
  }

  #read(): ReturnType<Reader["read"]> {
    const next = this.#reader.then((reader) => reader.read());
    // A read may fail before it is awaited. The next `take` receives the error.
    next.catch(() => undefined);
    return next;
  }
}

async function open(line: Line, { jobId, token }: JobAccess, lastEventId: string | undefined, signal: AbortSignal) {
  const response = await send(line, { path: `/api/jobs/${jobId}/events`, token, lastEventId }, signal);
  if (!response.ok) throw readServiceError(response, await response.text());
  if (!response.body) throw unreachable();
  return response.body.getReader() as Reader;
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
