import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { runAsAdmin } from "./postgres-admin.ts";
import { findFreePort } from "../processes/free-port.ts";
import { pgbouncer } from "../requirements.ts";

/** True if `startPgBouncer` works on this machine. */
export const pgbouncerAvailable = pgbouncer.path !== undefined;

/** A PgBouncer for one test, in front of a database. */
export interface PgBouncer extends AsyncDisposable {
  /** URL of the database, through the pooler. */
  readonly url: string;
}

const startLimitMs = 10_000;

export async function startPgBouncer(databaseUrl: string, mode: "session" | "transaction"): Promise<PgBouncer> {
  if (pgbouncer.path === undefined) throw new Error(`PgBouncer is not here (${pgbouncer.howToGet})`);
  const to = new URL(databaseUrl);
  const port = await findFreePort();
  const folder = await mkdtemp(join(tmpdir(), "parley-pgbouncer-"));
  const file = join(folder, "pgbouncer.ini");
  const server = [
    `host=${to.hostname}`,
    `port=${to.port || "5432"}`,
    `user=${decodeURIComponent(to.username)}`,
    `password=${decodeURIComponent(to.password)}`,
  ];
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    auth_type: "any",
    pool_mode: mode,
    // A session keeps its connection, so this must be as many as a process opens.
    default_pool_size: mode === "session" ? 60 : 10,
    max_client_conn: 200,
    unix_socket_dir: "",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(file, ["[databases]", `* = ${server.join(" ")}`, "[pgbouncer]", ...lines, ""].join("\n"));
  // It refuses to run as root. It changes to the other account once it has read its file, whose folder may be closed to that.
  const account = process.getuid?.() === 0 ? ["-u", "nobody"] : [];
  const child = spawn(pgbouncer.path, ["-q", ...account, file], { stdio: ["ignore", "ignore", "ignore"] });
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const exited = once(child, "exit").finally(() => process.off("exit", killWithUs));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${port}`;
  await answers(url.href, () => child.exitCode !== null);
  return {
    url: url.href,
    [Symbol.asyncDispose]: async () => {
      child.kill("SIGKILL");
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function answers(url: string, hasEnded: () => boolean): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    try {
      await runAsAdmin(url, "select 1");
      return;
    } catch (error) {
      if (hasEnded() || performance.now() > deadline) throw new Error("PgBouncer does not start", { cause: error });
      await sleep(50);
    }
  }
}
