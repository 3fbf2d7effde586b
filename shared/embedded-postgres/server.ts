import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, stat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { exponentialBackoffMs } from "../async/backoff.ts";
import { within } from "../async/within.ts";
import { environment } from "./data-dir.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import type { RunAs } from "./run-as.ts";
import { postgresFastShutdownMs, postgresImmediateShutdownMs } from "../tunables.ts";

interface ServerOptions {
  postgres: string;
  folder: string;
  logFile: string;
  url: string;
  settings: Record<string, string>;
  runAs: RunAs;
}

/** A postmaster that accepts connections. */
export interface Server {
  pid: number;
  exited: Promise<string>;
  stop: () => Promise<void>;
}

/** Time limit of a start. After a crash PostgreSQL first replays its log, at most `max_wal_size` of it. */
const readyMs = 120_000;
/** Pauses between tries to connect: short at first, since most starts take a tenth of a second. */
const connectPauses = { firstMs: 5, longestMs: 200, factor: 1.2 };
const maxLogBytes = 5_000_000;

/**
 * Starts a postmaster and waits until it accepts connections.
 * @throws {EmbeddedPostgresError} with the end of its log when it ends before that
 */
export async function startServer(options: ServerOptions): Promise<Server> {
  const logOffset = await rotateLog(options.logFile);
  const { child, pid, exited } = await spawnPostmaster(options);
  const guard = guardAgainstOurDeath(pid);
  void exited.then(() => guard.kill("SIGKILL"));
  const stop = () => {
    guard.kill("SIGKILL");
    return shutDown(child, exited);
  };
  try {
    await acceptsConnections(options.url, child);
  } catch (error) {
    await stop();
    const said = (await readFile(options.logFile)).subarray(logOffset).toString().trim();
    throw new EmbeddedPostgresError(`PostgreSQL did not start. Its log, ${options.logFile}, says:\n${said}`, {
      cause: error,
    });
  }
  return { pid, exited, stop };
}

async function spawnPostmaster({ postgres, folder, logFile, settings, runAs }: ServerOptions) {
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const [program = postgres, ...rest] = [...runAs.prefix, postgres, "-D", folder, ...args];
  const log = await open(logFile, "a", 0o600);
  try {
    // A separate process group: a terminal's Ctrl-C is for us, and PostgreSQL ends last.
    const child = spawn(program, rest, {
      ...runAs.ids,
      detached: true,
      cwd: "/",
      env: environment,
      stdio: ["ignore", log.fd, log.fd],
    });
    const exited = new Promise<string>((resolve) => {
      child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    });
    await once(child, "spawn");
    // Later errors mean that a signal could not be sent; `shutDown` sees that the server still runs.
    child.on("error", () => undefined);
    return { child, pid: child.pid ?? 0, exited };
  } finally {
    await log.close();
  }
}

/**
 * Starts a guard shell for the case that we are killed and cannot stop the server. The pipe to the shell then closes,
 * and the shell requests a smart shutdown: the server ends as soon as the last session has.
 */
function guardAgainstOurDeath(pid: number): ChildProcess {
  const guard = spawn("/bin/sh", ["-c", 'read -r _; kill -TERM "$1"', "postgres-guard", `${pid}`], {
    detached: true,
    cwd: "/",
    env: environment,
    stdio: ["pipe", "ignore", "ignore"],
  });
  // Without a guard the next start cleans up.
  guard.on("error", () => undefined);
  guard.stdin?.on("error", () => undefined);
  return guard;
}

async function acceptsConnections(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + readyMs;
  for (let tries = 1; !hasEnded(child); tries++) {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      // Refused or still starting. A wrong password stays wrong: another server may have taken the port.
      if (Date.now() > deadline || (error instanceof pg.DatabaseError && error.code === "28P01")) throw error;
    }
    await sleep(exponentialBackoffMs(tries, connectPauses));
  }
  throw new Error("it ended");
}

async function shutDown(child: ChildProcess, exited: Promise<string>): Promise<void> {
  for (const [signal, limitMs] of [
    ["SIGINT", postgresFastShutdownMs],
    ["SIGQUIT", postgresImmediateShutdownMs],
  ] as const) {
    if (hasEnded(child)) return;
    child.kill(signal);
    try {
      await within(limitMs, exited);
      return;
    } catch {
      // Continue with the harder signal.
    }
  }
  throw new EmbeddedPostgresError(`PostgreSQL does not end: process ${child.pid}`);
}

function hasEnded({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode !== null || signalCode !== null;
}

/** Rotates the log and keeps one old file. @returns offset in bytes at which this run's log begins */
async function rotateLog(logFile: string): Promise<number> {
  const size = await stat(logFile).then(
    (file) => file.size,
    () => 0,
  );
  if (size < maxLogBytes) return size;
  await rename(logFile, `${logFile}.1`);
  return 0;
}
