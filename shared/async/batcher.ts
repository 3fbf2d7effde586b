import type { Pool } from "pg";
import { isDatabaseAway } from "../db/database.ts";

/** Statements that are under way at once; who comes then, joins the next one. */
const maxRunning = 2;
/** Nobody waits longer for his turn: a statement that hangs must not take its time limit from the next ones'. */
const maxWaitMs = 50;
/** Longer statements gain nothing, and hold their locks longer. */
const mostItems = 100;

/**
 * How rows are locked for several items: those that others hold are left out. So nobody waits for somebody else's row, and
 * two statements never wait for each other.
 */
export const skipLocked = "for no key update skip locked";

/**
 * The rows of a table with these ids, each looked up by itself. As a join the planner takes it for small: PostgreSQL would
 * read a young table whole, and a statement that was prepared then goes on so while the table grows.
 * @param ids a parameter that holds an array of UUIDs; its length must not show, or each length is planned for anew
 * @param more goes to the end of each look-up
 */
export function byIds(table: string, columns: string, ids: string, more = "limit 1"): string {
  return `unnest((select ${ids}::uuid[])) as wanted(wanted_id)
    cross join lateral (select ${columns} from ${table} where id = wanted_id ${more}) as ${table}`;
}

/** What a statement for many says of one item; absent: it is to be done alone, as it would have had to wait for a lock. */
export type Done<Result> = { result: Result } | undefined;

interface Joining<Item, Result> {
  /**
   * Does what is asked for all of them in one statement, or for none.
   * @returns by the items' places
   */
  together: (pool: Pool, items: readonly Item[]) => Promise<Done<Result>[]>;
  /** Absent: `together` is as good. */
  alone?: (pool: Pool, item: Item) => Promise<Result>;
  /** Two items with the same key are never in one statement. */
  keyOf?: (item: Item) => string;
}

/**
 * Makes one statement of many that come at once. Alone, an item is sent at once; while two statements are under way, those
 * that come wait for the next one. An item that is locked, or that a statement breaks on, neither delays nor fails its
 * neighbours: in the end it is done alone.
 */
export function joined<Item, Result>(joining: Joining<Item, Result>): (pool: Pool, item: Item) => Promise<Result> {
  const joiners = new WeakMap<Pool, Joiner<Item, Result>>();
  return (pool, item) => {
    let joiner = joiners.get(pool);
    if (!joiner) joiners.set(pool, (joiner = new Joiner(pool, joining)));
    return joiner.do(item);
  };
}

/** The same for reading rows by their ids: what is read is never older than the question. */
export function joinedRead<Row extends { id: string }>(
  read: (pool: Pool, ids: readonly string[]) => Promise<Row[]>,
): (pool: Pool, id: string) => Promise<Row | undefined> {
  return joined({
    async together(pool, ids: readonly string[]) {
      const rows = new Map((await read(pool, ids)).map((row) => [row.id, row]));
      return ids.map((id) => ({ result: rows.get(id) }));
    },
  });
}

interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result | Promise<Result>) => void;
  reject: (error: unknown) => void;
}

class Joiner<Item, Result> {
  readonly #pool: Pool;
  readonly #joining: Joining<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  /** Halved when a server did not answer, doubled when it did: what is too much at once must not be tried for ever. */
  #most = mostItems;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: Pool, joining: Joining<Item, Result>) {
    this.#pool = pool;
    this.#joining = joining;
  }

  do(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** What is asked in one turn of the event loop goes together. */
  #schedule(): void {
    if (this.#running >= maxRunning) {
      this.#timer ??= setTimeout(() => this.#flushAll(), maxWaitMs);
      return;
    }
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#waiting.length === 0) return;
    void this.#run(this.#takeBatch());
    if (this.#waiting.length > 0) this.#schedule();
  }

  /** Their time is over: nobody waits on for statements that hang. */
  #flushAll(): void {
    while (this.#waiting.length > 0) this.#flush();
  }

  async #run(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    this.#running += 1;
    await this.#send(batch);
    this.#running -= 1;
    if (this.#waiting.length > 0) this.#schedule();
  }

  #takeBatch(): Waiting<Item, Result>[] {
    const { keyOf } = this.#joining;
    const batch: Waiting<Item, Result>[] = [];
    const left: Waiting<Item, Result>[] = [];
    const keys = new Set<string>();
    for (const waiting of this.#waiting) {
      const key = keyOf?.(waiting.item);
      if (batch.length >= this.#most || (key !== undefined && keys.has(key))) {
        left.push(waiting);
        continue;
      }
      if (key !== undefined) keys.add(key);
      batch.push(waiting);
    }
    this.#waiting = left;
    return batch;
  }

  /** Never fails: whoever waits gets the error. */
  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const [first] = batch;
    if (first && batch.length === 1) {
      await this.#alone(first.item).then((result) => {
        first.resolve(result);
        this.#allowMore();
      }, first.reject);
      return;
    }
    try {
      const results = await this.#joining.together(
        this.#pool,
        batch.map(({ item }) => item),
      );
      for (const [place, { item, resolve }] of batch.entries()) {
        const done = results[place];
        resolve(done ? done.result : this.#alone(item));
      }
      this.#allowMore();
    } catch (error) {
      if (isDatabaseAway(error)) {
        // Asked again at once it would be asked in vain.
        this.#most = Math.ceil(batch.length / 2);
        for (const { reject } of batch) reject(error);
        return;
      }
      // Nothing was written, for the sake of one: it is in one of the halves.
      const middle = batch.length >> 1;
      await Promise.all([this.#send(batch.slice(0, middle)), this.#send(batch.slice(middle))]);
    }
  }

  #allowMore(): void {
    this.#most = Math.min(mostItems, this.#most * 2);
  }

  async #alone(item: Item): Promise<Result> {
    const { alone, together } = this.#joining;
    if (alone) return alone(this.#pool, item);
    const [done] = await together(this.#pool, [item]);
    if (!done) throw new Error("a statement did nothing for its only item");
    return done.result;
  }
}
