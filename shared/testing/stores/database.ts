import { openDatabase, type Database } from "../../db/database.ts";
import { quietLog } from "../fixtures/quiet-log.ts";
import { createTestDatabase } from "./postgres.ts";

/** A database for one test, opened as the services open theirs. */
export interface OpenTestDatabase extends Database, AsyncDisposable {
  readonly url: string;
}

/** Creates and opens a database; disposing of it closes and drops it. */
export async function openTestDatabase(): Promise<OpenTestDatabase> {
  const database = await createTestDatabase();
  const db = openDatabase(database.url, quietLog());
  const dispose = async () => {
    await db.close();
    await database.drop();
  };
  return { ...db, url: database.url, [Symbol.asyncDispose]: dispose };
}
