/** Storage of the element itself. Where the browser denies storage, values last as long as the page. */
export interface SafeStorage {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
  /** Writes all values of this page again, as the page may have cleared its storage. */
  save(): void;
}

/** @param open returns the storage; browsers that deny it throw here */
export function openSafeStorage(open: () => Storage): SafeStorage {
  const inMemory = new Map<string, string>();
  const store = (value: string, key: string) => attempt(() => open().setItem(key, value));
  return {
    read: (key) => inMemory.get(key) ?? attempt(() => open().getItem(key)) ?? undefined,
    write: (key, value) => {
      inMemory.set(key, value);
      store(value, key);
    },
    save: () => inMemory.forEach(store),
  };
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    // Denied or full. Only a number on a button is lost.
    return undefined;
  }
}
