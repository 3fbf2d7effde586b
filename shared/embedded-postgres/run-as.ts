import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { chown, readFile, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { EmbeddedPostgresError } from "./embedded-postgres-error.ts";

const run = promisify(execFile);

interface Account {
  uid: number;
  gid: number;
}

/** Account that runs PostgreSQL's programs: ours, or, since they refuse root, another one. */
export interface RunAs {
  /** Words put before each command line. */
  prefix: string[];
  /** Options for `spawn`. */
  ids: Partial<Account>;
  /** Gives a file or folder that we made to the account. */
  own: (path: string) => Promise<void>;
}

interface DataDir {
  /** The data folder; it may be missing. */
  folder: string;
  /** The program that the account must be able to run. */
  postgres: string;
}

const asOurselves: RunAs = { prefix: [], ids: {}, own: async () => {} };

/**
 * Chooses the account that runs PostgreSQL.
 * @throws {EmbeddedPostgresError} when no account can run it or own the data
 */
export async function chooseRunAs({ folder, postgres }: DataDir): Promise<RunAs> {
  const uid = process.getuid?.();
  const data = await stat(folder).catch(() => undefined);
  if (uid === undefined) return asOurselves;
  if (uid !== 0) {
    if (data === undefined || data.uid === uid) return asOurselves;
    throw new EmbeddedPostgresError(
      `${folder} belongs to another user (id ${data.uid}); it may have been made by a start as root.\n` +
        `Start as that user, or give the data to yourself: sudo chown -R ${uid} ${dirname(folder)}`,
    );
  }
  const account = data === undefined || data.uid === 0 ? await findAccount() : { uid: data.uid, gid: data.gid };
  // Root restored or copied the folder: PostgreSQL requires that it owns its data.
  if (data?.uid === 0) await run("chown", ["-R", `${account.uid}:${account.gid}`, folder]);
  const own = (path: string) => chown(path, account.uid, account.gid);
  const reachable = (await canReach(account, postgres)) && (await canReach(account, dirname(folder)));
  if (reachable) return { prefix: [], ids: account, own };
  return { prefix: await readingPrefix(account, postgres), ids: {}, own };
}

/** Finds an account that exists, because PostgreSQL looks its user up by name. */
async function findAccount(): Promise<Account> {
  const accounts = await readFile("/etc/passwd", "utf8").catch(() => "");
  for (const name of ["postgres", "_postgres", "nobody"]) {
    const entry = new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, "m").exec(accounts);
    if (entry !== null) return { uid: Number(entry[1]), gid: Number(entry[2]) };
  }
  throw new EmbeddedPostgresError(
    "PostgreSQL does not run as root, and there is neither an account `postgres` nor `nobody` to run it as.\n" +
      "Start as an ordinary user, or set DATABASE_URL to a PostgreSQL server of your own.",
  );
}

async function canReach(account: Account, path: string): Promise<boolean> {
  for (let at = resolve(path); ; at = dirname(at)) {
    const { mode, uid, gid } = await stat(at);
    const bits = uid === account.uid ? constants.S_IXUSR : gid === account.gid ? constants.S_IXGRP : constants.S_IXOTH;
    if ((mode & bits) === 0) return false;
    if (at === dirname(at)) return true;
  }
}

/** Bit numbers of capability sets in `/proc/self/status`. The first is the lesser one; containers have the second. */
const reading = [
  { name: "dac_read_search", bit: 2n },
  { name: "dac_override", bit: 1n },
];

/**
 * Command prefix for a project under a folder like /root, which is closed to every other account. There PostgreSQL
 * keeps one right of root: to traverse folders and read. `no_setuid_fixup` is for `access(2)`, which PostgreSQL uses on
 * its own files and which otherwise ignores such rights.
 */
async function readingPrefix(account: Account, postgres: string): Promise<string[]> {
  const status = await readFile("/proc/self/status", "utf8").catch(() => "");
  const effective = BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0"}`);
  const right = reading.find(({ bit }) => (effective & (1n << bit)) !== 0n)?.name;
  const only = `-all,+${right}`;
  const prefix = [
    "setpriv",
    `--reuid=${account.uid}`,
    `--regid=${account.gid}`,
    "--clear-groups",
    "--securebits=+no_setuid_fixup",
    `--bounding-set=${only}`,
    `--inh-caps=${only}`,
    `--ambient-caps=${only}`,
    "--",
  ];
  try {
    if (right === undefined) throw new Error("root has neither of the rights needed");
    await run(prefix[0] ?? "", [...prefix.slice(1), postgres, "--version"], { cwd: "/" });
    return prefix;
  } catch (error) {
    throw new EmbeddedPostgresError(
      `PostgreSQL does not run as root, and the account it would run as (id ${account.uid}) cannot reach ${postgres}.\n` +
        "Start as an ordinary user, move the project to a folder that others may enter (such as /srv or /opt),\n" +
        "or set DATABASE_URL to a PostgreSQL server of your own.",
      { cause: error },
    );
  }
}
