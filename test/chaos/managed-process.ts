import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { within } from "../../shared/async/within.ts";
import { entryOf } from "../../shared/testing/processes/compiled-services.ts";
import { askHeap, heapProbeOption } from "../soak/soak.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
/** Start timeout. If PostgreSQL is down for a while, a start waits for the rows, then for the queue. */
const startLimitMs = 75_000;
const maxStarts = 5;
/** Shutdown grace before SIGKILL; the usual one of an orchestrator. */
const endLimitMs = 30_000;

export type ChaosService = "api" | "worker" | "knowledge";

interface ManagedProcessOptions {
  service: ChaosService;
  name: string;
  env: Record<string, string>;
  logFile: string;
  /** Folder of its `config/`; defaults to the repository. */
  cwd?: string | undefined;
  /** True if a dependency was just down. */
  mayFailToStart: () => boolean;
  /** Called at an unexpected exit. */
  onUnexpectedExit: (how: string) => void;
}

/** One process of the product, which can be ended in any way and started again. */
export class ManagedProcess {
  readonly service: ChaosService;
  readonly name: string;
  readonly logFile: string;
  readonly #options: ManagedProcessOptions;
  #child: ChildProcess | undefined;
  #asked = false;
  #turn: Promise<unknown> = Promise.resolve();
  #run = 0;

  constructor(options: ManagedProcessOptions) {
    this.#options = options;
    this.service = options.service;
    this.name = options.name;
    this.logFile = options.logFile;
  }

  get pid(): number | undefined {
    return this.running ? this.#child?.pid : undefined;
  }

  /** Number of the current run of this process. */
  get run(): number {
    return this.#run;
  }

  get running(): boolean {
    return this.#child !== undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Serialises work: each action on a process waits for the one before. */
  inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  /**
   * Starts the process like an orchestrator, with retries if PostgreSQL is down for longer than a start waits.
   * @throws if it exits for another reason, or is not ready for long
   */
  async start(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const ended = await this.#startOnce();
      if (ended === undefined) return;
      if (tries === maxStarts || !this.#options.mayFailToStart()) {
        this.#options.onUnexpectedExit(ended);
        throw new Error(`${this.name} exited at its start (${ended}): see ${this.logFile}`);
      }
    }
  }

  /** @returns the way it exited instead of being ready */
  async #startOnce(): Promise<string | undefined> {
    const log = openSync(this.logFile, "a");
    this.#run += 1;
    const child = spawn(process.execPath, [entryOf(this.service)], {
      cwd: this.#options.cwd ?? root,
      // The API key identifies the caller to the provider.
      env: {
        PATH: process.env["PATH"],
        HOME: process.env["HOME"],
        COMPATIBLE_API_KEY: `${this.name}/${this.#run}`,
        // The first option is that of the npm scripts and the image.
        NODE_OPTIONS: `--max-semi-space-size=16 ${heapProbeOption}`,
        ...this.#options.env,
      },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#child = child;
    this.#asked = false;
    const ready = once(child, "message").then(() => undefined);
    const exited = once(child, "exit").then(([code, signal]) => String(code ?? signal));
    const ended = await within(startLimitMs, Promise.race([ready, exited]));
    if (ended === undefined) {
      void exited.then((how) => {
        if (!this.#asked) this.#options.onUnexpectedExit(how);
      });
    }
    return ended;
  }

  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /**
   * Sends SIGTERM.
   * @returns the exit code or signal, and the duration
   */
  async stop(): Promise<{ code: number | string; ms: number }> {
    const began = Date.now();
    const child = this.#child;
    const timer = setTimeout(() => child?.kill("SIGKILL"), endLimitMs);
    await this.#end("SIGTERM");
    clearTimeout(timer);
    return { code: child?.exitCode ?? child?.signalCode ?? "?", ms: Date.now() - began };
  }

  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Resident memory in MB, and open sockets; `undefined` if it is not running. */
  async usage(): Promise<{ memoryMb: number; sockets: number } | undefined> {
    const { pid } = this;
    if (pid === undefined) return undefined;
    const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
    const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(status) ?? [];
    const files = await readdir(`/proc/${pid}/fd`).catch(() => []);
    const targets = await Promise.all(files.map((file) => readlink(`/proc/${pid}/fd/${file}`).catch(() => "")));
    const sockets = targets.filter((target) => target.startsWith("socket:")).length;
    return { memoryMb: Math.round(Number(kilobytes) / 1024), sockets };
  }

  /** Heap after forced collections. */
  async heapBytes(): Promise<number> {
    if (this.#child === undefined) throw new Error(`${this.name} is not running`);
    return askHeap(this.#child);
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || !this.running) return;
    this.#asked = true;
    const exited = once(child, "exit");
    child.kill(signal);
    await exited;
  }
}
