import { accessSync, constants } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface FileLock {
  /** Safe to call twice. */
  release: () => void;
}

/** SQLite's SQLITE_BUSY: the file is locked by another holder. */
const busy = 5;

/**
 * Takes the lock of the file at `path`. The file is created if missing, and is never removed. The kernel releases the
 * lock when its holder ends, also by `kill -9`: there is no stale lock, and only one of two concurrent takers wins.
 * Node has no file locks of its own; SQLite provides them on every platform.
 * @returns undefined when this or another process holds it
 * @throws when the file cannot be created or written
 */
export function takeFileLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // SQLite opens a file that it may only read, but such a lock excludes no other process.
    accessSync(path, constants.W_OK);
    // Take the lock alone, without a journal file beside it.
    database.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
  } catch (error) {
    database.close();
    if (error instanceof Error && "errcode" in error && error.errcode === busy) return undefined;
    throw error;
  }
  return {
    release: () => {
      if (database.isOpen) database.close();
    },
  };
}
