import { lstat, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./measured-process.ts";

/**
 * Size in MB of what `npm ci --omit=dev` installs on this machine, with what install scripts added: the package `node`
 * gets its program that way.
 */
export async function installSizeMb(): Promise<number> {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; link?: boolean }>;
  };
  const listed = new Set(Object.keys(lock.packages).map((path) => join(root, path)));
  const production = Object.entries(lock.packages).filter(
    ([path, { dev, link }]) => path.startsWith("node_modules/") && !dev && !link,
  );
  const files = new Map<number, number>();
  for (const [path] of production) await addFiles(join(root, path), { listed, files });
  return [...files.values()].reduce((total, size) => total + size, 0) / 1024 ** 2;
}

/** Sizes by inode, as a file that has two names takes its space once; without packages that the lock lists for themselves. */
async function addFiles(folder: string, found: { listed: Set<string>; files: Map<number, number> }): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!found.listed.has(path)) await addFiles(path, found);
    } else if (entry.isFile()) {
      const { ino, size } = await lstat(path);
      found.files.set(ino, size);
    }
  }
}
