export interface Limits<Item> {
  /** Maximum items in a batch. */
  limit: number;
  /** Key of an item. Two items of one key are never in one batch. Default: all items have different keys. */
  keyOf?: ((item: Item) => string) | undefined;
}

/** Takes the next batch, in the order of arrival. @returns the batch, and the items left for later ones */
export function takeBatch<Item, Entry extends { item: Item }>(
  waiting: readonly Entry[],
  { limit, keyOf }: Limits<Item>,
): [batch: Entry[], left: Entry[]] {
  const batch: Entry[] = [];
  const left: Entry[] = [];
  const keys = new Set<string>();
  for (const entry of waiting) {
    const key = keyOf?.(entry.item);
    if (batch.length >= limit || (key !== undefined && keys.has(key))) {
      left.push(entry);
      continue;
    }
    if (key !== undefined) keys.add(key);
    batch.push(entry);
  }
  return [batch, left];
}
