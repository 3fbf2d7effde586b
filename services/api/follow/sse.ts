import { once } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Response } from "express";
import { type ConversationEvent, endEventId, type JobEvent } from "../../../shared/protocol/events.ts";
import type { InboxEvent } from "../../../shared/protocol/operator.ts";
import { heartbeatMs } from "../../../shared/tunables.ts";

/**
 * Maximum duration of a stream; then it is sent back, and a live client resumes at its position. A client that vanished
 * silently lets buffers on the way absorb our bytes: for a quarter of an hour by the kernel's timeout, behind a proxy
 * for ever. This is longer than nearly all replies take.
 */
const longestMs = 300_000;
/** Delay before a client that lost its connection reconnects. */
const retryMs = 1000;

/** Events in the form of the wire, encoded once for many streams. */
export interface EncodedEvents {
  encoded: Buffer;
}

type StreamEvent = JobEvent | ConversationEvent | InboxEvent;

/** How a stream's events are written, and how it ends while there is more to come. */
export interface StreamWire<Event> {
  encode: (event: Event, isFirst: boolean) => string | Buffer;
  /** True for the event after which the stream is complete. */
  isEnd: (event: Event) => boolean;
  breakOff: (res: Response) => void;
}

interface OpenStream {
  /** Monotonic time at which it began. */
  beganAt: number;
  breakOff: (res: Response) => void;
}

/** All event streams of this process. One timer keeps them open, and one call ends them at shutdown. */
export class EventStreams {
  readonly #open = new Map<Response, OpenStream>();
  readonly #own: StreamWire<StreamEvent | EncodedEvents> = { encode, isEnd, breakOff: (res) => this.sendBack(res) };
  readonly #heartbeat: NodeJS.Timeout;
  #closed = false;

  constructor({ everyMs = heartbeatMs, oldestMs = longestMs } = {}) {
    this.#heartbeat = setInterval(() => this.#beat(performance.now() - oldestMs), everyMs).unref();
  }

  get count(): number {
    return this.#open.size;
  }

  /**
   * Pumps our own events to a client. An error ends the stream with an invitation to reconnect, because an `EventSource`
   * gives up for good on any status but 200.
   * @throws never; errors are passed to `onError`
   */
  pump(
    res: Response,
    events: AsyncIterable<StreamEvent | EncodedEvents>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    return this.pumpOn(this.#own, res, events, onError);
  }

  /**
   * Pumps events to a client, no faster than it reads.
   * @throws never; errors are passed to `onError`
   */
  async pumpOn<Event>(
    wire: StreamWire<Event>,
    res: Response,
    events: AsyncIterable<Event>,
    onError: (error: unknown) => void,
  ): Promise<void> {
    // The request was in flight when the shutdown began.
    if (this.#closed) return wire.breakOff(res);
    this.#begin(res, wire.breakOff);
    // A stream without an event yet is open all the same.
    res.flushHeaders();
    let isFirst = true;
    let complete = false;
    try {
      for await (const event of events) {
        if (res.closed || res.writableEnded) return;
        if (!res.write(wire.encode(event, isFirst))) await room(res);
        isFirst = false;
        complete = wire.isEnd(event);
      }
    } catch (error) {
      onError(error);
    }
    if (complete) res.end();
    else wire.breakOff(res);
    this.#open.delete(res);
  }

  /**
   * Ends a stream so that the client retries a little later; the jitter spreads a crowd. The event tells clients that
   * ignore `retry:`. It has no id, so that the client keeps its position in the text.
   */
  sendBack(res: Response): void {
    if (res.writableEnded) return;
    this.#begin(res, this.#own.breakOff);
    const waitMs = 2000 + Math.floor(Math.random() * 3000);
    res.end(encodeEvent({ event: "wait", data: { retryMs: waitMs } }, waitMs));
  }

  close(): void {
    clearInterval(this.#heartbeat);
    this.#closed = true;
    for (const [res, { breakOff }] of this.#open) breakOff(res);
    this.#open.clear();
  }

  #beat(beganBefore: number): void {
    for (const [res, { beganAt, breakOff }] of this.#open) {
      if (beganAt < beganBefore) breakOff(res);
      // Skip heartbeats while the client has unread data, so the inactivity timeout can detect a dead connection.
      else if (res.writableLength === 0) res.write(":\n\n");
    }
  }

  #begin(res: Response, breakOff: OpenStream["breakOff"]): void {
    if (res.headersSent) return;
    release(res);
    res.writeHead(200, {
      "Content-Type": "text/event-stream; charset=utf-8",
      "Cache-Control": "no-store, no-transform",
      "X-Accel-Buffering": "no",
    });
    this.#open.set(res, { beganAt: performance.now(), breakOff });
    res.on("close", () => this.#open.delete(res));
  }
}

const nothing = {};

/**
 * Drops the parts of a request that its stream does not need: the routers that `next` holds, the headers, with a token
 * of 250 bytes among them, and the objects for routes. A stream may be idle for minutes, and a process has thousands.
 */
function release(res: Response): void {
  const { req } = res;
  req.next = undefined;
  req.headers = nothing;
  req.rawHeaders = [];
  req.params = nothing;
  res.locals = nothing;
}

function encode(event: StreamEvent | EncodedEvents, isFirst: boolean): string | Buffer {
  if ("encoded" in event) {
    return isFirst ? Buffer.concat([Buffer.from(retryLineOf(retryMs)), event.encoded]) : event.encoded;
  }
  return isEnd(event) && !isFirst ? encodeEnd(event) : encodeEvent(event, isFirst ? retryMs : undefined);
}

function isEnd(event: StreamEvent | EncodedEvents): event is StreamEvent {
  return "id" in event && event.id === endEventId;
}

/** Last events by the object that many streams share. */
const encodedEnds = new WeakMap<StreamEvent, Buffer>();

function encodeEnd(event: StreamEvent): Buffer {
  const encoded = encodedEnds.get(event) ?? Buffer.from(encodeEvent(event));
  encodedEnds.set(event, encoded);
  return encoded;
}

/** @param retry is added to the event's own block: some clients take a block with nothing else in it for an event */
export function encodeEvent({ event, data, id }: StreamEvent, retry?: number): string {
  const retryLine = retry === undefined ? "" : retryLineOf(retry);
  const idLine = id === undefined ? "" : `id: ${id}\n`;
  return `${retryLine}${idLine}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}

function retryLineOf(retry: number): string {
  return `retry: ${retry}\n`;
}

/**
 * Waits until a stream takes more, and for a turn of the event loop: a buffer that the kernel took at once drains
 * before anything else is read, and hundreds of streams that catch up would leave no time for others.
 */
async function room(res: Response): Promise<void> {
  await drained(res);
  await nextTurn();
}

/**
 * Waits for the first of the two events, and removes the other listener, too: a slow reader would collect one with each
 * event.
 */
async function drained(res: Response): Promise<void> {
  const done = new AbortController();
  const { signal } = done;
  try {
    await Promise.race([once(res, "drain", { signal }), once(res, "close", { signal })]);
  } finally {
    done.abort();
  }
}
