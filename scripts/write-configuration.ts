import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { configurationDocuments } from "./configuration-documents.ts";

// Writes the documents of the settings. With `--check` it writes nothing, and exits with 1 if one of them differs.
// `--root` names another folder than this repository.

const { values } = parseArgs({ options: { check: { type: "boolean" }, root: { type: "string" } } });
const root = values.root ?? fileURLToPath(new URL("..", import.meta.url));

for (const [path, text] of configurationDocuments()) {
  const file = `${root}/${path}`;
  if (values.check !== true) await writeFile(file, text);
  else if ((await readFile(file, "utf8").catch(() => "")) !== text) {
    console.error(`${path} differs from the settings in shared/config: run npm run write:configuration`);
    process.exitCode = 1;
  }
}
