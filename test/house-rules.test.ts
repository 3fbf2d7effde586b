import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile, copyFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/** Code that the house forbids: a file, its source, and the rule that must catch it. */
const forbidden = [
  {
    what: "a comment without a subject",
    file: "shared/a.ts",
    source: "/** What is kept of it. */\nexport const a = 1;",
    rule: "house(comment-openings)",
  },
  {
    what: "a service that imports another",
    file: "services/api/routes/a.ts",
    source: 'export { b } from "../../worker/b.ts";',
    rule: "house(import-directions)",
  },
  {
    what: "a service that imports another at run time",
    file: "services/api/lazy.ts",
    source: 'export const load = () => import("../worker/b.ts");',
    rule: "house(import-directions)",
  },
  {
    what: "a service that imports only a type of another",
    file: "services/api/type.ts",
    source: 'import type { B } from "../worker/b.ts";\nexport type A = B;',
    rule: "house(import-directions)",
  },
  {
    what: "the stack importing a service it should spawn",
    file: "services/stack/main.ts",
    source: 'import { b } from "../worker/b.ts";\nexport const a = b;',
    rule: "house(import-directions)",
  },
  {
    what: "the widget importing more of shared than the protocol",
    file: "services/widget/client.ts",
    source: 'import { c } from "../../shared/c.ts";\nexport const a = c;',
    rule: "house(import-directions)",
  },
  {
    what: "the markdown renderer importing more of shared than the protocol",
    file: "shared/markdown/client.ts",
    source: 'import { c } from "../c.ts";\nexport const a = c;',
    rule: "house(import-directions)",
  },
  {
    what: "shared importing a service",
    file: "shared/jobs/a.ts",
    source: 'import { b } from "../../services/worker/b.ts";\nexport const a = b;',
    rule: "house(import-directions)",
  },
  {
    what: "the database's code importing the queue's",
    file: "shared/db/a.ts",
    source: 'import { q } from "../queue/q.ts";\nexport const a = q;',
    rule: "house(import-directions)",
  },
  {
    what: "the queue's code importing the live channel's",
    file: "shared/queue/a.ts",
    source: 'import { l } from "../live/l.ts";\nexport const a = l;',
    rule: "house(import-directions)",
  },
  {
    what: "the live channel's code importing the database's",
    file: "shared/live/a.ts",
    source: 'import { d } from "../db/d.ts";\nexport const a = d;',
    rule: "house(import-directions)",
  },
  {
    what: "a worker's report importing the whole context of the worker",
    file: "services/worker/telemetry/a.ts",
    source: 'import type { WorkerContext } from "../worker-context.ts";\nexport type A = WorkerContext;',
    rule: "house(import-directions)",
  },
  {
    what: "a worker's report importing the run that it reports",
    file: "services/worker/telemetry/b.ts",
    source: 'import { r } from "../run/r.ts";\nexport const a = r;',
    rule: "house(import-directions)",
  },
  {
    what: "a migration that imports our code",
    file: "migrations/1.ts",
    source: 'import { d } from "../shared/db/d.ts";\nexport const a = d;',
    rule: "house(import-directions)",
  },
  {
    what: "the protocol importing other code of ours",
    file: "shared/protocol/a.ts",
    source: 'import { c } from "../c.ts";\nexport const a = c;',
    rule: "house(import-directions)",
  },
  {
    what: "the protocol importing a package other than zod",
    file: "shared/protocol/b.ts",
    source: 'import { Buffer } from "node:buffer";\nexport const a = Buffer.from("a");',
    rule: "house(import-directions)",
  },
  {
    what: "production code importing test fixtures",
    file: "shared/jobs/b.ts",
    source: 'import { t } from "../testing/t.ts";\nexport const a = t;',
    rule: "house(import-directions)",
  },
  {
    what: "production code importing a test",
    file: "shared/jobs/c.ts",
    source: 'import { t } from "./d.test.ts";\nexport const a = t;',
    rule: "house(import-directions)",
  },
  {
    what: "a barrel that exports everything",
    file: "shared/all.ts",
    source: 'export * from "./c.ts";',
    rule: "house(no-relays)",
  },
  {
    what: "a barrel that exports names",
    file: "shared/some.ts",
    source: 'export { c } from "./c.ts";',
    rule: "house(no-relays)",
  },
  {
    what: "a double assertion",
    file: "shared/assert.ts",
    source: 'export const a = "a" as unknown as number;',
    rule: "house(no-double-assertion)",
  },
  {
    what: "a cycle",
    file: "shared/cycle-a.ts",
    source: 'import { b } from "./cycle-b.ts";\nexport const a = () => b();',
    rule: "import(no-cycle)",
  },
  {
    what: "a cycle of types",
    file: "shared/type-cycle-a.ts",
    source: 'import type { B } from "./type-cycle-b.ts";\nexport interface A { b: B }',
    rule: "import(no-cycle)",
  },
  {
    what: "the environment read outside shared/config/config.ts",
    file: "services/api/env.ts",
    source: 'export const a = process.env["A"];',
    rule: "eslint(no-restricted-properties)",
  },
  {
    what: "the environment destructured outside shared/config/config.ts",
    file: "services/api/env2.ts",
    source: "export const { env } = process;",
    rule: "eslint(no-restricted-properties)",
  },
  {
    what: "the environment imported",
    file: "services/api/env3.ts",
    source: 'import { env } from "node:process";\nexport const a = env;',
    rule: "eslint(no-restricted-imports)",
  },
  {
    what: "the stack reading the environment",
    file: "services/stack/env.ts",
    source: 'export const a = process.env["A"];',
    rule: "eslint(no-restricted-properties)",
  },
  {
    what: "console output in a service",
    file: "services/api/print.ts",
    source: 'console.log("a");',
    rule: "eslint(no-console)",
  },
  {
    what: "console output in shared code",
    file: "shared/print.ts",
    source: 'console.error("a");',
    rule: "eslint(no-console)",
  },
  {
    what: "any",
    file: "shared/any.ts",
    source: "export function f(a: any): void { void a; }",
    rule: "typescript(no-explicit-any)",
  },
  {
    what: "a floating promise",
    file: "shared/floating.ts",
    source: "export function f(): void { Promise.resolve(1); }",
    rule: "typescript(no-floating-promises)",
  },
  {
    what: "an async function passed where its promise is ignored",
    file: "shared/misused.ts",
    source: "export function f(): void { [1].forEach(async (n) => { await Promise.resolve(n); }); }",
    rule: "typescript(no-misused-promises)",
  },
  {
    what: "a type imported as a value",
    file: "shared/type-import.ts",
    source: 'import { C } from "./c.ts";\nexport type D = C;',
    rule: "typescript(consistent-type-imports)",
  },
  {
    what: "a default export",
    file: "shared/default.ts",
    source: "export default 1;",
    rule: "import(no-default-export)",
  },
  {
    what: "a file of more than 300 lines",
    file: "shared/long.ts",
    source: lines(301),
    rule: "eslint(max-lines)",
  },
  {
    what: "a function of more than 60 lines",
    file: "shared/long-function.ts",
    source: `export function f(): void {\n${"  void 0;\n".repeat(60)}}`,
    rule: "eslint(max-lines-per-function)",
  },
];

