import { once } from "node:events";
import type { Response } from "express";
import type { JobEvent } from "../../../shared/protocol/events.ts";

/** Below the idle limits of common proxies. */
const heartbeatMs = 15_000;
/**
 * After so long a stream is sent back: whoever is still there resumes where it was. A client that vanished without a word
 * takes what we send into buffers on the way, for a quarter of an hour by the kernel's own count, behind a proxy for ever.
 * Longer than nearly all replies take.
 */
const longestMs = 300_000;
/** A client that lost its connection comes back after so long. */
const retryMs = 1000;

/** All event streams of this process: one timer keeps them open, one call ends them when the process does. */
export class EventStreams {
  /** Each with the monotonic time at which it began. */
  readonly #open = new Map<Response, number>();
  readonly #heartbeat: NodeJS.Timeout;
  #closed = false;

  constructor({ everyMs = heartbeatMs, oldestMs = longestMs } = {}) {
    this.#heartbeat = setInterval(() => this.#beat(performance.now() - oldestMs), everyMs).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Pumps events to a client, no faster than it reads. Trouble on the way ends the stream with an invitation to come back:
   * an `EventSource` gives up for good on any status but 200.
   * @throws never; `onError` hears of what went wrong
   */
  async pump(res: Response, events: AsyncIterable<JobEvent>, onError: (error: unknown) => void): Promise<void> {
    // Its request was under way when the process was told to end.
    if (this.#closed) return this.sendBack(res);
    this.#begin(res);
    let retry: number | undefined = retryMs;
    let complete = false;
    try {
      for await (const event of events) {
        if (res.closed || res.writableEnded) return;
        if (!res.write(encode(event, retry))) await drained(res);
        retry = undefined;
        complete = event.id === "end";
      }
    } catch (error) {
      onError(error);
    }
    if (complete) res.end();
    else this.sendBack(res);
    this.#open.delete(res);
  }

  /**
   * Ends a stream so that the client tries again a little later; the jitter spreads a crowd. The event says so to clients that
   * cannot read `retry:`, and has no id, so that the place in the text stays known.
   */
  sendBack(res: Response): void {
    if (res.writableEnded) return;
    this.#begin(res);
    const waitMs = 2000 + Math.floor(Math.random() * 3000);
    res.end(encode({ event: "wait", data: { retryMs: waitMs } }, waitMs));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#closed = true;
    for (const res of this.#open.keys()) this.sendBack(res);
    this.#open.clear();
  }

  #beat(beganBefore: number): void {
    for (const [res, beganAt] of this.#open) {
      if (beganAt < beganBefore) this.sendBack(res);
      // Whoever has not taken what it was sent gets nothing on top: its silence must show.
      else if (res.writableLength === 0) res.write(":\n\n");
    }
  }

  #begin(res: Response): void {
    if (res.headersSent) return;
    // Through it the routers that this request went through would be kept as long as the stream lasts.
    res.req.next = undefined;
    res.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    });
    this.#open.set(res, performance.now());
    res.on("close", () => this.#open.delete(res));
  }
}

/** @param retry goes into the event's own block: some clients take a block with nothing else in it for an event */
function encode({ event, data, id }: JobEvent, retry?: number): string {
  const retryLine = retry === undefined ? "" : `retry: ${retry}\n`;
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `${retryLine}${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

/** Whichever comes first; the other one's listener goes, too, or a slow reader would gather one with each event. */
async function drained(res: Response): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })]);
  } finally {
    done.abort();
  }
}
