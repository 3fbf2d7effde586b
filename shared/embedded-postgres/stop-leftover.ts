import { execFile } from "node:child_process";
import { readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Logger } from "../logger.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import { postgresFastShutdownMs, postgresImmediateShutdownMs } from "../tunables.ts";

const run = promisify(execFile);

/**
 * Cleans up a data folder after a killed run. A server still running is shut down in order. A pid file whose number now
 * belongs to another process is removed, because PostgreSQL would take it for a running server. Only for the holder of
 * the folder's lock: the lock proves that the server has no owner any more.
 */
export async function stopLeftover(folder: string, log: Logger): Promise<void> {
  const pidFile = join(folder, "postmaster.pid");
  const [firstLine, servedFolder] = (await readFile(pidFile, "utf8").catch(() => undefined))?.split("\n") ?? [];
  if (firstLine === undefined) return;
  const pid = Number(firstLine);
  if (!Number.isInteger(pid) || pid <= 0) return rm(pidFile, { force: true });
  // PostgreSQL itself detects a pid file without a process.
  if (!isAlive(pid)) return;
  if (!(await isServerOf(pid, folder, servedFolder))) {
    log.debug(`a killed run's pid file names process ${pid}, which is no PostgreSQL of this folder: removing the file`);
    return rm(pidFile, { force: true });
  }
  log.warn(`stopping the PostgreSQL that a killed run left behind (process ${pid})`);
  await stopServer(pid);
}

async function stopServer(pid: number): Promise<void> {
  if (await endsAfter("SIGINT", pid, postgresFastShutdownMs)) return;
  if (await endsAfter("SIGQUIT", pid, postgresImmediateShutdownMs)) return;
  throw new EmbeddedPostgresError(
    `A PostgreSQL that a killed run left behind does not end: stop process ${pid} by hand`,
  );
}

async function endsAfter(signal: NodeJS.Signals, pid: number, limitMs: number): Promise<boolean> {
  process.kill(pid, signal);
  const deadline = Date.now() + limitMs;
  // Without a process that reaps orphans (many containers) it remains as a zombie, which has no command line.
  while (isAlive(pid) && (await commandLine(pid)) !== "") {
    if (Date.now() > deadline) return false;
    await sleep(10);
  }
  return true;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    // EPERM: the process runs as another account, which PostgreSQL of this folder cannot.
    return false;
  }
}

/**
 * Checks the server's working folder, where the system exposes it: that is proof. Its command line keeps naming a
 * folder since moved.
 */
async function isServerOf(pid: number, folder: string, servedFolder: string | undefined): Promise<boolean> {
  const command = await commandLine(pid);
  if (!/\bpostgres\b/.test(command)) return false;
  const [works, data] = await Promise.all([stat(`/proc/${pid}/cwd`).catch(() => undefined), stat(folder)]);
  if (works !== undefined) return works.ino === data.ino && works.dev === data.dev;
  return command.includes(` -D ${servedFolder ?? folder} `);
}

async function commandLine(pid: number): Promise<string> {
  try {
    return (await readFile(`/proc/${pid}/cmdline`, "utf8")).replaceAll("\0", " ");
  } catch {
    const { stdout } = await run("ps", ["-ww", "-o", "command=", "-p", `${pid}`]).catch(() => ({ stdout: "" }));
    return stdout;
  }
}
