import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./measured-process.ts";

/** Size of the installed packages except development dependencies, in MB. */
export async function installSizeMb(): Promise<number> {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const paths = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && !dev);
  const sizes = await Promise.all(paths.map(([path]) => folderBytes(join(root, path))));
  return sizes.reduce((total, size) => total + size, 0) / 1024 ** 2;
}

/** Size of a folder without the packages inside, which are listed separately. */
async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const sizes = await Promise.all(
    entries.map(async (entry) => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return entry.name === "node_modules" ? 0 : folderBytes(path);
      return entry.isFile() ? (await stat(path)).size : 0;
    }),
  );
  return sizes.reduce((total, size) => total + size, 0);
}
