import type { Pool } from "pg";
import { dedupe } from "../../../shared/async/dedupe.ts";
import { boundedMap } from "../../../shared/bounded-map.ts";
import { inboxEventsAPage, readInboxPage, readLogEnds } from "../../../shared/db/desk/inbox-log.ts";
import type { EventTail } from "../../../shared/events/event-tail.ts";
import type { TypingHint } from "../../../shared/live/live.ts";
import type { InboxEvent } from "../../../shared/protocol/operator.ts";
import type { TypingHints } from "../follow/typing-hints.ts";
import { type EncodedEvents, encodeEvent } from "../follow/sse.ts";
import { toInboxEvent } from "./inbox-event.ts";

interface FeedOptions {
  pool: Pool;
  siteId: string;
  events: Pick<EventTail, "follow">;
  typing: Pick<TypingHints, "listenToAll">;
  /** Tells this database's cursors from another's. */
  mark: string;
}

interface Page extends EncodedEvents {
  /** Place up to which the log was read. */
  end: number;
}

/** One stream. */
interface Reader {
  wake: () => void;
  /** Hints of who is typing, which it has yet to send. */
  typing: EncodedEvents[];
}

/** Hints kept for a slow reader. More are lost, as they may be. */
const maxTyping = 20;

/** Pages kept for readers who are not quite as fast as the first, and for how long: a look takes a tenth of a second. */
const kept = { pages: 20, ms: 5000 };

/**
 * The events of all conversations for the consoles of this process. The log is the truth: each stream has a place in it,
 * and reads on from there. Streams at the same place share what is read and encoded, so a look costs one statement for
 * all. A slow stream only falls back to a place of its own.
 */
export class InboxFeed {
  readonly #options: FeedOptions;
  /** Shared by consoles that connect at once, as after a restart: each alone would wait for a connection of the pool. */
  readonly #readLogEnds: () => ReturnType<typeof readLogEnds>;
  readonly #pages = boundedMap<{ page: Promise<Page> }>(kept.pages, { ttlMs: kept.ms });
  readonly #readers = new Set<Reader>();
  /** Place up to which the log is complete, as the tail last said. */
  #complete = 0;
  #stopFollowing: (() => void) | undefined;
  #stopHearing: (() => void) | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#readLogEnds = dedupe(() => readLogEnds(options.pool));
  }

  /** @returns a cursor: all that is read after this call is newer */
  async cursor(): Promise<string> {
    return this.#cursorOf((await this.#readLogEnds()).newest);
  }

  /**
   * Yields what follows a cursor, or what comes from now on.
   * @param signal ends it: the client is gone
   */
  async *follow(cursor: string | undefined, signal: AbortSignal): AsyncGenerator<InboxEvent | EncodedEvents> {
    const reader: Reader = { wake: () => undefined, typing: [] };
    const wake = () => reader.wake();
    signal.addEventListener("abort", wake, { once: true });
    this.#join(reader);
    try {
      const { pos, honoured } = await this.#placeOf(cursor);
      let place = pos;
      if (!honoured) yield { event: "resync", data: { cursor: this.#cursorOf(pos) }, id: this.#cursorOf(pos) };
      while (!signal.aborted) {
        yield* reader.typing.splice(0);
        if (place < this.#complete) {
          const page = await this.#pageAfter(place);
          place = page.end;
          // Nothing is left of events whose conversation was deleted.
          if (page.encoded.length > 0) yield page;
        } else if (reader.typing.length === 0 && !signal.aborted) {
          await new Promise<void>((resolve) => {
            reader.wake = resolve;
          });
        }
      }
    } finally {
      signal.removeEventListener("abort", wake);
      this.#leave(reader);
    }
  }

  async #placeOf(cursor: string | undefined): Promise<{ pos: number; honoured: boolean }> {
    const { oldest, newest } = await this.#readLogEnds();
    if (cursor === undefined) return { pos: newest, honoured: true };
    const pos = this.#posOf(cursor);
    // Between the cursor and the oldest event that is kept, others may have been.
    const honoured = pos === newest || (pos < newest && oldest !== null && oldest <= pos + 1);
    return { pos: honoured ? pos : newest, honoured };
  }

  #cursorOf(pos: number): string {
    return `${pos}-${this.#options.mark}`;
  }

  /** @returns Infinity for what is no cursor of this database */
  #posOf(cursor: string): number {
    const [, pos, mark] = /^(0|[1-9]\d{0,14})-(\w+)$/.exec(cursor) ?? [];
    return mark === this.#options.mark ? Number(pos) : Infinity;
  }

  #pageAfter(place: number): Promise<Page> {
    const key = String(place);
    const known = this.#pages.get(key);
    if (known) return known.page;
    const page = this.#read(place, this.#complete);
    this.#pages.set(key, { page });
    page.catch(() => this.#pages.delete(key));
    return page;
  }

  /** Reads up to a place that all readers know, so that they meet there. */
  async #read(after: number, upTo: number): Promise<Page> {
    const { pool, siteId } = this.#options;
    const rows = await readInboxPage(pool, { siteId, after, upTo });
    const text = rows
      .map((row) => ({ event: toInboxEvent(row), id: this.#cursorOf(row.pos) }))
      .map(({ event, id }) => (event ? encodeEvent({ ...event, id }) : ""))
      .join("");
    const end = rows.length < inboxEventsAPage ? upTo : (rows.at(-1)?.pos ?? upTo);
    return { encoded: Buffer.from(text), end };
  }

  #join(reader: Reader): void {
    this.#readers.add(reader);
    this.#stopHearing ??= this.#options.typing.listenToAll((typing) => this.#passTyping(typing));
    this.#stopFollowing ??= this.#options.events.follow((pos) => {
      if (pos === this.#complete) return;
      this.#complete = pos;
      for (const { wake } of this.#readers) wake();
    });
  }

  #passTyping(typing: TypingHint): void {
    const encoded = Buffer.from(encodeEvent({ event: "typing", data: typing }));
    for (const reader of this.#readers) {
      if (reader.typing.length < maxTyping) reader.typing.push({ encoded });
      reader.wake();
    }
  }

  #leave(reader: Reader): void {
    this.#readers.delete(reader);
    if (this.#readers.size > 0) return;
    this.#stopFollowing?.();
    this.#stopFollowing = undefined;
    this.#stopHearing?.();
    this.#stopHearing = undefined;
  }
}
