import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { BenchOptionsError } from "../options.ts";

const run = promisify(execFile);
const migrationLimitMs = 60_000;

/** Another checkout of Parley, with its packages installed. */
export interface Checkout {
  readonly root: string;
  /** Entry points of its processes, in its root. */
  readonly scripts: { api: string; worker: string };
  /** Creates the checkout's own schema in an empty database. */
  migrate(databaseUrl: string): Promise<void>;
}

/** Entry points come from the checkout's npm scripts, as files may have other places there. */
const entryPoint = z
  .string()
  .regex(/\S+\.ts$/)
  .transform((command) => command.split(" ").at(-1) ?? "");
const packageFile = z.object({ scripts: z.object({ api: entryPoint, worker: entryPoint, migrate: entryPoint }) });

/** @throws {BenchOptionsError} if there is no checkout in this folder */
export async function openCheckout(folder: string): Promise<Checkout> {
  const root = resolve(folder);
  const text = await readFile(join(root, "package.json"), "utf8").catch(() => "null");
  const parsed = packageFile.safeParse(JSON.parse(text));
  if (!parsed.success)
    throw new BenchOptionsError(`--against: expected the folder of a checkout of Parley, not "${folder}"`);
  const { api, worker, migrate } = parsed.data.scripts;
  return {
    root,
    scripts: { api, worker },
    async migrate(databaseUrl) {
      const env = { PATH: process.env["PATH"], HOME: process.env["HOME"], DATABASE_URL: databaseUrl };
      await run(process.execPath, [join(root, migrate)], { cwd: root, env, timeout: migrationLimitMs });
    },
  };
}
