import { existsSync } from "node:fs";
import { mkdtemp, readdir, rm, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { startEmbeddedPostgres } from "../../embedded-postgres/embedded-postgres.ts";
import { stopLeftover } from "../../embedded-postgres/stop-leftover.ts";
import { takeFileLock } from "../../process/file-lock.ts";
import { createLogger, type Logger } from "../../logger.ts";
import { usesContainers } from "./containers/stores-in-use.ts";
import { runAsAdmin } from "./postgres-admin.ts";

/** A PostgreSQL to create databases in. */
export interface PostgresServer {
  /** URL of a role that may create databases. */
  adminUrl: string;
  /** Ends the server and removes its data, if it was started here. */
  close: () => Promise<void>;
}

/** Opens the PostgreSQL of `DATABASE_URL`, otherwise one from a container or npm that is removed when it is closed. */
export async function openPostgresServer(): Promise<PostgresServer> {
  const given = process.env["DATABASE_URL"];
  if (given !== undefined && given !== "") return { adminUrl: given, close: async () => {} };
  return usesContainers() ? openContainer() : openEmbedded();
}

async function openContainer(): Promise<PostgresServer> {
  // Loaded where it is used: the libraries for containers take most of a second.
  const { startPostgresContainer } = await import("./containers/postgres-container.ts");
  const { url, stop } = await startPostgresContainer(throwaway);
  return { adminUrl: url, close: stop };
}

async function openEmbedded(): Promise<PostgresServer> {
  const log = await createLogger({ service: "tests", level: "warn", pretty: true });
  const parent = await roomiestFolder();
  await sweep(parent, log);
  const folder = await mkdtemp(join(parent, folderPrefix));
  const server = await startEmbeddedPostgres({ dataDir: dataDirOf(folder), log, settings: throwaway });
  // On a signal Vitest ends without its teardown; the next run removes the folder.
  const endWithUs = () => process.kill(server.pid, "SIGINT");
  process.once("exit", endWithUs);
  void server.exited.then(() => process.off("exit", endWithUs));
  await makeLoginsCheap(server.url);
  return {
    adminUrl: server.url,
    close: async () => {
      await server.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Hashes the role's password once instead of 4096 times: a run of all tests opens thousands of connections. */
async function makeLoginsCheap(adminUrl: string): Promise<void> {
  const password = pg.escapeLiteral(decodeURIComponent(new URL(adminUrl).password));
  await runAsAdmin(adminUrl, `set scram_iterations = 1; alter role current_user password ${password}`);
}

/** Settings for data that does not outlive the run, in hundreds of databases that are soon dropped; many tests hold a pool each. */
const throwaway = { fsync: "off", full_page_writes: "off", autovacuum: "off", max_connections: "600" };

const folderPrefix = "parley-test-postgres-";

function dataDirOf(folder: string): string {
  return join(folder, "data");
}

const memoryFolder = "/dev/shm";
/** Space required in a folder. A run's databases take a tenth of it; containers often have no more than 64 MB there. */
const roomNeeded = 4 * 1024 ** 3;

/** Prefers memory: copying a database of 300 files, once per test, took 0.04 s in memory and 0.2 to 0.6 s on a disk. */
async function roomiestFolder(): Promise<string> {
  const space = await statfs(memoryFolder).catch(() => undefined);
  return space !== undefined && space.bavail * space.bsize > roomNeeded ? memoryFolder : tmpdir();
}

/** Removes the leftovers of killed runs: their servers keep running without them. */
async function sweep(parent: string, log: Logger): Promise<void> {
  const names = await readdir(parent);
  for (const folder of names.filter((name) => name.startsWith(folderPrefix)).map((name) => join(parent, name))) {
    const lockFile = `${dataDirOf(folder)}.lock`;
    const lock = existsSync(lockFile) ? takeFileLock(lockFile) : undefined;
    if (lock === undefined) continue;
    await stopLeftover(dataDirOf(folder), log);
    await rm(folder, { recursive: true, force: true });
    lock.release();
  }
}
