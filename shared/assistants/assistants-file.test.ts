import { mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pino } from "pino";
import { expect, it, onTestFinished } from "vitest";
import { ConfigError } from "../config/config.ts";
import { AssistantsFile } from "./assistants-file.ts";

const provider = {
  name: "compatible",
  model: "priced",
  available: true,
  capabilities: { streaming: true, threads: false },
};

function fileOf(name: string, more: object = {}): string {
  const presets = [
    { default: true, reply: "Yes?" },
    { fallback: true, reply: "Later." },
  ];
  return JSON.stringify({
    assistants: { default: { name, description: "Helps", instructions: "Help.", presets, ...more } },
  });
}

async function open() {
  const folder = await mkdtemp(join(tmpdir(), "parley-reload-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "config"));
  const path = join(folder, "config/assistants.json");
  await writeFile(path, fileOf("First"));
  await writeFile(join(folder, "config/prices.json"), JSON.stringify({ priced: { input: 1, output: 2 } }));
  const lines: { level: number; msg: string }[] = [];
  const write = (line: string) => lines.push(JSON.parse(line) as (typeof lines)[number]);
  const file = await AssistantsFile.open({ providers: () => [provider], log: pino({ base: null }, { write }), folder });
  return { folder, path, file, lines, name: () => file.assistants.get("default")?.name };
}

async function lookTwice(file: AssistantsFile): Promise<void> {
  await file.look();
  await file.look();
}

it("uses a changed file once it was the same at two looks, and says so once", async () => {
  const { path, file, lines, name } = await open();
  await file.look();
  await writeFile(path, fileOf("Second"));
  const before = file.assistants;
  await file.look();
  expect(name()).toBe("First");
  await file.look();
  expect(name()).toBe("Second");
  expect(before.get("default")?.name).toBe("First");
  await lookTwice(file);
  expect(lines.map(({ msg }) => msg)).toEqual([expect.stringContaining("are in use")]);
});

it("does not mistake a half-written file for a fault", async () => {
  const { path, file, lines, name } = await open();
  const text = fileOf("Second");
  for (const share of [0.2, 0.5, 0.9]) {
    await writeFile(path, text.slice(0, Math.floor(text.length * share)));
    await file.look();
  }
  await writeFile(path, text);
  await lookTwice(file);
  expect(name()).toBe("Second");
  expect(lines.filter(({ level }) => level > 30)).toEqual([]);
});

it.each([
  ["not JSON", "{", /expected JSON/],
  ["without a field", fileOf("X", { instructions: undefined }), /assistants\.default\.instructions/],
  [
    "with a budget for a model without a price",
    fileOf("X", { budget: 1, provider: "compatible", model: "m" }),
    /price/,
  ],
])("keeps what is in use where the file is %s, and says once what is wrong", async (_, text, reason) => {
  const { path, file, lines, name } = await open();
  await writeFile(path, text);
  await lookTwice(file);
  await lookTwice(file);
  expect(name()).toBe("First");
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatchObject({ level: 50, msg: expect.stringMatching(reason) as string });
  await writeFile(path, fileOf("First"));
  await lookTwice(file);
  expect(lines.at(-1)?.msg).toContain("again as they are in use");
  await writeFile(path, fileOf("Third"));
  await lookTwice(file);
  expect(name()).toBe("Third");
});

it("keeps what is in use while the file is away", async () => {
  const { path, file, lines, name } = await open();
  await unlink(path);
  await lookTwice(file);
  expect(name()).toBe("First");
  expect(lines[0]?.msg).toContain("ENOENT");
  await writeFile(path, fileOf("Second"));
  await lookTwice(file);
  expect(name()).toBe("Second");
});

it("follows an editor that replaces the file, and a ConfigMap that swaps a link to a folder", async () => {
  const { folder, path, file, name } = await open();
  await writeFile(`${path}~`, fileOf("Renamed over"));
  await rename(`${path}~`, path);
  await lookTwice(file);
  expect(name()).toBe("Renamed over");

  for (const version of ["..1", "..2"]) {
    await mkdir(join(folder, version));
    await writeFile(join(folder, version, "assistants.json"), fileOf(`Version ${version}`));
  }
  await symlink("..1", join(folder, "..data"));
  await unlink(path);
  await symlink(join("..", "..data", "assistants.json"), path);
  await lookTwice(file);
  expect(name()).toBe("Version ..1");
  await symlink("..2", join(folder, "..data_tmp"));
  await rename(join(folder, "..data_tmp"), join(folder, "..data"));
  await lookTwice(file);
  expect(name()).toBe("Version ..2");
});

it("uses both files together", async () => {
  const { folder, path, file, lines, name } = await open();
  await writeFile(path, fileOf("Second", { budget: 1, provider: "compatible", model: "new" }));
  await file.look();
  await writeFile(join(folder, "config/prices.json"), JSON.stringify({ new: { input: 1, output: 2 } }));
  await lookTwice(file);
  expect([name(), file.prices.has("new")]).toEqual(["Second", true]);
  expect(lines).toHaveLength(1);
});

it("refuses faulty files at the start of a process", async () => {
  const { folder, path } = await open();
  await writeFile(path, "{");
  const log = pino({ level: "silent" });
  await expect(AssistantsFile.open({ providers: () => [provider], log, folder })).rejects.toThrow(ConfigError);
});
