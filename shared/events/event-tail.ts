import type { Pool } from "pg";
import { Listeners } from "../async/listeners.ts";
import { pause } from "../async/pause.ts";
import { query } from "../db/database.ts";
import type { Logger } from "../logger.ts";
import type { Statement } from "../postgres/statement.ts";
import { numberedAtOnce, numberEvents } from "./number.ts";
import { eventColumns, type LoggedEvent } from "./read.ts";

export const tailEventsStatement: Statement<LoggedEvent & { pos: number }> = {
  name: "tail-events",
  text: `select ${eventColumns}, pos::float8 as pos from events where pos > $1 order by pos limit ${numberedAtOnce}`,
};

/**
 * Pause between two looks while somebody listens: a reader hears of an event after a tenth of a second and the time of
 * two statements, well below the quarter that is promised. Ten statements a second and process, however many listen.
 */
const listeningMs = 100;
/** Pause while nobody listens: the looks keep the list of unnumbered events short for the first listener. */
const quietMs = 2000;
/** Pause after a failed look. */
const failedMs = 500;

interface TailOptions {
  pool: Pool;
  log: Logger;
}

/**
 * Reads the log of events once for all streams of this process, and passes each event to the listeners of its
 * conversation, and the newest place to those who follow the whole log. Any number of processes may do so: each look first numbers what nobody has numbered yet.
 */
export class EventTail {
  readonly #options: TailOptions;
  readonly #listeners = new Listeners<LoggedEvent>();
  readonly #followers = new Set<(pos: number) => void>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  #waking = new AbortController();
  #pos = 0;

  constructor(options: TailOptions) {
    this.#options = options;
    this.#running = this.#run();
  }

  /**
   * Listens to a conversation. A listener that reads the conversation after this call misses no event between the two,
   * and may hear some that it has read.
   * @returns a function that ends it
   */
  listen(conversationId: string, listener: (event: LoggedEvent) => void): () => void {
    const stop = this.#listeners.add(conversationId, listener);
    if (this.#listeners.size === 1 && this.#followers.size === 0) this.#waking.abort();
    return stop;
  }

  /**
   * Follows the log of all conversations: hears the place up to which it is complete, after each look. Who reads the log
   * up to there shares each read with all others that do.
   * @returns a function that ends it
   */
  follow(follower: (pos: number) => void): () => void {
    this.#followers.add(follower);
    if (this.#followers.size === 1 && this.#listeners.size === 0) this.#waking.abort();
    return () => this.#followers.delete(follower);
  }

  async close(): Promise<void> {
    this.#stopping.abort();
    this.#waking.abort();
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      this.#waking = new AbortController();
      const pauseMs = await this.#look().catch((error: unknown) => {
        // The position stays, so the next look finds what this one did not pass on.
        this.#options.log.debug({ err: error }, "could not read the log of events");
        return failedMs;
      });
      if (this.#stopping.signal.aborted) return;
      if (pauseMs > 0) await pause(pauseMs, this.#waking.signal);
    }
  }

  /** @returns the pause after it */
  async #look(): Promise<number> {
    const { pool } = this.#options;
    const { pos, numbered } = await numberEvents(pool);
    for (const follower of this.#followers) follower(pos);
    // Ask after the statement: a listener that came meanwhile may already rely on what was numbered.
    if (this.#listeners.size === 0 || pos < this.#pos) this.#pos = pos;
    while (this.#pos < pos) {
      const events = await query(pool, tailEventsStatement, [this.#pos]);
      for (const event of events) this.#listeners.tell(event.conversationId, event);
      // Without rows the rest was deleted by the retention.
      this.#pos = events.at(-1)?.pos ?? pos;
    }
    if (numbered === numberedAtOnce) return 0;
    return this.#listeners.size + this.#followers.size > 0 ? listeningMs : quietMs;
  }
}
