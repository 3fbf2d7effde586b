import { spawn, spawnSync } from "node:child_process";
import { chmod, chown, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";

import {
  endPostgresHolder,
  holderScript,
  killAllButPostgres,
  type PostgresHolder,
  spawnPostgresHolder,
  whenHolding,
} from "../testing/stores/postgres-holder.ts";
import { isRunning } from "../testing/processes/processes.ts";
import { quietLog } from "../testing/fixtures/quiet-log.ts";

const log = quietLog();
const isRoot = process.getuid?.() === 0;
/** The usual ids of this account on Linux; without root, the tests run as an ordinary user anyway. */
const nobody = { uid: 65_534, gid: 65_534 };
const asNobody = (...args: string[]) => spawnSync(process.execPath, args, { ...nobody, cwd: "/" }).status === 0;
/** Checkout and temporary folder may be closed to other accounts. */
const nobodyCanRunUs =
  isRoot &&
  asNobody("--check", holderScript) &&
  asNobody("-e", "require('node:fs').accessSync(process.argv[1], 1)", tmpdir());

/** A start takes a while on a busy machine. */
const patient = { timeout: 30_000 };
let template: string;
let base: string;
let dataDir: string;
let opened: AsyncDisposableStack;

beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), "parley-embedded-"));
  const server = await startEmbeddedPostgres({ dataDir: join(template, "postgres"), log });
  await server.stop();
});

afterAll(() => rm(template, { recursive: true }));

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "parley-embedded-"));
  dataDir = join(base, "postgres");
  opened = new AsyncDisposableStack();
  opened.defer(() => rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }));
});

afterEach(() => opened.disposeAsync());

