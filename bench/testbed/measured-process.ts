import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { within } from "../../shared/async/within.ts";

export const root = fileURLToPath(new URL("../..", import.meta.url));
/** Start timeout on a busy machine. */
const startLimitMs = 60_000;
/** Characters shown of the log of a process that failed. */
const shownChars = 4000;

export interface ProcessOptions {
  name: string;
  /** Path in the repository, or in `root`. */
  script: string;
  /** Folder of another checkout; defaults to this repository. */
  root?: string;
  args?: readonly string[];
  env: Record<string, string>;
  /** File for its output, like a log collector's. */
  logFile: string;
  /** Defaults to the root. */
  cwd?: string;
}

export interface Usage {
  /** User and system time together, in milliseconds. */
  cpuMs: number;
  /** Resident memory in MB. */
  memoryMb: number;
}

const running = new Set<ChildProcess>();
process.once("exit", () => {
  for (const child of running) child.kill("SIGKILL");
});

/** A process that reports over IPC that it is ready. Killed when no longer needed, or with this process. */
export class MeasuredProcess implements AsyncDisposable {
  readonly #options: ProcessOptions;
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;

  private constructor(options: ProcessOptions) {
    const log = openSync(options.logFile, "a");
    this.#options = options;
    const folder = options.root ?? root;
    this.#child = spawn(process.execPath, [join(folder, options.script), ...(options.args ?? [])], {
      cwd: options.cwd ?? folder,
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...options.env },
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#exited = once(this.#child, "exit");
    running.add(this.#child);
    this.#child.once("exit", () => running.delete(this.#child));
  }

  /** @throws with the end of its log if it exits before it is ready */
  static async start(options: ProcessOptions): Promise<MeasuredProcess> {
    const started = new MeasuredProcess(options);
    const ended = started.#exited.then(() => Promise.reject(new Error("ended at its start")));
    try {
      await within(startLimitMs, Promise.race([once(started.#child, "message"), ended]));
      return started;
    } catch (error) {
      await started[Symbol.asyncDispose]();
      const log = readFileSync(options.logFile, "utf8").slice(-shownChars);
      throw new Error(`${options.name} could not start; its log ends:\n${log}`, { cause: error });
    }
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error(`${this.#options.name} never ran`);
    return pid;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Resources used so far, as reported by Linux. */
  usage(): Usage {
    return usageOf(this.pid);
  }

  /** Sends a message, and returns its answer. */
  async ask<T>(message: object): Promise<T> {
    const ended = this.#exited.then(() => Promise.reject(new Error(`${this.name} ended before it answered`)));
    const answer = Promise.race([once(this.#child, "message"), ended]);
    this.#child.send(message);
    const [content] = (await answer) as [T];
    return content;
  }

  pause(): void {
    this.#child.kill("SIGSTOP");
  }

  resume(): void {
    this.#child.kill("SIGCONT");
  }

  /** Requests shutdown; resolves at exit. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#exited;
  }

  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

/** Unit of the kernel's CPU times: hundredths of a second on all Linux systems. */
const tickMs = 10;

function usageOf(pid: number): Usage {
  const [, kilobytes = "0"] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return { cpuMs: readStat(pid).cpuMs, memoryMb: Number(kilobytes) / 1024 };
}

/** CPU time of the children of a process that are running. */
export function cpuMsOfChildren(parentPid: number): number {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.reduce((total, pid) => {
    try {
      const stat = readStat(Number(pid));
      return stat.parentPid === parentPid ? total + stat.cpuMs : total;
    } catch {
      // It has ended meanwhile.
      return total;
    }
  }, 0);
}

function readStat(pid: number): { parentPid: number; cpuMs: number } {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The second field is the command in parentheses, which may contain spaces.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { parentPid: Number(fields[1]), cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs };
}
