import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { findFreePort } from "../../../shared/testing/processes/free-port.ts";

type Service = "api" | "worker";

const root = fileURLToPath(new URL("../../..", import.meta.url));
/** Of a start, on a busy machine. */
const startLimitMs = 30_000;
/** Kept of what a process says; a failing test shows it. */
const maxOutputChars = 200_000;

/** One process of the product, as it runs in production; it ends with us. */
export class ServiceProcess {
  readonly service: Service;
  /** Where it answers; workers have none. */
  readonly url: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<number | NodeJS.Signals>;
  #output = "";

  constructor(service: Service, env: Record<string, string>, cwd = root) {
    this.service = service;
    this.url = `http://127.0.0.1:${env["PORT"]}`;
    this.#child = spawn(process.execPath, [`${root}services/${service}/main.ts`], {
      cwd,
      // Nothing of the test run's own environment: it would set the product's switches.
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output = (this.#output + text).slice(-maxOutputChars);
      });
    }
    // Not `exit`: what it wrote last may still be on its way then.
    this.#exited = once(this.#child, "close").then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  }

  /** Everything it has written so far. */
  get output(): string {
    return this.#output;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** @throws with what it wrote when it ends, or says nothing for long, instead of being ready */
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

  /** SIGTERM; resolves with the exit code, or the signal that ended it. */
  async stop(): Promise<number | NodeJS.Signals> {
    this.#child.kill("SIGTERM");
    return this.#exited;
  }

  /** SIGKILL, also of a paused one. */
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

/** Between finding a free port and binding it, somebody else may take it. */
const portAttempts = 3;

interface StartOptions {
  /** Where its `config/` stands; by default the repository. */
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
    if (attempt < portAttempts && started.output.includes("is taken"))
      return startService(service, env, { cwd, attempt: attempt + 1 });
    throw error;
  }
}
