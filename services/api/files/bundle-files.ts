import { execFile } from "node:child_process";
import { readdir, readFile, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Logger } from "../../../shared/logger.ts";
import { type SharedFile, shareFile } from "./shared-file.ts";

/** A file of the bundle, as it is sent. */
export interface BundleFile extends SharedFile {
  /** True if its name contains the hash of its content, so that it never changes. */
  readonly immutable: boolean;
}

type Files = ReadonlyMap<string, BundleFile>;

/** A service that runs in browsers. Its build leaves `<name>.js`, and the files that it loads in a folder `<name>/`. */
type Bundle = "widget" | "console";

export interface BundleFilesOptions {
  bundle: Bundle;
  log: Logger;
  /** True to check repeatedly for changed sources and rebuild; otherwise they are checked only at the start. */
  watch: boolean;
  /** Folder with `build.ts`, in which `dist/` is created. */
  folder?: string;
  /** The module that `build.ts` needs; an image omits it. */
  bundler?: string;
}

/** A build takes a tenth of a second. */
const buildLimitMs = 30_000;
/** Minimum interval between checks of the sources, and before a failed build is tried again. */
const lookEveryMs = 1000;

/**
 * The widget or the console as browsers load it, in memory. Images contain it built. Elsewhere a separate process builds
 * it when it is first needed.
 */
export class BundleFiles {
  readonly #bundle: Bundle;
  readonly #folder: string;
  readonly #bundler: string;
  readonly #log: Logger;
  readonly #watch: boolean;
  #loaded: { at: number; files: Promise<Files> } | undefined;

  constructor({ bundle, log, watch, folder = folderOf(bundle), bundler = "esbuild" }: BundleFilesOptions) {
    this.#bundle = bundle;
    this.#log = log;
    this.#watch = watch;
    this.#folder = folder;
    this.#bundler = bundler;
  }

  /** Loads it ahead of the first request. */
  prepare(): void {
    this.#load().catch((error: unknown) => {
      this.#log.warn(
        { err: error },
        `The ${this.#bundle} could not be built. Install its packages (npm ci), then run npm run build.`,
      );
    });
  }

  /**
   * @param name within `dist/`, like `widget.js` or `widget/panel-AB12.js`
   * @returns `undefined` if there is no such file
   * @throws if it is not built and cannot be built
   */
  async find(name: string): Promise<BundleFile | undefined> {
    const files = await this.#load();
    return files.get(name) ?? inPlaceOf(name, files);
  }

  #load(): Promise<Files> {
    const now = Date.now();
    if (this.#loaded === undefined || (this.#watch && now - this.#loaded.at > lookEveryMs)) {
      const before = this.#loaded?.files;
      const files = this.#read(before);
      this.#loaded = { at: now, files };
      files.catch(() => {
        // Allow another try after a delay.
        setTimeout(() => {
          if (this.#loaded?.files === files) this.#loaded = undefined;
        }, lookEveryMs).unref();
      });
    }
    return this.#loaded.files;
  }

  async #read(before: Promise<Files> | undefined): Promise<Files> {
    const dist = join(this.#folder, "dist");
    const builtAt = await changedAt(join(dist, `${this.#bundle}.js`));
    const missing = builtAt === 0;
    const mayBuild = this.#watch || (before === undefined && canResolve(this.#bundler, this.#folder));
    const stale = missing || (mayBuild && (await newestSource(this.#folder)) > builtAt);
    if (!stale && before !== undefined) return before;
    if (stale) await this.#build(missing);
    return readFiles(dist, this.#bundle);
  }

  /** Keeps the old build if a new one fails. */
  async #build(missing: boolean): Promise<void> {
    try {
      await promisify(execFile)(process.execPath, [join(this.#folder, "build.ts")], { timeout: buildLimitMs });
    } catch (error) {
      if (missing) throw error;
      this.#log.warn({ err: error }, `the ${this.#bundle} could not be built; serving an older build`);
    }
  }
}

/**
 * Finds the successor of a file: a page loaded before an update requests the files of that version. The present file
 * with the same name before its hash works as well. (Chunks have no names; they are requested only by files of the
 * present version.)
 */
function inPlaceOf(name: string, files: Files): BundleFile | undefined {
  const [, stem] = /^(\w+\/(?!chunk-)[\w-]+-)[A-Z\d]{8}\.js$/.exec(name) ?? [];
  if (stem === undefined) return undefined;
  const [, file] = [...files].find(([path]) => path.startsWith(stem) && path.length === name.length) ?? [];
  return file && { ...file, immutable: false };
}

async function readFiles(dist: string, bundle: Bundle): Promise<Files> {
  const names = (await readdir(join(dist, bundle))).filter((name) => /\.(?:js|css|d\.ts)$/.test(name));
  const inside = names.map((name) => `${bundle}/${name}`);
  const files = await Promise.all([read(dist, `${bundle}.js`), ...inside.map((path) => readIfThere(dist, path))]);
  return new Map(files.filter((file) => file !== undefined));
}

async function read(dist: string, path: string): Promise<[string, BundleFile]> {
  return [path, toFile(path, await readFile(join(dist, path)))];
}

async function readIfThere(dist: string, path: string): Promise<[string, BundleFile] | undefined> {
  try {
    return await read(dist, path);
  } catch (error) {
    // Another process has just built anew, without this file.
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

function toFile(path: string, body: Buffer): BundleFile {
  return { ...shareFile(body), immutable: /-[A-Z\d]{8}\.js$/.test(path) };
}

function folderOf(bundle: Bundle): string {
  return fileURLToPath(new URL(`../../${bundle}`, import.meta.url));
}

/** Tests for the bundler. An image has none: its build belongs to it, whatever the times of its files. */
function canResolve(bundler: string, folder: string): boolean {
  try {
    createRequire(join(folder, "build.ts")).resolve(bundler);
    return true;
  } catch {
    return false;
  }
}

/** Milliseconds since 1970; 0 if the file does not exist. */
async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

/** Latest change of the sources and their folders; a folder's time shows that a file was removed. */
async function newestSource(folder: string): Promise<number> {
  const folders = [folder, ...["shared/markdown", "packages/client/source"].map((part) => join(folder, "../..", part))];
  const sources = await Promise.all(folders.map(sourcesIn));
  // The lock file's time shows changed packages.
  const lock = join(folder, "../../package-lock.json");
  return Math.max(...(await Promise.all([lock, ...sources.flat()].map(changedAt))));
}

async function sourcesIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !/\/(dist|demo|testing)(\/|$)|\.test\.ts$/.test(path.slice(folder.length)));
}
