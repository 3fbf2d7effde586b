import { execFile, spawn, type ChildProcess } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const execute = promisify(execFile);

/** Output kept of a command, for its error. */
const maxOutputBytes = 64 * 1024 ** 2;

/** Runs a command to its end and returns its output. */
export async function run(
  command: string,
  args: string[],
  options: { env?: NodeJS.ProcessEnv; signal?: AbortSignal } = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, args, { ...options, maxBuffer: maxOutputBytes });
    return stdout.trim();
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const output = `${stdout}\n${stderr}`.trim().split("\n").slice(-30).join("\n");
    throw new Error(`${command} ${args[0]} failed:\n${output}`, { cause: error });
  }
}

/** Buildah with images of its own in one folder, without an engine: whatever it makes goes with the folder. */
export class Buildah {
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;

  private constructor(env: NodeJS.ProcessEnv, signal: AbortSignal) {
    this.#env = env;
    this.#signal = signal;
  }

  static async open(folder: string, signal: AbortSignal): Promise<Buildah> {
    await mkdir(folder);
    const file = join(folder, "storage.conf");
    // Copies instead of overlays: that needs no support of the kernel.
    const settings = { driver: "vfs", graphroot: join(folder, "graph"), runroot: join(folder, "run") };
    const lines = Object.entries(settings).map(([name, value]) => `${name} = ${JSON.stringify(value)}`);
    await writeFile(file, ["[storage]", ...lines, ""].join("\n"));
    return new Buildah({ ...process.env, CONTAINERS_STORAGE_CONF: file }, signal);
  }

  /** Builds a folder's Dockerfile. */
  async build(tag: string, folder: string, args: string[] = []): Promise<void> {
    // Docker's format: the other one has no HEALTHCHECK.
    await this.#run("bud", ...isolation, "--format", "docker", ...args, "--tag", tag, folder);
  }

  /** Makes a container of an image, with a file system of its own. */
  create(image: string): Promise<string> {
    return this.#run("from", "--pull-never", image);
  }

  /** Returns the folder of a container's files. */
  mount(container: string): Promise<string> {
    return this.#run("mount", container);
  }

  /** Runs a command in a container to its end. */
  runIn(container: string, command: string[], env: Record<string, string>): Promise<string> {
    return this.#run("run", ...isolation, ...envArgs(env), container, "--", ...command);
  }

  /** Starts a command in a container, on the network of this machine. */
  startIn(container: string, command: string[], env: Record<string, string>): ChildProcess {
    return spawn("buildah", ["run", ...isolation, ...envArgs(env), container, "--", ...command], {
      env: this.#env,
      stdio: ["ignore", "pipe", "pipe"],
    });
  }

  /** Returns an image's health check: a kind and a command. */
  async healthCheck(image: string): Promise<string[]> {
    const text = await this.#run("inspect", "--type", "image", image);
    const { Docker: docker } = JSON.parse(text) as { Docker?: { config?: { Healthcheck?: { Test?: string[] } } } };
    return docker?.config?.Healthcheck?.Test ?? [];
  }

  #run(...args: string[]): Promise<string> {
    return run("buildah", args, { env: this.#env, signal: this.#signal });
  }
}

/** Needs no right but that to call chroot. */
const isolation = ["--isolation", "chroot"];

function envArgs(env: Record<string, string>): string[] {
  return Object.entries(env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
}
