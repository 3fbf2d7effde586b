import { once } from "node:events";
import { mkdir } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { dirname, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { findBinaries } from "./binaries.ts";
import { ensureDataDir, superuser } from "./data-dir.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { stopLeftover } from "./stop-leftover.ts";
import { chooseRunAs } from "./run-as.ts";
import { type Server, startServer } from "./server.ts";
import { exponentialBackoffMs } from "../async/backoff.ts";
import { takeFileLock } from "../process/file-lock.ts";
import type { Logger } from "../logger.ts";

interface EmbeddedPostgresOptions {
  /** Data folder, created if missing. Its log is beside it as `<dataDir>.log`, its lock as `<dataDir>.lock`. */
  dataDir: string;
  log: Logger;
  /** Server settings that override ours, e.g. `{ fsync: "off" }`. */
  settings?: Record<string, string>;
  /** Port; defaults to a free one. */
  port?: number | undefined;
}

export interface EmbeddedPostgres {
  /** URL of a superuser on 127.0.0.1; only the owner of the data folder can read the password in it. */
  url: string;
  port: number;
  pid: number;
  /** Resolves when the server has ended, for whatever reason, with its exit code or signal. */
  exited: Promise<string>;
  /** Ends all sessions, then the server; resolves when it has ended. Safe to call twice. */
  stop: () => Promise<void>;
}

/** Settings for one machine and a few processes: small, and as durable as PostgreSQL is by default. */
const defaults = {
  listen_addresses: "127.0.0.1",
  // The lock files of a socket would be in the system's temporary folder.
  unix_socket_directories: "",
  max_connections: "200",
  shared_buffers: "64MB",
  max_wal_size: "256MB",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  log_checkpoints: "off",
};

const attempts = 5;
const pauses = { firstMs: 100, longestMs: 800 };
/** Transient errors: another program took the port, or a leftover of a killed run has not quite ended. */
const passing = /Address already in use|lock file .* already exists|pre-existing shared memory block/;

/**
 * Starts the PostgreSQL that npm installed, on data that outlives it; first cleans up after a killed run.
 * @throws {EmbeddedPostgresError} when there is none for this platform, when another process runs this data folder, or
 * when it does not start: the message says what to do, or what PostgreSQL said
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.dataDir);
  await mkdir(dirname(folder), { recursive: true });
  const lock = takeFileLock(`${folder}.lock`);
  if (lock === undefined) throw new EmbeddedPostgresError(`Another process already runs PostgreSQL in ${folder}`);
  try {
    const started = await start(folder, options);
    void started.exited.then(() => lock.release());
    return started;
  } catch (error) {
    lock.release();
    throw error;
  }
}

async function start(folder: string, { log, settings, port }: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const { initdb, postgres } = await findBinaries();
  const runAs = await chooseRunAs({ folder, postgres });
  const password = await ensureDataDir({ folder, initdb, runAs, log });
  for (let attempt = 1; ; attempt++) {
    const chosen = port ?? (await freePort());
    const url = `postgres://${superuser}:${password}@127.0.0.1:${chosen}/postgres`;
    try {
      await stopLeftover(folder, log);
      const server = await startServer({
        postgres,
        folder,
        url,
        runAs,
        logFile: `${folder}.log`,
        settings: { ...defaults, ...settings, port: `${chosen}` },
      });
      return { url, port: chosen, ...stoppedOnce(server) };
    } catch (error) {
      if (attempt === attempts || !mayPass(error)) throw error;
      await sleep(exponentialBackoffMs(attempt, pauses));
    }
  }
}

function mayPass(error: unknown): boolean {
  if (!(error instanceof EmbeddedPostgresError)) return false;
  // Another server answered, not ours.
  return passing.test(error.message) || error.cause instanceof pg.DatabaseError;
}

function stoppedOnce({ pid, exited, stop }: Server): Omit<EmbeddedPostgres, "url" | "port"> {
  let stopping: Promise<void> | undefined;
  return { pid, exited, stop: () => (stopping ??= stop()) };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