describe("first start", patient, () => {
  it("creates data that the next start finds", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 'still here' as word");
    await first.stop();

    const second = await start();

    expect(await query(second.url, "select word from kept")).toEqual([{ word: "still here" }]);
  });

  it("touches no folder that contains other files", async () => {
    await writeFile(join(base, "letter.txt"), "mine");

    await expect(startEmbeddedPostgres({ dataDir: base, log })).rejects.toThrow(
      "files in it that are not PostgreSQL's",
    );

    expect(await readFile(join(base, "letter.txt"), "utf8")).toBe("mine");
    await rm(`${base}.lock`);
  });

  it.runIf(isRoot)("runs as another account when started by root, even in a folder closed to it", async () => {
    await chmod(base, 0o700);

    const { pid } = await start();

    const owner = (await stat(dataDir)).uid;
    expect(owner).not.toBe(0);
    expect((await stat(`/proc/${pid}`)).uid).toBe(owner);
  });

  it.runIf(nobodyCanRunUs)("runs as an ordinary user", async () => {
    await chown(base, nobody.uid, nobody.gid);

    const holder = await startHolder(nobody);

    expect((await stat(`/proc/${holder.pid}`)).uid).toBe(nobody.uid);
    expect(await query(holder.url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("can be killed midway without blocking the next one", async () => {
    const holder = spawnHolder();
    await vi.waitFor(async () => expect(await readdir(base)).toContainEqual(expect.stringContaining(".initdb-")), {
      timeout: 10_000,
      interval: 5,
    });
    await endPostgresHolder(holder, "SIGKILL");
    expect(await readdir(base)).not.toContain("postgres");

    const { url } = await start();

    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
    expect(await readdir(base)).not.toContainEqual(expect.stringContaining(".initdb-"));
  });
});

describe("embedded PostgreSQL", patient, () => {
  beforeEach(copyTemplate);

  it("is durable, uses UTF-8 and UTC", async () => {
    const { url } = await start();

    const [settings] = await query(
      url,
      `select current_setting('fsync') as fsync, current_setting('synchronous_commit') as commit,
        current_setting('server_encoding') as encoding, current_setting('timezone') as zone`,
    );

    expect(settings).toEqual({ fsync: "on", commit: "on", encoding: "UTF8", zone: "UTC" });
  });

  it("accepts settings that override its own", async () => {
    const { url } = await start({ settings: { fsync: "off", max_connections: "20" } });

    expect(
      await query(url, "select current_setting('max_connections') as max, current_setting('fsync') as fsync"),
    ).toEqual([{ max: "20", fsync: "off" }]);
  });

  it("requires the password, which only the owner of the data can read", async () => {
    const { url } = await start();
    const guess = new URL(url);
    guess.password = "parley";

    await expect(query(guess.href, "select 1")).rejects.toMatchObject({ code: "28P01" });
    expect((await stat(join(dataDir, "parley-password"))).mode & 0o777).toBe(0o600);
    expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  });

  it("stops once for repeated calls and reports how it ended", async () => {
    const server = await start();

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    expect(await server.exited).toBe("exit code 0");
    expect(isRunning(server.pid)).toBe(false);
  });

  it("reports being killed and can be started again on the same port", async () => {
    const { port, pid, exited } = await start();

    process.kill(pid, "SIGKILL");

    expect(await exited).toBe("SIGKILL");
    const again = await start({ port });
    expect(again.port).toBe(port);
  });

  it("refuses a second owner of its data and continues", async () => {
    const { url } = await start();

    await expect(start()).rejects.toThrow(`Another process already runs PostgreSQL in ${dataDir}`);

    expect(await query(url, "select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("moves with its folder", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 1 as one");
    await first.stop();
    await rename(dataDir, join(base, "moved"));
    dataDir = join(base, "moved");

    const second = await start();

    expect(await query(second.url, "select one from kept")).toEqual([{ one: 1 }]);
  });

  it("fails with PostgreSQL's own message if it does not start", async () => {
    await expect(start({ settings: { shared_buffers: "many" } })).rejects.toThrow(
      /invalid value for parameter "shared_buffers"/,
    );
  });

  it.runIf(isRoot)("takes over data copied by root", async () => {
    const first = await start();
    await query(first.url, "create table kept as select 1 as one");
    await first.stop();
    await chown(dataDir, 0, 0);

    const second = await start();

    expect(await query(second.url, "select one from kept")).toEqual([{ one: 1 }]);
  });
});

describe("after kill -9", patient, () => {
  beforeEach(copyTemplate);

  it("of its owner, PostgreSQL ends as well", async () => {
    const holder = await startHolder();

    holder.process.kill("SIGKILL");

    await vi.waitFor(() => expect(isRunning(holder.pid)).toBe(false), { timeout: 15_000, interval: 20 });
  });

  it("of its owner and its guard, the next start ends the leftover PostgreSQL and keeps committed data", async () => {
    const holder = await startHolder();
    await query(holder.url, "create table kept as select 1 as one");
    await killAllButPostgres(holder);
    expect(isRunning(holder.pid)).toBe(true);

    const { url } = await start();

    expect(isRunning(holder.pid)).toBe(false);
    expect(await query(url, "select one from kept")).toEqual([{ one: 1 }]);
  });

  it("of its owner and its guard, a leftover PostgreSQL in a moved folder is found as well", async () => {
    const holder = await startHolder();
    await killAllButPostgres(holder);
    await rename(dataDir, join(base, "moved"));
    dataDir = join(base, "moved");

    await start();

    expect(isRunning(holder.pid)).toBe(false);
  });

  it("of everything, the next start keeps committed data", async () => {
    const holder = await startHolder();
    await query(holder.url, "create table kept as select 1 as one");
    await killAllButPostgres(holder);
    process.kill(holder.pid, "SIGKILL");

    const { url } = await start();

    expect(await query(url, "select one from kept")).toEqual([{ one: 1 }]);
  });

  it("a process with PostgreSQL's former pid is left alone", async () => {
    const first = await start();
    await first.stop();
    const { uid, gid } = await stat(dataDir);
    const stranger = spawn("sleep", ["60"], { stdio: "ignore", uid, gid });
    opened.defer(() => void stranger.kill());
    const pidFile = join(dataDir, "postmaster.pid");
    await writeFile(pidFile, `${stranger.pid}\n${dataDir}\n1700000000\n5432\n\n127.0.0.1\n`);
    await chown(pidFile, uid, gid);

    await start();

    expect(stranger.exitCode ?? stranger.signalCode).toBeNull();
  });

  it("an empty pid file is no obstacle", async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(dataDir, "postmaster.pid"), "");

    await expect(start()).resolves.toHaveProperty("url");
  });
});

/** Most tests are not about the first start, and a copy of another one's data is there sooner. */
function copyTemplate(): void {
  spawnSync("cp", ["-a", join(template, "postgres"), dataDir]);
}

async function start(options: { settings?: Record<string, string>; port?: number } = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataDir, log, ...options });
  opened.defer(() => server.stop());
  return server;
}

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function startHolder(user: { uid?: number; gid?: number } = {}): Promise<PostgresHolder> {
  return whenHolding(spawnHolder(user));
}

function spawnHolder(user: { uid?: number; gid?: number } = {}) {
  const holder = spawnPostgresHolder(dataDir, user);
  opened.defer(() => endPostgresHolder(holder, "SIGTERM"));
  return holder;
}
