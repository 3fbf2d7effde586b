import type { Pool } from "pg";
import { isDatabaseAway } from "../db/database.ts";

/** Maximum statements in flight. Later items wait for the next batch. */
const maxRunning = 2;
/** Maximum time an item waits for a slot, so a hanging statement does not use up the timeouts of those behind it. */
const maxWaitMs = 50;
/** Maximum items in a batch. Longer statements gain nothing, and hold their locks longer. */
const mostItems = 100;

/**
 * Lock clause for a batch: rows locked elsewhere are skipped. No item waits for another item's row, and two statements
 * never wait for each other.
 */
export const skipLocked = "for no key update skip locked";

/**
 * Looks rows of a table up by id, one lateral look-up per id. The planner takes a join for small: PostgreSQL would read
 * a young table in full, and an already prepared statement keeps doing so while the table grows.
 * @param ids a parameter that holds an array of UUIDs; the planner must not see its length, or it plans anew for each
 * length
 * @param more appended to each look-up
 */
export function byIds(table: string, columns: string, ids: string, more = "limit 1"): string {
  return `unnest((select ${ids}::uuid[])) as wanted(wanted_id)
    cross join lateral (select ${columns} from ${table} where id = wanted_id ${more}) as ${table}`;
}

/** Result of one item in a batch. `undefined`: its row was locked and skipped; run it runOne. */
export type BatchResult<Result> = { result: Result } | undefined;

interface BatchOptions<Item, Result> {
  /**
   * Runs a batch in one statement, for all items or for none.
   * @returns the results, in the order of the items
   */
  runBatch: (pool: Pool, items: readonly Item[]) => Promise<BatchResult<Result>[]>;
  /** Runs one item, waiting for its lock. Defaults to `runBatch` with a single item. */
  runOne?: (pool: Pool, item: Item) => Promise<Result>;
  /** Key of an item. Two items with the same key are never in one statement. */
  keyOf?: (item: Item) => string;
}

/**
 * Batches concurrent calls into one statement. A single item is sent at once; while two statements are in flight, later
 * items wait for the next batch. An item that is locked, or that makes a statement fail, neither delays nor fails its
 * neighbours: it is finally run runOne.
 */
export function batched<Item, Result>(
  options: BatchOptions<Item, Result>,
): (pool: Pool, item: Item) => Promise<Result> {
  const batchers = new WeakMap<Pool, Batcher<Item, Result>>();
  return (pool, item) => {
    let batcher = batchers.get(pool);
    if (!batcher) batchers.set(pool, (batcher = new Batcher(pool, options)));
    return batcher.do(item);
  };
}

/** Batches reads of rows by id. A row is read after it was requested, never before. */
export function batchedRead<Row extends { id: string }>(
  read: (pool: Pool, ids: readonly string[]) => Promise<Row[]>,
): (pool: Pool, id: string) => Promise<Row | undefined> {
  return batched({
    async runBatch(pool, ids: readonly string[]) {
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

class Batcher<Item, Result> {
  readonly #pool: Pool;
  readonly #options: BatchOptions<Item, Result>;
  #waiting: Waiting<Item, Result>[] = [];
  #running = 0;
  /** Current batch limit: halved on a timeout, doubled on success, so an oversized batch is not retried forever. */
  #most = mostItems;
  #scheduled = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(pool: Pool, options: BatchOptions<Item, Result>) {
    this.#pool = pool;
    this.#options = options;
  }

  do(item: Item): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ item, resolve, reject });
      this.#schedule();
    });
  }

  /** Batches all items of one event-loop turn. */
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

  /** Sends everything that waits: `maxWaitMs` is over, and items do not wait for hanging statements. */
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
    const { keyOf } = this.#options;
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

  /** Sends a batch and settles its callers. Never rejects: errors go to the callers. */
  async #send(batch: readonly Waiting<Item, Result>[]): Promise<void> {
    const [first] = batch;
    if (first && batch.length === 1) {
      await this.#runOne(first.item).then((result) => {
        first.resolve(result);
        this.#allowMore();
      }, first.reject);
      return;
    }
    try {
      const results = await this.#options.runBatch(
        this.#pool,
        batch.map(({ item }) => item),
      );
      for (const [place, { item, resolve }] of batch.entries()) {
        const done = results[place];
        resolve(done ? done.result : this.#runOne(item));
      }
      this.#allowMore();
    } catch (error) {
      if (isDatabaseAway(error)) {
        // An immediate retry would fail as well.
        this.#most = Math.ceil(batch.length / 2);
        for (const { reject } of batch) reject(error);
        return;
      }
      // Nothing was written because of one item. Bisect to isolate it.
      const middle = batch.length >> 1;
      await Promise.all([this.#send(batch.slice(0, middle)), this.#send(batch.slice(middle))]);
    }
  }

  #allowMore(): void {
    this.#most = Math.min(mostItems, this.#most * 2);
  }

  async #runOne(item: Item): Promise<Result> {
    const { runOne, runBatch } = this.#options;
    if (runOne) return runOne(this.#pool, item);
    const [done] = await runBatch(this.#pool, [item]);
    if (!done) throw new Error("a statement did nothing for its only item");
    return done.result;
  }
}
