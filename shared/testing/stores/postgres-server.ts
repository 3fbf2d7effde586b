import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.ts";
import { clearLeftover } from "../../embedded-postgres/leftover.ts";
import { takeFileLock } from "../../process/file-lock.ts";
import { createLogger, type Logger } from "../../logger.ts";

/** A PostgreSQL to make databases in. */
export interface PostgresServer {
  /** Of a role that may create databases. */
  adminUrl: string;
  /** Ends the server and removes its data, if it was started here. */
  close: () => Promise<void>;
}

/** The PostgreSQL of `DATABASE_URL`, else an embedded one that goes when it is closed. */
export async function openPostgresServer(): Promise<PostgresServer> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") return { adminUrl: given, close: async () => {} };

  const log = await createLogger({ service: "tests", level: "warn", pretty: true });
  const parent = await roomiestFolder();
  await sweep(parent, log);
  const folder = await mkdtemp(join(parent, folderPrefix));
  const server = await startEmbeddedPostgres({ dataDir: dataDirOf(folder), log, settings: throwaway });
  // At a signal Vitest ends without its teardown; the folder goes with the next run.
  const endWithUs = () => process.kill(server.pid, "SIGINT");
  process.once("exit", endWithUs);
  void server.exited.then(() => process.off("exit", endWithUs));
  return {
    adminUrl: server.url,
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Nothing here outlives the run; and many tests hold a pool each. */
const throwaway = { fsync: "off", full_page_writes: "off", max_connections: "300" };

const folderPrefix = "parley-test-postgres-";

function dataDirOf(folder: string): string {
  return join(folder, "data");
}

const memoryFolder = "/dev/shm";
/** A run's databases take a tenth of it; containers often have no more than 64 MB there. */
const roomNeeded = 4 * 1024 ** 3;

/** Copying a database of 300 files, once a test, was seen to take 0.04 s in memory and 0.2 to 0.6 s on a disk. */
async function roomiestFolder(): Promise<string> {
  const space = await statfs(memoryFolder).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize > roomNeeded ? memoryFolder : tmpdir();
}

/** Clears away what killed runs left behind: their servers go on without them. */
async function sweep(parent: string, log: Logger): Promise<void> {
  const names = await readdir(parent);
  for (const folder of names.filter((name) => name.startsWith(folderPrefix)).map((name) => join(parent, name))) {
    const lockFile = `${dataDirOf(folder)}.lock`;
    const lock = existsSync(lockFile) ? takeFileLock(lockFile) : undefined;
    if (lock === undefined) continue;
    await clearLeftover(dataDirOf(folder), log);
    await rm(folder, { recursive: true, force: true });
    lock.release();
  }
}
