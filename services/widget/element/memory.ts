/** What the element itself remembers; where the browser denies it storage, for as long as the page lives. */
export interface Memory {
  read(key: string): string | undefined;
  write(key: string, value: string): void;
}

/** @param open gives the storage; browsers that deny one throw here */
export function openMemory(open: () => Storage): Memory {
  const own = new Map<string, string>();
  return {
    read: (key) => own.get(key) ?? attempt(() => open().getItem(key)) ?? undefined,
    write: (key, value) => {
      own.set(key, value);
      attempt(() => open().setItem(key, value));
    },
  };
}

function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    // Denied, or full: what is at stake is a number on a button.
    return undefined;
  }
}
