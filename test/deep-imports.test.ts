import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import * as promClient from "prom-client";
import * as rateLimiterFlexible from "rate-limiter-flexible";
import { describe, expect, it } from "vitest";

// Two packages are imported file by file, because their indexes cost memory in every process. Such paths are no promise
// of a package: a new version may move, rename or split its files.

const root = fileURLToPath(new URL("..", import.meta.url));

const packages = [
  { name: "prom-client", index: promClient, importer: "shared/metrics.ts" },
  { name: "rate-limiter-flexible", index: rateLimiterFlexible, importer: "services/api/limits/rate-limits.ts" },
] as const;

/** The files of a package that our sources import, like `lib/counter.js`. */
async function importedFiles(name: string): Promise<string[]> {
  const found = new Set<string>();
  for (const folder of ["services", "shared"]) {
    const files = await readdir(join(root, folder), { recursive: true });
    for (const file of files.filter((each) => each.endsWith(".ts") && !/\.(?:d|test)\.ts$/.test(each))) {
      const source = await readFile(join(root, folder, file), "utf8");
      for (const [, path = ""] of source.matchAll(new RegExp(`"${name}/(lib/[^"]+)"`, "g"))) found.add(path);
    }
  }
  return [...found];
}

describe.each(packages)("the files of $name", ({ name, index, importer }) => {
  it("export the classes of its index, which give them their types", async () => {
    const files = await importedFiles(name);
    expect(files.length).toBeGreaterThan(2);
    const classes = Object.entries(index);
    for (const file of files) {
      const { default: deep } = (await import(/* @vite-ignore */ `${name}/${file}`)) as { default: unknown };
      const [exported] = classes.find(([, each]) => each === deep) ?? [];
      expect(exported?.toLowerCase(), file).toBe(file.replace(/^lib\/(.*)\.js$/, "$1").toLowerCase());
    }
  });

  it("are loaded without that index", async () => {
    const script = `
      const { createRequire } = await import("node:module");
      await import(${JSON.stringify(join(root, importer))});
      const loaded = Object.keys(createRequire(${JSON.stringify(join(root, "package.json"))}).cache);
      console.log(JSON.stringify(loaded.filter((path) => path.includes("/node_modules/${name}/"))));`;
    const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script]);
    const loaded = JSON.parse(stdout) as string[];
    expect(loaded.some((path) => path.includes(`/${name}/lib/`))).toBe(true);
    expect(loaded.filter((path) => path.endsWith("/index.js"))).toEqual([]);
  });
});
