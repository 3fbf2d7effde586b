import { accessSync, constants } from "node:fs";
import { DatabaseSync } from "node:sqlite";

export interface FileLock {
  /** Safe to call twice. */
  release: () => void;
}

/** SQLite's SQLITE_BUSY: somebody else has the file's lock. */
const busy = 5;

/**
 * Takes the lock that the file at `path` stands for; the file is made when it is not there, and stays.
 * The kernel gives the lock back when its holder ends, also by `kill -9`, so there is no stale lock and of two takers
 * at the same moment one wins. Node has no file locks of its own; SQLite brings them on every platform.
 * @returns undefined when this or another process holds it
 * @throws when the file cannot be made or written
 */
export function takeFileLock(path: string): FileLock | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    // SQLite is content to read a file that it may not write, but such a lock keeps nobody out.
    accessSync(path, constants.W_OK);
    // The lock alone, without a journal file beside it.
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
