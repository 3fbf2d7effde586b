import type { Pool } from "pg";
import { Batcher } from "../async/batch/batcher.ts";
import type { BatchResult } from "../async/batch/batch-work.ts";
import { isDatabaseAway } from "../postgres/database-away.ts";

interface BatchOptions<Item, Result> {
  /** Runs a batch in one statement, for all items or for none; an item whose row is locked may be skipped. */
  runBatch: (pool: Pool, items: readonly Item[]) => Promise<BatchResult<Result>[]>;
  /** Waits for the lock of its item. Defaults to `runBatch` with a single item. */
  runOne?: (pool: Pool, item: Item) => Promise<Result>;
  /** Key of an item. Two items with the same key are never in one statement. */
  keyOf?: (item: Item) => string;
}

/** Changed only by the bench, which measures what batching gains. */
export const batching = { isOn: true };

/**
 * Batches concurrent calls on one pool into one statement. An item that is locked, or that makes a statement fail,
 * neither delays nor fails its neighbours: it is finally run alone.
 */
export function batched<Item, Result>(
  options: BatchOptions<Item, Result>,
): (pool: Pool, item: Item) => Promise<Result> {
  const { runBatch, runOne = onlyOf(runBatch), keyOf } = options;
  const batchers = new WeakMap<Pool, Batcher<Item, Result>>();
  const open = (pool: Pool) =>
    new Batcher<Item, Result>(
      { runBatch: (items) => runBatch(pool, items), runOne: (item) => runOne(pool, item), isOutage: isDatabaseAway },
      keyOf,
    );
  return (pool, item) => {
    if (!batching.isOn) return runOne(pool, item);
    const batcher = batchers.get(pool) ?? open(pool);
    batchers.set(pool, batcher);
    return batcher.do(item);
  };
}

function onlyOf<Item, Result>(runBatch: BatchOptions<Item, Result>["runBatch"]) {
  return async (pool: Pool, item: Item): Promise<Result> => {
    const [done] = await runBatch(pool, [item]);
    if (!done) throw new Error("a statement did nothing for its only item");
    return done.result;
  };
}

/**
 * Batches reads of rows by id. A row is read after it was requested, never before, and once for all who wait for it:
 * hundreds may read a long reply at the moment when it ends.
 */
export function batchedRead<Row extends { id: string }>(
  read: (pool: Pool, ids: readonly string[]) => Promise<Row[]>,
): (pool: Pool, id: string) => Promise<Row | undefined> {
  return batched({
    async runBatch(pool, ids: readonly string[]) {
      const rows = new Map((await read(pool, [...new Set(ids)])).map((row) => [row.id, row]));
      return ids.map((id) => ({ result: rows.get(id) }));
    },
  });
}
