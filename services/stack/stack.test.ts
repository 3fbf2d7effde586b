import { type ChildProcessByStdio, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { createTestDatabase } from "../../shared/testing/stores/postgres.ts";
import { listProcesses, processTree } from "../../shared/testing/processes/processes.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";

const script = fileURLToPath(new URL("stack-for-tests.ts", import.meta.url));

/** Ready at once; at its end it still needs PostgreSQL. */
const good = `
  import { connect } from "node:net";
  const { hostname, port } = new URL(process.env.DATABASE_URL);
  console.log("good runs as " + process.pid);
  process.on("SIGTERM", () => connect(port, hostname, () => { console.log("good ended in order"); process.exit(0); }));
  process.on("disconnect", () => process.exit(0));
  process.send("ready");`;
/** Never ready. */
const waiting = `process.on("disconnect", () => process.exit(0));`;
const failing = `console.error("no luck"); process.exit(3);`;
/** Has the port, and takes a moment to let go of it when its parent is gone. */
const listening = `
  import { createServer } from "node:http";
  process.on("disconnect", () => setTimeout(() => process.exit(0), 300));
  process.on("SIGTERM", () => process.exit(0));
  createServer().listen(process.env.PORT, () => process.send("ready"));`;

interface Stack {
  process: ChildProcessByStdio<null, Readable, Readable>;
  output: () => string;
  exited: Promise<number | NodeJS.Signals>;
}

let template: string;
let base: string;
let folder: string;
let port: number;
let stacks: Stack[];

beforeAll(async () => {
  template = await mkdtemp(join(tmpdir(), "parley-stack-"));
  const server = await startEmbeddedPostgres({ dataDir: join(template, "postgres"), log: quietLog() });
  await server.stop();
});

afterAll(() => rm(template, { recursive: true }));

beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), "parley-stack-"));
  folder = join(base, "data");
  port = await freePort();
  stacks = [];
  for (const [name, program] of Object.entries({ good, waiting, failing, listening })) {
    await writeFile(join(base, `${name}.mjs`), program);
  }
});

