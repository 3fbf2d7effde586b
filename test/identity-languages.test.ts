import { defaultSite } from "../shared/sites/default-site.ts";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { createIdentities, type Visitor } from "../services/api/access/identity.ts";
import { serverLanguages, runProgram } from "../shared/testing/languages.ts";

const run = promisify(execFile);
const document = readFileSync(new URL("../docs/identity.md", import.meta.url), "utf8");
const secret = "the secret of the embedding site: long enough";
const identities = createIdentities({
  siteId: defaultSite,
  secrets: [secret],
  visitorKey: "a key",
  clock: { read: () => Promise.resolve({ now: Date.now(), of: "database" }) },
});

/** The program under a heading. */
function programOf(heading: string): string {
  const [, section = ""] = document.split(`\n### ${heading}\n`);
  const [, program] = /```\w+\n(.*?)```/s.exec(section.split("\n#")[0] ?? "") ?? [];
  if (program === undefined) throw new Error(`docs/identity.md has no program under ${heading}`);
  return program;
}

/** By Node itself, with nothing between: what all others must be taken as. */
async function visitorOfNode(): Promise<Visitor> {
  const args = ["--input-type=module", "--eval", programOf("JavaScript")];
  const { stdout } = await run(process.execPath, args, { env: { ...process.env, IDENTITY_SECRET: secret } });
  return identities.verify(stdout.trim());
}

describe("the programs of docs/identity.md", () => {
  for (const [name, language] of Object.entries(serverLanguages)) {
    const missing = language.requirement.path === undefined;
    it.skipIf(missing)(`sign the same visitor in ${name} as in JavaScript`, { timeout: 120_000 }, async () => {
      const identity = await runProgram(language, programOf(name), { IDENTITY_SECRET: secret });
      expect(await identities.verify(identity)).toEqual(await visitorOfNode());
    });
  }

  it("are all listed in the table, and those without a test run are marked", () => {
    const headings = [...document.matchAll(/^### (.+)$/gm)].map(([, heading = ""]) => heading);
    const rows = [...document.matchAll(/^\| \[(.+?)\]\(#.+?\) \| .+ \| (.+) \|$/gm)].map(([, name, ran]) => ({
      name,
      ran,
    }));
    expect(rows.map(({ name }) => name)).toEqual(headings);
    const marked = rows.filter(({ ran }) => ran?.includes("**not run**")).map(({ name }) => name);
    expect(marked).toEqual(headings.filter((heading) => heading !== "JavaScript" && !(heading in serverLanguages)));
  });
});
