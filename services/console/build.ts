/// <reference types="node" />
import { build } from "esbuild";
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
const dist = join(folder, "dist");

/** Builds `dist/console.js` and the files in `dist/console/`: all that the pages at `/console` load. */
async function buildConsole(): Promise<void> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: [
      { in: "console.ts", out: "console" },
      { in: "styles/console.css", out: "console/console" },
      { in: "knowledge/knowledge.ts", out: "console/knowledge" },
      { in: "styles/knowledge.css", out: "console/knowledge" },
      { in: "account/account.ts", out: "console/account" },
      { in: "styles/account.css", out: "console/account" },
      { in: "settings/settings.ts", out: "console/settings" },
      { in: "styles/settings.css", out: "console/settings" },
      { in: "account/sign-in.ts", out: "console/sign-in" },
      { in: "styles/sign-in.css", out: "console/sign-in" },
    ],
    outdir: dist,
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    legalComments: "none",
    charset: "utf8",
    // As the widget's: `light-dark()` is the youngest feature used.
    target: ["chrome123", "firefox124", "safari17.5"],
    logLevel: "warning",
  });
  // The script last: it is what a reader looks for to know that all is there.
  const inOrder = outputFiles.toSorted((a, b) => b.path.length - a.path.length);
  for (const { path, contents } of inOrder) {
    await mkdir(dirname(path), { recursive: true });
    // Builds may run in several processes at once: nobody may read half a file.
    const temporary = `${path}.${process.pid}`;
    await writeFile(temporary, contents);
    await rename(temporary, path);
  }
}

await buildConsole();
