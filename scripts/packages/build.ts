import { execFileSync } from "node:child_process";
import { copyFile, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

// Builds the package in the present folder: `dist/` with one module and one file of types for each source, without a
// bundler, so that the developers of a page meet the code that is written here. `npm pack` runs it.

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Builds a package after those that it depends on, whose types it refers to. */
async function build(folder: string): Promise<void> {
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    dependencies?: Record<string, string>;
  };
  const ours = Object.keys(dependencies).filter((name) => name.startsWith("@parley/"));
  for (const name of ours) await build(join(root, "packages", name.slice("@parley/".length)));
  const [source, dist] = [join(folder, "source"), join(folder, "dist")];
  await rm(dist, { recursive: true, force: true });
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [compiler, "-p", join(folder, "tsconfig.build.json")], { stdio: "inherit" });
  // The compiler leaves them where they are.
  const declarations = (await readdir(source)).filter((name) => name.endsWith(".d.ts"));
  await Promise.all(declarations.map((name) => copyFile(join(source, name), join(dist, name))));
  await copyFile(join(root, "LICENSE"), join(folder, "LICENSE"));
}

await build(process.cwd());
