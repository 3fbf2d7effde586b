import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { root } from "./child.ts";

/** Of the packages that are installed here and are not for developers alone, in MB. */
export async function installedMb(): Promise<number> {
  const lock = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const paths = Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && !dev);
  const sizes = await Promise.all(paths.map(([path]) => folderBytes(join(root, path))));
  return sizes.reduce((total, size) => total + size, 0) / 1024 ** 2;
}

/** Without the packages inside: they are listed by themselves. */
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
