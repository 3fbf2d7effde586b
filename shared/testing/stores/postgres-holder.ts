import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { listProcesses } from "../processes/processes.ts";

type HolderProcess = ChildProcessByStdio<null, Readable, null>;

/** A process that has started an embedded PostgreSQL, and can be killed. */
export interface PostgresHolder {
  process: HolderProcess;
  url: string;
  /** Process id of PostgreSQL. */
  pid: number;
}

export const holderScript = fileURLToPath(new URL("postgres-holder-main.ts", import.meta.url));

/** @param user account to run as; ours when empty */
export function spawnPostgresHolder(dataDir: string, user: { uid?: number; gid?: number } = {}): HolderProcess {
  return spawn(process.execPath, [holderScript, dataDir], { ...user, stdio: ["ignore", "pipe", "inherit"] });
}

/** Resolves when its PostgreSQL is ready. */
export async function whenHolding(holder: HolderProcess): Promise<PostgresHolder> {
  const [line] = (await once(createInterface(holder.stdout), "line")) as unknown[];
  const { url, pid } = JSON.parse(String(line)) as { url: string; pid: number };
  return { process: holder, url, pid };
}

/** Kills everything but PostgreSQL. */
export async function killAllButPostgres(holder: PostgresHolder): Promise<void> {
  const guard = listProcesses().find(({ command }) => command.endsWith(` postgres-guard ${holder.pid}`));
  if (guard === undefined) throw new Error(`PostgreSQL ${holder.pid} has no guard`);
  process.kill(guard.pid, "SIGKILL");
  await endPostgresHolder(holder.process, "SIGKILL");
}

/** Resolves when the process has ended; on SIGTERM it stops its PostgreSQL first. */
export async function endPostgresHolder(holder: HolderProcess, signal: NodeJS.Signals): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null) return;
  holder.kill(signal);
  await once(holder, "exit");
}
