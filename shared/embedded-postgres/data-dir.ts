import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readdir, readFile, rename, rm, rmdir, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Logger } from "../logger.ts";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";
import type { RunAs } from "./run-as.ts";

const run = promisify(execFile);

export const superuser = "parley";

/** Environment of PostgreSQL's programs, with nothing of ours: no PG* variable, no secret, messages in English. */
export const environment = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C", TZ: "UTC" };

const passwordFile = "parley-password";

interface Setup {
  folder: string;
  initdb: string;
  runAs: RunAs;
  log: Logger;
}

/**
 * Creates the data folder if it is missing. Only for the holder of the folder's lock.
 * @returns the superuser's password, which is kept in the folder
 */
export async function ensureDataDir({ folder, initdb, runAs, log }: Setup): Promise<string> {
  await removeHalfMade(folder);
  const present = await readdir(folder).catch((): string[] => []);
  if (!present.includes("PG_VERSION")) {
    if (present.length > 0) {
      throw new EmbeddedPostgresError(`${folder} has files in it that are not PostgreSQL's: move them away`);
    }
    log.info(`making a PostgreSQL data folder: ${folder}`);
    await initialise({ folder, initdb, runAs });
  }
  return readPassword(folder);
}

/** Builds the data folder beside its final place, so that an interrupted start never leaves a partial one there. */
async function initialise({ folder, initdb, runAs }: Omit<Setup, "log">): Promise<void> {
  const workshop = await mkdtemp(halfMadePrefix(folder));
  const [data, password] = [join(workshop, "data"), join(workshop, "password")];
  await runAs.own(workshop);
  await writeFile(password, randomBytes(24).toString("base64url"), { mode: 0o600, flush: true });
  await runAs.own(password);
  await runInitdb(initdb, runAs, [
    `--pgdata=${data}`,
    `--username=${superuser}`,
    `--pwfile=${password}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--no-instructions",
  ]);
  await rename(password, join(data, passwordFile));
  await rename(data, folder);
  await rmdir(workshop);
}

async function runInitdb(initdb: string, { prefix, ids }: RunAs, args: string[]): Promise<void> {
  const [program = initdb, ...rest] = [...prefix, initdb, ...args];
  try {
    await run(program, rest, { ...ids, cwd: "/", env: environment });
  } catch (error) {
    const said = error instanceof Error && "stderr" in error ? `:\n${String(error.stderr).trim()}` : "";
    throw new EmbeddedPostgresError(`PostgreSQL's initdb failed${said}`, { cause: error });
  }
}

async function removeHalfMade(folder: string): Promise<void> {
  const prefix = basename(halfMadePrefix(folder));
  const names = await readdir(dirname(folder));
  const halfMade = names.filter((name) => name.startsWith(prefix)).map((name) => join(dirname(folder), name));
  // An initdb that outlived its start may still be writing; it ends the next time it reports progress.
  await Promise.all(halfMade.map((path) => rm(path, { recursive: true, force: true, maxRetries: 10 })));
}

function halfMadePrefix(folder: string): string {
  return `${folder}.initdb-`;
}

/** @throws {EmbeddedPostgresError} if it cannot be read: the folder belongs to another account */
async function readPassword(folder: string): Promise<string> {
  const path = join(folder, passwordFile);
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new EmbeddedPostgresError(`The password of the embedded PostgreSQL cannot be read: ${path}`, {
      cause: error,
    });
  }
}

/** Finds the URL of the PostgreSQL that another process of ours runs in this folder; `undefined` if there is none. */
export async function findRunning(folder: string): Promise<string | undefined> {
  const [pid, , , port] = (await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  if (!pid || !port) return undefined;
  return `postgres://${superuser}:${await readPassword(folder)}@127.0.0.1:${port}/postgres`;
}
