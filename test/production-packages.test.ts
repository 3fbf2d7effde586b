import { readFile } from "node:fs/promises";
import { expect, it } from "vitest";

const read = async (file: string): Promise<unknown> => JSON.parse(await readFile(file, "utf8"));

it("no tool of the tests is installed in production, not as an optional peer either", async () => {
  const { devDependencies, dependencies } = (await read("package.json")) as Record<string, Record<string, string>>;
  const { packages } = (await read("package-lock.json")) as { packages: Record<string, { dev?: boolean }> };
  // MikroORM's driver needs it; the tests name its types.
  const needed = ["@mikro-orm/sql"];
  const tools = Object.keys(devDependencies ?? {}).filter((name) => !needed.includes(name));
  expect(Object.keys(dependencies ?? {}).length).toBeGreaterThan(40);
  expect(tools.filter((name) => packages[`node_modules/${name}`]?.dev !== true)).toEqual([]);
});
