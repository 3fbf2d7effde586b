import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { entryOf } from "../../../shared/testing/processes/compiled-services.ts";
import { findFreePort } from "../../../shared/testing/processes/free-port.ts";

export type Service = "api" | "worker" | "knowledge";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Also holds the first file of a process, which is loaded before the process can turn its own cache on. */
const compileCache = join(tmpdir(), "node-compile-cache");
/** Start timeout on a busy machine. */
const startLimitMs = 30_000;
/** Maximum output kept of a process, for the message of a failing test. */
const maxOutputChars = 200_000;

/** One process of the product, run as in production; it ends with the test process. */
export class ServiceProcess {
  readonly service: Service;
  /** Its address; workers have none. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals>;
  #output = "";
  #writtenChars = 0;

  constructor(service: Service, env: Record<string, string>, cwd = root) {
    this.service = service;
    this.url = `http://127.0.0.1:${env["PORT"]}`;
    this.#child = spawn(process.execPath, [entryOf(service)], {
      cwd,
      // The test run's own environment is left out, as it would set the product's switches.
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], NODE_COMPILE_CACHE: compileCache, ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-maxOutputChars);
        this.#writtenChars += text.length;
      });
    }
    // `close` instead of `exit`, at which the last output may still be in flight.
    this.#exited = once(this.#child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  }

  /** Complete output so far. */
  get output(): string {
    return this.#output;
  }

  /** Length of all output so far, in UTF-16 units: a position for `outputSince`. */
  get writtenChars(): number {
    return this.#writtenChars;
  }

  /** Output after that position. */
  outputSince(position: number): string {
    return this.#output.slice(Math.max(0, this.#output.length - (this.#writtenChars - position)));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws with its output if it exits, or stays silent for long, before it is ready */
  async ready(): Promise<void> {
    const limit = new AbortController();
    const outcome = await Promise.race([
      once(this.#child, "message", { signal: limit.signal }).then(() => "ready"),
      this.#exited.then((code) => `ended at its start (${code})`),
      new Promise<string>((resolve) => {
        const timer = setTimeout(() => resolve(`is not ready after ${startLimitMs} ms`), startLimitMs);
        limit.signal.addEventListener("abort", () => clearTimeout(timer));
      }),
    ]);
    limit.abort();
    if (outcome !== "ready") throw new Error(`${this.service} ${outcome}:\n${this.#output}`);
  }

  /** Sends SIGTERM; resolves with the exit code, or the signal that ended it. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  /** Sends SIGKILL, which also ends a paused process. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.#exited;
  }

  pause(): void {
    this.signal("SIGSTOP");
  }

  resume(): void {
    this.signal("SIGCONT");
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** Number of tries for a port: between finding a free one and binding it, another process may take it. */
const portAttempts = 3;

interface StartOptions {
  /** Folder of its `config/`; defaults to the repository. */
  cwd?: string | undefined;
  attempt?: number;
}

/** Starts an API, on a free port unless `PORT` names one, or a worker; resolves when it is ready. */
export async function startService(
  service: Service,
  env: Record<string, string>,
  { cwd, attempt = 1 }: StartOptions = {},
): Promise<ServiceProcess> {
  const port: Record<string, string> = service === "api" ? { PORT: String(await findFreePort()) } : {};
  const started = new ServiceProcess(service, { ...port, ...env }, cwd);
  try {
    await started.ready();
    return started;
  } catch (error) {
    await started.kill();
    if (attempt < portAttempts && started.output.includes(`Port ${new URL(started.url).port} is taken`))
      return startService(service, env, { cwd, attempt: attempt + 1 });
    throw error;
  }
}
