import { build, type Metafile } from "esbuild";
import { beforeAll, describe, expect, it } from "vitest";

/** Files and packages that a process can load, and those that it loads before it is ready. */
interface Loaded {
  ever: string[];
  atBoot: string[];
}

const cases = ["services/api/main.ts", "services/worker/main.ts"];

const analysisIn = (files: readonly string[]) => files.filter((file) => file.startsWith("shared/knowledge/"));

describe.each(cases)("%s", (main) => {
  let loaded: Loaded;
  beforeAll(async () => {
    loaded = await findLoaded(main);
  });

  it("loads its database code at boot", () => {
    expect(loaded.atBoot).toContain("shared/db/database.ts");
    expect(loaded.atBoot).toContain("pg");
  });

  it("never loads MikroORM", () => {
    expect(loaded.ever.filter((name) => name.startsWith("@mikro-orm/"))).toEqual([]);
  });

  it("loads no Kysely at boot", () => {
    expect(loaded.atBoot).not.toContain("kysely");
  });

  it("loads the analysis of texts for the first search of a site's knowledge", () => {
    expect(analysisIn(loaded.atBoot)).toEqual([]);
    expect(analysisIn(loaded.ever)).toContain("shared/knowledge/retrieval/knowledge-search.ts");
  });

  it("never imports node:http, which would load Node's copy of undici", () => {
    expect(loaded.ever).toContain("shared/http.ts");
    expect(loaded.ever).not.toContain("node:http");
  });
});

it("services/worker/main.ts never loads Kysely", async () => {
  expect((await findLoaded("services/worker/main.ts")).ever).not.toContain("kysely");
});

it("services/worker/main.ts loads what sends mails where there is a mail server", async () => {
  const { atBoot, ever } = await findLoaded("services/worker/main.ts");
  expect(atBoot).not.toContain("nodemailer");
  expect(atBoot).not.toContain("services/worker/mail/send-mails.ts");
  expect(ever).toContain("nodemailer");
});

it("services/api/main.ts loads Kysely for its first typed statement", async () => {
  expect((await findLoaded("services/api/main.ts")).ever).toContain("kysely");
});

it("services/api/main.ts loads better-auth for the first password", async () => {
  const { atBoot, ever } = await findLoaded("services/api/main.ts");
  const ofIt = (names: readonly string[]) => names.filter((name) => /^@?better-auth\b/.test(name));
  expect(ofIt(atBoot)).toEqual([]);
  expect(ofIt(ever)).toContain("better-auth/minimal");
});

/** An entry file enables the compile cache, then loads its parts: its own `import()` belongs to the boot. */
async function findLoaded(main: string): Promise<Loaded> {
  const { metafile } = await build({
    entryPoints: [main],
    bundle: true,
    write: false,
    metafile: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  return {
    ever: reach(metafile, main, () => true),
    atBoot: reach(metafile, main, (file, kind) => kind !== "dynamic-import" || file === main),
  };
}

function reach({ inputs }: Metafile, main: string, follows: (file: string, kind: string) => boolean): string[] {
  const found = new Set([main]);
  // A set also visits what is added while it is walked.
  for (const file of found) {
    for (const { path, kind } of inputs[file]?.imports ?? []) if (follows(file, kind)) found.add(path);
  }
  return [...found];
}