/** Code that it allows, each near to something that it forbids. */
const allowed = [
  { what: "a service importing shared code", file: "services/worker/b.ts", source: usesC("../../shared/c.ts") },
  { what: "a service importing its own files", file: "services/api/own.ts", source: usesC("./routes/c.ts") },
  {
    what: "the widget importing the protocol",
    file: "services/widget/p.ts",
    source: usesC("../../shared/protocol/c.ts"),
  },
  {
    what: "the console importing the markdown renderer",
    file: "services/console/p.ts",
    source: usesC("../../shared/markdown/c.ts"),
  },
  { what: "jobs importing database, queue and live", file: "shared/jobs/all.ts", source: jobsImports() },
  { what: "a test importing fixtures", file: "shared/db/a.test.ts", source: usesC("../testing/c.ts") },
  {
    what: "a whole-system test importing a service",
    file: "test/a.test.ts",
    source: usesC("../services/api/routes/c.ts"),
  },
  {
    what: "shared/config/config.ts reading the environment",
    file: "shared/config/config.ts",
    source: 'export const a = process.env["A"];',
  },
  { what: "the stack printing", file: "services/stack/print.ts", source: 'console.log("a");' },
  { what: "a re-exported type of a package", file: "shared/relay.ts", source: 'export type { Logger } from "pino";' },
  { what: "the default export of a config file", file: "a.config.ts", source: "export default {};" },
  { what: "a file of 300 lines", file: "shared/not-so-long.ts", source: lines(300) },
  { what: "a long test", file: "shared/long.test.ts", source: lines(301) },
];

