import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readPassword, superuser } from "./data-dir.ts";

/** Finds the URL of the PostgreSQL that another process of ours runs in this folder; `undefined` if there is none. */
export async function findRunning(folder: string): Promise<string | undefined> {
  const [pid, , , port] = (await readFile(join(folder, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  if (!pid || !port) return undefined;
  return `postgres://${superuser}:${await readPassword(folder)}@127.0.0.1:${port}/postgres`;
}
