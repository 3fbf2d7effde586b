/** Result of one item in a batch. `undefined`: it was skipped, such as a locked row; it runs alone. */
export type BatchResult<Result> = { result: Result } | undefined;

export interface BatchWork<Item, Result> {
  /** Runs a batch, for all items or for none. @returns the results in the order of the items */
  runBatch: (items: readonly Item[]) => Promise<BatchResult<Result>[]>;
  runOne: (item: Item) => Promise<Result>;
  /** Detects an error after which a retry at once would fail as well. */
  isOutage: (error: unknown) => boolean;
}

/** An item and its caller. */
export interface Waiting<Item, Result> {
  item: Item;
  resolve: (result: Result | Promise<Result>) => void;
  reject: (error: unknown) => void;
}
