import { createParser, type EventSourceMessage } from "eventsource-parser";
import { type EventData, eventData, type EventName } from "../../../shared/protocol/events.ts";

/** A received event, its data validated by the protocol's schema. */
export type ReceivedEvent = { [Name in EventName]: { event: Name; data: EventData[Name]; id?: string } }[EventName];

export interface OpenOptions {
  token?: string | undefined;
  lastEventId?: string | undefined;
  /** Text assembled by an earlier connection up to `lastEventId`. */
  text?: string | undefined;
  /** Delays reading from the connection until this settles. */
  readAfter?: Promise<unknown> | undefined;
}

/** Timeout for an expected event of a stream. */
const waitLimitMs = 12_000;

/**
 * One connection to a job's events. Assembles the text as a widget does, and checks every delta: its id and its offset
 * are the UTF-8 bytes so far, and no attempt's text continues another's without a `reset`.
 */
export class JobEventStream {
  readonly events: ReceivedEvent[] = [];
  /** Values of all `retry:` lines. */
  readonly retries: number[] = [];
  /** Resolves when the server ended the response; rejects if the connection or a rule broke. */
  readonly ended: Promise<void>;
  readonly headers: Headers;
  /** The text so far, and its sources that this connection was sent. */
  text: string;
  sources: EventData["source"][] = [];
  lastEventId: string | undefined;
  readonly #closing: AbortController;
  #attempt: number | undefined;
  #look: () => void = () => undefined;

  private constructor(
    response: Response,
    { lastEventId, text = "", readAfter }: OpenOptions,
    closing: AbortController,
  ) {
    this.headers = response.headers;
    this.text = text;
    this.lastEventId = lastEventId;
    this.#closing = closing;
    this.ended = this.#read(response, readAfter);
    // A failure is reported to callers that await the end; there may be none.
    this.ended.catch(() => undefined);
  }

  /** @throws if the status is not 200 */
  static async open(url: string, options: OpenOptions): Promise<JobEventStream> {
    const closing = new AbortController();
    const headers = {
      ...(options.token !== undefined && { authorization: `Bearer ${options.token}` }),
      ...(options.lastEventId !== undefined && { "last-event-id": options.lastEventId }),
    };
    const response = await fetch(url, { headers, signal: closing.signal });
    if (response.status !== 200) throw new Error(`expected 200, got ${response.status}: ${await response.text()}`);
    return new JobEventStream(response, options, closing);
  }

  get names(): EventName[] {
    return this.events.map(({ event }) => event);
  }

  /** Last event, if the job has ended. */
  get terminal(): Extract<ReceivedEvent, { event: "done" | "failed" | "cancelled" }> | undefined {
    const last = this.events.at(-1);
    return last?.event === "done" || last?.event === "failed" || last?.event === "cancelled" ? last : undefined;
  }

  of<Name extends EventName>(name: Name): EventData[Name][] {
    return this.events.filter(({ event }) => event === name).map(({ data }) => data as EventData[Name]);
  }

  /**
   * Resolves once `condition` holds.
   * @throws if the stream ends before, or stays silent for long
   */
  async until(condition: (stream: this) => boolean): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(this.#missing("in time")), waitLimitMs);
      const settle = (end: () => void) => {
        clearTimeout(timer);
        end();
      };
      this.#look = () => {
        if (condition(this)) settle(resolve);
      };
      this.ended.then(
        () => settle(() => reject(this.#missing("before the stream ended"))),
        (error: Error) => settle(() => reject(error)),
      );
      this.#look();
    });
    return this;
  }

  /** Waits for the complete assembled text. */
  untilText(text: string): Promise<this> {
    return this.until((stream) => stream.text === text);
  }

  /** Disconnects like a visitor. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.ended.catch(() => undefined);
  }

  async #read(response: Response, readAfter: Promise<unknown> | undefined): Promise<void> {
    await readAfter;
    const decoder = new TextDecoder("utf-8", { fatal: true });
    const parser = createParser({
      onEvent: (message) => this.#take(message),
      onRetry: (ms) => this.retries.push(ms),
      onError: (error) => {
        throw error;
      },
    });
    for await (const bytes of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      parser.feed(decoder.decode(bytes, { stream: true }));
      this.#look();
    }
  }

  #take({ event, data, id }: EventSourceMessage): void {
    if (!isEventName(event)) throw new Error(`an event of unknown name: ${event}`);
    const received = { event, data: eventData[event].parse(JSON.parse(data)), ...(id !== undefined && { id }) };
    if (this.terminal || this.events.at(-1)?.event === "wait") throw new Error(`"${event}" after the end`);
    this.events.push(received as ReceivedEvent);
    this.lastEventId = id ?? this.lastEventId;
    this.#apply(received as ReceivedEvent);
  }

  #apply({ event, data, id }: ReceivedEvent): void {
    if (event === "status") {
      this.#attempt = data.attempt;
    } else if (event === "reset") {
      this.#attempt = data.attempt;
      this.text = "";
      this.sources = [];
    } else if (event === "delta") {
      const begins = this.text === "";
      this.text += data.text;
      const bytes = Buffer.byteLength(this.text);
      const [, attempt = ""] = /^(\d+):/.exec(id ?? "") ?? [];
      const sameAttempt = begins || this.#attempt === undefined || this.#attempt === Number(attempt);
      if (data.offset !== bytes || id !== `${attempt}:${bytes}` || !sameAttempt) {
        throw new Error(`delta ${id} with offset ${data.offset} at attempt ${this.#attempt}, ${bytes} bytes`);
      }
      this.#attempt = Number(attempt);
    } else if (event === "source") {
      const bytes = Buffer.from(this.text);
      const splits = ((bytes[data.offset] ?? 0) & 0xc0) === 0x80;
      if (id !== undefined || data.offset > bytes.length || splits)
        throw new Error(`"source" with id ${id} at ${data.offset} of ${bytes.length} bytes`);
      this.sources.push(data);
    } else if (event === "wait") {
      if (id !== undefined || data.retryMs !== this.retries.at(-1))
        throw new Error(`"wait" with id ${id}, ${data.retryMs} ms`);
    } else if (id !== "end") {
      throw new Error(`"${event}" with id ${id}`);
    }
  }

  #missing(when: string): Error {
    const seen = this.events.map(({ event, id }) => `${event}${id === undefined ? "" : ` ${id}`}`).join(", ");
    return new Error(`what was waited for did not come ${when}; text: ${JSON.stringify(this.text)}; events: ${seen}`);
  }
}

function isEventName(name: string | undefined): name is EventName {
  return name !== undefined && Object.hasOwn(eventData, name);
}
