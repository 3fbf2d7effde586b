import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { configKeys, readEnvironment } from "./config.ts";

const example = readFileSync(new URL("../../.env.example", import.meta.url), "utf8").split("\n");
const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8").split("\n");

describe(".env.example", () => {
  const settings = example.flatMap((line, index) => {
    const [, key, value] = /^#([A-Z_]+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [{ key, value, meaning: example[index - 1] ?? "" }];
  });

  it("lists every key of the configuration, in its order", () => {
    expect(settings.map(({ key }) => key)).toEqual(configKeys);
  });

  it("shows the defaults", () => {
    const shown = readEnvironment(Object.fromEntries(settings.map(({ key, value }) => [key, value])));
    expect(shown).toEqual(readEnvironment({}));
  });

  it("shows each default that there is", () => {
    const withValue = settings.filter(({ value }) => value !== "").map(({ key }) => key);
    expect(withValue).toEqual(configKeys.filter((key) => key in readEnvironment({})));
  });

  it("says in one line what each key means", () => {
    for (const { key, meaning } of settings) expect(meaning, key).toMatch(/^# \S.{5,}/);
  });

  it("sets nothing when it is copied as it is", () => {
    expect(example.filter((line) => line !== "" && !line.startsWith("#"))).toEqual([]);
  });
});

describe("the README's table of the configuration", () => {
  const rows = readme.flatMap((line) => {
    const [, key, value = ""] = /^\| `([A-Z_]+)` \| (?:`(.*?)`)? *\|/.exec(line) ?? [];
    return key === undefined ? [] : [{ key, value }];
  });

  it("lists every key, in its order", () => {
    expect(rows.map(({ key }) => key)).toEqual(configKeys);
  });

  it("shows the defaults", () => {
    const shown = readEnvironment(Object.fromEntries(rows.map(({ key, value }) => [key, value])));
    expect(shown).toEqual(readEnvironment({}));
    const withValue = rows.filter(({ value }) => value !== "").map(({ key }) => key);
    expect(withValue).toEqual(configKeys.filter((key) => key in readEnvironment({})));
  });
});
