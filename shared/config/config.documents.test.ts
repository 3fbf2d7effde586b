import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { configKeys, readEnvironment } from "./config.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const example = readFileSync(`${root}/.env.example`, "utf8").split("\n");
const table = readFileSync(`${root}/docs/configuration.md`, "utf8").split("\n");

describe(".env.example", () => {
  const settings = example.flatMap((line, index) => {
    const [, key, value] = /^#([A-Z_]+)=(.*)$/.exec(line) ?? [];
    const [before, meaning] = [example[index - 2] ?? "", example[index - 1] ?? ""];
    return key === undefined || value === undefined ? [] : [{ key, value, before, meaning }];
  });

  it("lists every setting, in order", () => {
    expect(settings.map(({ key }) => key)).toEqual(configKeys);
  });

  it("shows the defaults", () => {
    const shown = readEnvironment(Object.fromEntries(settings.map(({ key, value }) => [key, value])));
    expect(shown).toEqual(readEnvironment({}));
  });

  it("shows every default there is", () => {
    const withValue = settings.filter(({ value }) => value !== "").map(({ key }) => key);
    expect(withValue).toEqual(configKeys.filter((key) => key in readEnvironment({})));
  });

  it("describes each setting in one line", () => {
    for (const { key, before, meaning } of settings) {
      expect(meaning, key).toMatch(/^# \S.{5,}/);
      // The line above belongs to another key, or is a heading.
      expect(before, key).toMatch(/^(#[A-Z_]+=|## )/);
    }
  });

  it("contains no Markdown in descriptions", () => {
    for (const { key, meaning } of settings) expect(meaning, key).not.toMatch(/`|\]\(/);
  });

  it("sets nothing when copied unchanged", () => {
    expect(example.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });
});

describe("table in docs/configuration.md", () => {
  const rows = table.flatMap((line) => {
    const [, key, value = "", parts, meaning] = /^\| `([A-Z_]+)` \| (?:`(.*?)` )?\| (.+?) \| (.+) \|$/.exec(line) ?? [];
    return key === undefined ? [] : [{ key, value, parts, meaning }];
  });

  it("lists every setting, in order", () => {
    expect(rows.map(({ key }) => key)).toEqual(configKeys);
  });

  it("shows the defaults", () => {
    const shown = readEnvironment(Object.fromEntries(rows.map(({ key, value }) => [key, value])));
    expect(shown).toEqual(readEnvironment({}));
    const withValue = rows.filter(({ value }) => value !== "").map(({ key }) => key);
    expect(withValue).toEqual(configKeys.filter((key) => key in readEnvironment({})));
  });

  it("names the processes that read a setting", () => {
    for (const { key, parts } of rows)
      expect(parts, key).toMatch(/^(migrate, )?(api, worker(, knowledge)?|api|worker(, knowledge)?|knowledge)$/);
  });

  it("ends each description as a sentence and breaks no cell", () => {
    for (const { key, meaning } of rows) {
      expect(meaning, key).toMatch(/\.$/);
      expect(meaning, key).not.toContain("|");
    }
  });
});

describe("write:configuration", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "parley-configuration-"));
    mkdirSync(`${folder}/docs`);
    for (const path of ["docs/configuration.md", ".env.example"]) cpSync(`${root}/${path}`, `${folder}/${path}`);
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("finds the documents of this repository up to date", async () => {
    expect(await run("--check")).toEqual({ code: 0, errors: "" });
  });

  it.each(["docs/configuration.md", ".env.example"])("fails its check where %s differs, and mends it", async (path) => {
    const written = readFileSync(`${folder}/${path}`, "utf8");
    const changed = written.replace("3000", "3001");
    expect(changed).not.toBe(written);
    writeFileSync(`${folder}/${path}`, changed);

    const { code, errors } = await run("--check");
    expect(code).toBe(1);
    expect(errors).toBe(`${path} differs from the settings in shared/config: run npm run write:configuration\n`);
    expect(readFileSync(`${folder}/${path}`, "utf8")).toBe(changed);

    expect(await run()).toEqual({ code: 0, errors: "" });
    expect(readFileSync(`${folder}/${path}`, "utf8")).toBe(written);
  });

  it("fails its check if a document is missing", async () => {
    rmSync(`${folder}/.env.example`);
    expect((await run("--check")).code).toBe(1);
  });

  async function run(...options: string[]): Promise<{ code: number | null; errors: string }> {
    const script = `${root}/scripts/write-configuration.ts`;
    return new Promise((resolve) => {
      const child = execFile(process.execPath, [script, "--root", folder, ...options], (_error, _output, errors) =>
        resolve({ code: child.exitCode, errors }),
      );
    });
  }
});
