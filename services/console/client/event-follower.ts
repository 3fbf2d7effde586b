import { createParser, type EventSourceMessage } from "eventsource-parser";
import { readProblem, ServiceProblem } from "./service-problem.ts";
import { addressOf } from "./service-request.ts";

export interface Followed {
  /** The stream's path below `/api/operator/`. */
  readonly path: string;
  /** Cursor to begin after, until an event has an id. */
  readonly after?: string;
  readonly onEvent: (name: string, data: unknown) => void;
  /** Called when the stream begins to flow, and when it breaks. */
  readonly onLive?: (live: boolean) => void;
  /** Called when the service refuses the stream for good. */
  readonly onRefused?: (problem: ServiceProblem) => void;
}

/** The service sends a comment each 15 s: after so long without a byte, a connection is dead. */
const silenceLimitMs = 35_000;
/** A connection that brought a byte since then is alive. */
const aliveMs = 16_000;
/** A stream that stays open for so long flows, even if it has nothing to say: one that must wait says so at once. */
const flowsAfterMs = 300;
const firstPauseMs = 200;
/** Short, as few people have a console and each wants to be back at once. */
const maxPauseMs = 800;

/** Follows an event stream until it is closed: over broken connections it goes on after the last event that came. */
export class EventFollower {
  readonly #followed: Followed;
  #lastId: string | undefined;
  #connection: AbortController | undefined;
  #endPause: (() => void) | undefined;
  #silence: ReturnType<typeof setTimeout> | undefined;
  #opening: ReturnType<typeof setTimeout> | undefined;
  #heardAt = 0;
  #failures = 0;
  #hurries = false;
  #closed = false;

  constructor(followed: Followed) {
    this.#followed = followed;
    void this.#run();
  }

  /**
   * Connects anew at once, unless the connection is seen to be alive: after a sleep, it may be dead without saying so.
   * @param surely true if even one that was alive just now may be dead, as on another network
   */
  wake(surely: boolean): void {
    if (!surely && Date.now() - this.#heardAt < aliveMs) return;
    this.#reconnect();
  }

  #reconnect(): void {
    this.#hurries = true;
    this.#endPause?.();
    this.#connection?.abort();
  }

  close(): void {
    this.#closed = true;
    this.#reconnect();
  }

  async #run(): Promise<void> {
    while (!this.#closed) {
      const askedToWait = await this.#connect().catch((error: unknown) => {
        if (error instanceof ServiceProblem && !error.passes) this.#refuse(error);
        return undefined;
      });
      clearTimeout(this.#silence);
      clearTimeout(this.#opening);
      if (this.#closed) return;
      this.#heardAt = 0;
      this.#followed.onLive?.(false);
      await this.#pause(askedToWait);
    }
  }

  /** @returns milliseconds that the service asks to wait */
  async #connect(): Promise<number | undefined> {
    const connection = new AbortController();
    this.#connection = connection;
    this.#watchSilence(connection);
    const { path, after } = this.#followed;
    const begin = this.#lastId === undefined && after !== undefined ? `?${new URLSearchParams({ after })}` : "";
    const response = await fetch(addressOf(path + begin), {
      headers: { Accept: "text/event-stream", ...(this.#lastId !== undefined && { "Last-Event-ID": this.#lastId }) },
      cache: "no-store",
      signal: connection.signal,
    });
    if (response.status === 204) return void (this.#closed = true);
    if (!response.ok || !response.body) throw await readProblem(response);
    this.#opening = setTimeout(() => this.#flow(), flowsAfterMs);
    let askedToWait: number | undefined;
    const parser = createParser({
      onEvent: (event) => {
        if (this.#closed) return;
        if (event.event === "wait") askedToWait = (JSON.parse(event.data) as { retryMs: number }).retryMs;
        else this.#receive(event);
      },
    });
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      this.#watchSilence(connection);
      this.#heardAt = Date.now();
      parser.feed(decoder.decode(piece.value, { stream: true }));
      if (askedToWait === undefined) this.#flow();
    }
    return askedToWait;
  }

  #flow(): void {
    this.#failures = 0;
    this.#followed.onLive?.(true);
  }

  #receive({ event = "message", data, id }: EventSourceMessage): void {
    const value = JSON.parse(data) as { cursor?: string };
    if (event === "resync") this.#lastId = value.cursor;
    if (id !== undefined) this.#lastId = id;
    this.#followed.onEvent(event, value);
  }

  #refuse(problem: ServiceProblem): void {
    this.#closed = true;
    this.#followed.onRefused?.(problem);
  }

  #watchSilence(connection: AbortController): void {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => connection.abort(), silenceLimitMs);
  }

  async #pause(askedMs = 0): Promise<void> {
    if (this.#hurries) return void (this.#hurries = false);
    const backoffMs = Math.min(firstPauseMs * 2 ** this.#failures++, maxPauseMs);
    // Asked for is more, for all visitors at once; see above.
    const ms = (askedMs > 0 ? maxPauseMs : backoffMs) * (0.75 + Math.random() / 2);
    await new Promise<void>((resolve) => {
      this.#endPause = resolve;
      setTimeout(resolve, ms);
    });
    this.#hurries = false;
  }
}