/** Files that those above import. */
const others = [
  { file: "shared/c.ts", source: "export const c = 1;\nexport type C = typeof c;" },
  { file: "shared/protocol/c.ts", source: 'import { z } from "zod";\nexport const c = z.string();' },
  { file: "shared/markdown/c.ts", source: usesC("../protocol/c.ts") },
  { file: "shared/testing/c.ts", source: "export const c = 1;" },
  { file: "shared/testing/t.ts", source: "export const t = 1;" },
  { file: "shared/jobs/d.test.ts", source: "export const t = 1;" },
  { file: "services/api/routes/c.ts", source: "export const c = 1;" },
  { file: "shared/db/d.ts", source: "export const d = 1;" },
  { file: "shared/queue/q.ts", source: "export const q = 1;" },
  { file: "shared/live/l.ts", source: "export const l = 1;" },
  { file: "shared/cycle-b.ts", source: 'import { a } from "./cycle-a.ts";\nexport const b = (): unknown => a();' },
  {
    file: "shared/type-cycle-b.ts",
    source: 'import type { A } from "./type-cycle-a.ts";\nexport interface B { a: A }',
  },
];

const repository = resolve(import.meta.dirname, "..");
let house: string;
let found: { code: string; filename: string }[];

beforeAll(async () => {
  house = await mkdtemp(join(tmpdir(), "parley-house-"));
  for (const { file, source } of [...forbidden, ...allowed, ...others]) {
    await mkdir(join(house, dirname(file)), { recursive: true });
    await writeFile(join(house, file), `${source}\n`);
  }
  await mkdir(join(house, "scripts"));
  for (const file of [".oxlintrc.json", "tsconfig.json", "scripts/house-rules.ts"]) {
    await copyFile(join(repository, file), join(house, file));
  }
  await symlink(join(repository, "node_modules"), join(house, "node_modules"));
  found = await lint(house);
});

afterAll(() => rm(house, { recursive: true, force: true }));

describe("the lint rules of this repository", () => {
  it.each(forbidden)("report $what", ({ file, rule }) => {
    expect(codesOf(file)).toContain(rule);
  });

  it.each(allowed)("accept $what", ({ file }) => {
    expect(codesOf(file)).toEqual([]);
  });
});

function codesOf(file: string): string[] {
  return found.filter(({ filename }) => filename === file).map(({ code }) => code);
}

/** Runs oxlint as `npm run check:lint` does, and gives what it found. */
function lint(folder: string): Promise<typeof found> {
  const oxlint = join(repository, "node_modules/.bin/oxlint");
  // Packages are linked in for their types; through a link oxlint would lint them too.
  const args = ["--format=json", "--ignore-pattern=node_modules"];
  return new Promise((done, fail) => {
    // It exits with 1 when it finds something, as it must here.
    execFile(oxlint, args, { cwd: folder, maxBuffer: 10_000_000, timeout: 20_000 }, (_, stdout, stderr) => {
      try {
        const { diagnostics } = JSON.parse(stdout) as { diagnostics: typeof found };
        done(diagnostics);
      } catch {
        fail(new Error(`oxlint printed no JSON: ${stdout}${stderr}`));
      }
    });
  });
}

function usesC(path: string): string {
  return `import { c } from "${path}";\nexport const d = [c];`;
}

function jobsImports(): string {
  return [
    'import { d } from "../db/d.ts";',
    'import { l } from "../live/l.ts";',
    'import { q } from "../queue/q.ts";',
    "export const all = [d, l, q];",
  ].join("\n");
}

function lines(count: number): string {
  return Array.from({ length: count }, (_, n) => `export const line${n} = ${n};`).join("\n");
}
