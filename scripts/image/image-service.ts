import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { processTree } from "../../shared/testing/processes/processes.ts";
import type { Buildah } from "./buildah.ts";

/** A service of the product that runs in its image. */
export interface ImageService extends AsyncDisposable {
  /** User id of its process. */
  uid: number;
  /** Ends it with SIGTERM; resolves with its exit code. */
  stop: () => Promise<number | null>;
}

interface ServiceOptions {
  image: string;
  command: string[];
  env: Record<string, string>;
  /** Answers 200 once the service can work. */
  readyUrl: string;
  signal: AbortSignal;
}

/** Time limit of a start: copying the image's files and starting Node take seconds. */
const startLimitMs = 60_000;

/** Starts a service in a container of its own; resolves when it is ready. */
export async function startImageService(buildah: Buildah, options: ServiceOptions): Promise<ImageService> {
  const { image, command, env, readyUrl, signal } = options;
  const child = buildah.startIn(await buildah.create(image), command, env);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (text: string) => (output = (output + text).slice(-20_000)));
  }
  const exited = once(child, "exit");
  // Buildah itself would kill the service at once.
  const signalService = (name: NodeJS.Signals) => {
    const pid = pidOfService(child);
    if (pid !== undefined) process.kill(pid, name);
    else child.kill(name);
  };
  const end = async (name: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) signalService(name);
    await exited;
    return child.exitCode;
  };
  try {
    await untilReady(readyUrl, child, signal);
    return {
      uid: uidOf(pidOfService(child)),
      stop: () => end("SIGTERM"),
      [Symbol.asyncDispose]: async () => void (await end("SIGKILL")),
    };
  } catch (error) {
    await end("SIGKILL");
    throw new Error(`${command.join(" ")} does not get ready in the image:\n${output}`, { cause: error });
  }
}

async function untilReady(url: string, child: ChildProcess, signal: AbortSignal): Promise<void> {
  const deadline = performance.now() + startLimitMs;
  for (;;) {
    signal.throwIfAborted();
    const status = await fetch(url, { signal: AbortSignal.timeout(2000) }).then(
      (response) => response.status,
      (error: Error) => error.message,
    );
    if (status === 200) return;
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    if (performance.now() > deadline) throw new Error(`${url} answers ${status}`);
    await sleep(200);
  }
}

/** The service is the last of the processes that buildah starts, one out of the other. */
function pidOfService({ pid }: ChildProcess): number | undefined {
  const started = pid === undefined ? [] : processTree(pid);
  return started.findLast(({ command }) => /^\S*node /.test(command))?.pid;
}

function uidOf(pid: number | undefined): number {
  return Number(/^Uid:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);
}
