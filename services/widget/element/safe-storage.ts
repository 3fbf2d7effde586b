/** Storage of the element itself. Where the browser denies storage, values last as long as the page. */
export interface SafeStorage {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
}

/** @param open returns the storage; browsers that deny it throw here */
export function openSafeStorage(open: () => Storage): SafeStorage {
  const inMemory = new Map<string, string>();
  return {
    read: (key) => inMemory.get(key) ?? attempt(() => open().getItem(key)) ?? undefined,
    write: (key, value) => {
      inMemory.set(key, value);
      attempt(() => open().setItem(key, value));
    },
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
