import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));

/** Folders that are installed, built or written by a running process; `.gitignore` has them, too. */
const notOurs = new Set([".git", ".data", "node_modules", "dist", "coverage", "screenshots"]);

const maxFilesInFolder = 20;
/** A shorter file with one importer costs its reader a hop, and hides nothing. */
const minLines = 15;

function list(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (!entry.isDirectory()) return [relative(root, path).split(sep).join("/")];
    return notOurs.has(entry.name) ? [] : list(path);
  });
}

const files = list(root);
const isTest = (file: string) => /\.(?:test|testsuite)\.ts$/.test(file);
const code = new Map(
  files
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
    .map((file) => [file, readFileSync(join(root, file), "utf8")]),
);
const sources = [...code].filter(([file]) => !isTest(file));

/**
 * Importers of each file by `import … from`, tests aside. A file that is only loaded with `import()`, preloaded or
 * started has none: it is an entry point.
 */
function importers(): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const [file, text] of sources) {
    for (const [, path = ""] of text.matchAll(/^(?:import|export)\b[^"]*?\bfrom "(\.[^"]+)"/gm)) {
      const target = join(dirname(file), path).split(sep).join("/");
      found.set(target, (found.get(target) ?? new Set()).add(file));
    }
  }
  return found;
}

/** Names that each file of a set exports alike: a mapper of each provider, the strings of each language. */
const sets = [
  /^services\/worker\/providers\/[a-z-]+\/(?:from-event|to-error|to-request)\.ts$/,
  /^services\/widget\/i18n\/(?:late\/|people\/people-|cards\/card-)?[a-z]{2}\.ts$/,
];

function exportedNames(text: string): string[] {
  const declared = /^export (?:abstract |async |declare )*(?:class|const|enum|function\*?|interface|let|type) (\w+)/gm;
  return [...text.matchAll(declared)].map(([, name = ""]) => name);
}

describe("repository", () => {
  it(`has at most ${maxFilesInFolder} files in a folder, the root and the lists of migrations and findings aside`, () => {
    const folders = Map.groupBy(files, (file) => dirname(file));
    // Migrations are a list in the order of time. A file that is applied is not moved.
    for (const folder of [".", "migrations", "findings"]) folders.delete(folder);
    const full = [...folders].filter(([, inside]) => inside.length > maxFilesInFolder);
    expect(full.map(([folder, inside]) => `${folder}: ${inside.length} files`)).toEqual([]);
  });

  it(`has no source file under ${minLines} lines with a single importer`, () => {
    const small = sources.filter(([, text]) => text.split("\n").length - 1 < minLines).map(([file]) => file);
    const all = importers();
    expect(small.filter((file) => all.get(file)?.size === 1)).toEqual([]);
    // The pattern above finds importers at all.
    expect(all.get("shared/describe-error.ts")?.size).toBeGreaterThan(1);
  });

  it("exports no name from two source files", () => {
    const named = sources
      .filter(([file]) => !file.startsWith("migrations/") && !sets.some((set) => set.test(file)))
      .flatMap(([file, text]) => exportedNames(text).map((name) => ({ name, file })));
    const repeated = [...Map.groupBy(named, ({ name }) => name)].filter(([, all]) => all.length > 1);
    expect(repeated.map(([name, all]) => [name, ...all.map(({ file }) => file)])).toEqual([]);
    expect(named.length).toBeGreaterThan(500);
  });
});
