import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { requirements } from "./requirements.ts";

it.each(requirements)("finds the fixture of $name, to tell which tests a run skips", ({ fixture }) => {
  expect(existsSync(join(import.meta.dirname, fixture))).toBe(true);
});
