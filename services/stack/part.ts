import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { within } from "../../shared/async/within.ts";
import { StackError } from "./stack-error.ts";
import type { Run } from "./supervised.ts";
import { partEndMs } from "../../shared/tunables.ts";

/** One process of the product. It calls `process.send("ready")`, and exits when its IPC channel closes. */
export interface Part {
  name: string;
  /** Absolute path. */
  script: string;
}

interface StartOptions {
  env: NodeJS.ProcessEnv;
  /** Aborted when the part is no longer wanted. */
  stopping: AbortSignal;
  /** Aborted to kill the part instead of waiting for an orderly end. */
  hurry: AbortSignal;
}

/**
 * Size of V8's young generation in MB, as in `npm run api` and the image. Node's default depends on the machine's
 * memory: on a large one each process would hold 100 MB more, for no measurable gain.
 */
const nodeOptions = ["--max-semi-space-size=16"];
/** Connecting to the stores takes the longest; a part that is not ready by then hangs. */
const readyMs = 60_000;

/**
 * Starts a part and resolves when it is ready.
 * @throws {StackError} when it ends or is unwanted before that; then nothing of it is left
 */
export async function startPart({ name, script }: Part, { env, stopping, hurry }: StartOptions): Promise<Run> {
  // Own process group: a terminal's Ctrl-C reaches only this process, which ends the parts in order.
  const child = spawn(process.execPath, [...nodeOptions, script], {
    detached: true,
    env,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const exited = new Promise<string>((resolve) => {
    child.once("exit", (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once("error", (error) => resolve(error.message));
  });
  const run = { exited, stop: () => end(child, exited, hurry) };
  const ended = exited.then((how) =>
    Promise.reject(new StackError(`${name} exited before it was ready (${how}). See its log above.`)),
  );
  try {
    await within(readyMs, Promise.race([says(child, "ready"), ended, rejectWhen(stopping)]));
    return run;
  } catch (error) {
    await run.stop();
    throw error;
  }
}

function says(child: ChildProcess, expected: string): Promise<void> {
  return new Promise((resolve) => {
    child.on("message", (message) => {
      if (message === expected) resolve();
    });
  });
}

async function end(child: ChildProcess, exited: Promise<string>, hurry: AbortSignal): Promise<void> {
  child.kill("SIGTERM");
  try {
    await within(partEndMs, Promise.race([exited, rejectWhen(hurry)]));
  } catch {
    child.kill("SIGKILL");
    await exited;
  }
}

/** Rejects with the signal's reason once it is aborted; never resolves. */
export async function rejectWhen(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}