afterEach(async () => {
  for (const stack of stacks) {
    stack.process.kill("SIGTERM");
    await stack.exited;
  }
  await rm(base, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
});

// Starts of up to five processes each: on a busy machine that takes a while.
describe("npm start", { timeout: 60_000 }, () => {
  it("starts everything, prints addresses once ready, and leaves nothing behind at Ctrl-C", async () => {
    const stack = start(["good", "listening"]);
    await says(stack, "Press Ctrl-C to stop.");
    const started = processTree(stack.process.pid ?? 0);
    expect(started.map(({ command }) => command)).toEqual(
      expect.arrayContaining([
        expect.stringContaining("good.mjs"),
        expect.stringContaining("listening.mjs"),
        expect.stringMatching(/postgres -D /),
      ]),
    );
    expect(stack.output()).toContain(`Page        http://localhost:${port}\n`);
    expect(stack.output()).toMatch(/Console .*\/console {2}user admin, password \S{12}\n/);

    pressCtrlC(stack);

    expect(await stack.exited).toBe(0);
    expect(stack.output()).toContain("good ended in order");
    expect(left(started)).toEqual([]);
  });

  it("shuts down gracefully while still starting", async () => {
    const stack = start(["waiting"]);
    await says(stack, "making a PostgreSQL data folder");
    const started = processTree(stack.process.pid ?? 0);

    pressCtrlC(stack);

    expect(await stack.exited).toBe(0);
    expect(stack.output()).not.toContain("Parley is ready");
    expect(left(started)).toEqual([]);
  });

  it("reports a running Parley and leaves it alone", async () => {
    copyTemplate();
    const first = start(["good"]);
    await says(first, "Press Ctrl-C to stop.");

    const second = start(["good"], { PORT: `${await freePort()}` });

    expect(await second.exited).toBe(1);
    expect(second.output()).toBe(
      `Parley is already running here: http://localhost:${port} (process ${first.process.pid}).\n` +
        `Stop it with Ctrl-C in its terminal, or: kill ${first.process.pid}\n`,
    );
    expect(first.process.exitCode).toBeNull();
  });

  it("lets one of two concurrent starts win", async () => {
    copyTemplate();
    const both = [start(["good"]), start(["good"])];

    await vi.waitFor(
      () => expect(both.map(({ output }) => output()).join("")).toContain("Press Ctrl-C to stop."),
      patience,
    );

    const winner = both.findIndex(({ output }) => output().includes("Press Ctrl-C to stop."));
    const loser = both[1 - winner];
    expect(await loser?.exited).toBe(1);
    expect(loser?.output()).toMatch(/already running here|is starting Parley in this folder/);
  });

  it("reports a port in use before creating anything", async () => {
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");

    const stack = start(["good"]);

    expect(await stack.exited).toBe(1);
    other.close();
    expect(stack.output()).toContain(`Port ${port} is in use by another program`);
    expect(stack.output()).toContain(`PORT=${port + 1} npm start`);
    expect(await readdir(folder)).toEqual(["npm-start.lock"]);
  });

  it("restarts a process that exits, without a second banner", async () => {
    copyTemplate();
    const stack = start(["good"]);
    await says(stack, "Press Ctrl-C to stop.");
    const pid = Number(/good runs as (\d+)/.exec(stack.output())?.[1]);

    process.kill(pid, "SIGKILL");

    await says(stack, /good exited unexpectedly \(SIGKILL\); restarting in 1 s[^]*good runs as/);
    expect(stack.output().match(/Parley is ready/g)).toHaveLength(1);
  });

  it("restarts PostgreSQL on the same port", async () => {
    copyTemplate();
    const stack = start(["good"]);
    await says(stack, "Press Ctrl-C to stop.");
    const before = postgresOf(stack);

    process.kill(before?.pid ?? 0, "SIGKILL");

    await vi.waitFor(() => {
      const after = postgresOf(stack);
      expect(after?.pid).not.toBe(before?.pid);
      expect(after?.command).toBe(before?.command);
    }, patience);
  });

  it("fails if a process exits before it was ever ready, and leaves nothing behind", async () => {
    copyTemplate();
    const stack = start(["good", "failing"]);

    expect(await stack.exited).toBe(1);
    expect(stack.output()).toContain("failing exited before it was ready (exit code 3)");
    expect(listProcesses().filter(({ command }) => command.includes(base))).toEqual([]);
  });

  it("leaves no process when killed with SIGKILL, and the next start finds the port free", async () => {
    copyTemplate();
    const stack = start(["good", "listening"]);
    await says(stack, "Press Ctrl-C to stop.");
    const started = processTree(stack.process.pid ?? 0);

    stack.process.kill("SIGKILL");
    const next = start(["good", "listening"]);

    await says(next, "Press Ctrl-C to stop.");
    await vi.waitFor(() => expect(left(started)).toEqual([]), patience);
  });

  it("uses the PostgreSQL of DATABASE_URL instead of its own", async () => {
    await using database = await createTestDatabase();
    const stack = start(["good"], { DATABASE_URL: database.url });

    await says(stack, "Press Ctrl-C to stop.");

    const { host, pathname } = new URL(database.url);
    expect(stack.output()).toContain(`Data        PostgreSQL at ${host}${pathname}\n`);
    expect((await readdir(folder)).toSorted()).toEqual(["npm-start.lock", "running.json"]);
  });

  it("names an unusable DATABASE_URL without its password", async () => {
    const stack = start(["good"], { DATABASE_URL: `postgres://me:hunter22@127.0.0.1:${port}/chat` });

    expect(await stack.exited).toBe(1);
    expect(stack.output()).toContain(
      `PostgreSQL at 127.0.0.1:${port}/chat could not be migrated: connect ECONNREFUSED`,
    );
    expect(stack.output()).not.toContain("hunter22");
  });
});

const patience = { timeout: 50_000, interval: 20 };

/** A data folder that has been started before: sooner there than a first start's. */
function copyTemplate(): void {
  spawnSync("cp", ["-a", template, folder]);
}

function start(parts: string[], env: Record<string, string> = {}): Stack {
  const scripts = parts.map((name) => join(base, `${name}.mjs`));
  const child = spawn(process.execPath, [script, folder, ...scripts], {
    // A process group of its own, as a shell makes it.
    detached: true,
    env: { PORT: `${port}`, NODE_ENV: "test", NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"], ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  }
  const exited = once(child, "close").then(([code, signal]: unknown[]) => (code ?? signal) as number | NodeJS.Signals);
  const stack = { process: child, output: () => output, exited };
  stacks.push(stack);
  return stack;
}

/** A terminal sends it to everything in the group. */
function pressCtrlC({ process: { pid } }: Stack): void {
  if (pid !== undefined) process.kill(-pid, "SIGINT");
}

async function says(stack: Stack, words: string | RegExp): Promise<void> {
  await vi.waitFor(() => expect(stack.output()).toMatch(words), patience);
}

function postgresOf(stack: Stack) {
  return processTree(stack.process.pid ?? 0).find(({ command }) => / -D .* -c /.test(command));
}

/** Which of them still run. */
function left(processes: { pid: number; command: string }[]) {
  const running = new Set(listProcesses().map(({ pid }) => pid));
  return processes.filter(({ pid }) => running.has(pid));
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, "listening");
  const { port: free } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return free;
}
