import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { type DocumentOutcome, readDocumentsToFetch, storeDocument } from "../../shared/db/knowledge/documents.ts";
import {
  claimSource,
  endLook,
  failLook,
  listAddresses,
  markListed,
  readDueSources,
} from "../../shared/db/knowledge/looks.ts";
import { analysisVersion, analyzePassage } from "../../shared/knowledge/analysis/passage-terms.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../shared/testing/stores/database.ts";
import { runHere, spawnCommand } from "./command-for-tests.ts";
import { runKnowledge } from "./knowledge.ts";

const command = fileURLToPath(new URL("knowledge.ts", import.meta.url));
const root = fileURLToPath(new URL("../..", import.meta.url));

let db: OpenTestDatabase;
let folder: string;
beforeAll(async () => {
  db = await openTestDatabase();
  vi.stubEnv("DATABASE_URL", db.url);
  folder = await mkdtemp(join(tmpdir(), "parley-knowledge-"));
  return async () => {
    vi.unstubAllEnvs();
    await db[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  };
});

describe("sources of knowledge, from a shell", { timeout: 60_000 }, () => {
  it("are added, listed and removed while no process reads them, which is said", async () => {
    expect((await run(["list"])).stderr).toBe("There are no sources.\n");
    const added = await spawn([
      "add",
      "https://shop.example/returns#top",
      "--title",
      "Returns",
      "--assistant",
      "default",
    ]);
    expect([added.code, added.stderr]).toEqual([0, expect.stringContaining("npm run knowledge-worker")]);
    const id = added.stdout.trim();
    const { rows } = await db.pool.query("select kind, url, title, assistants, refresh_hours from knowledge_sources");
    expect(rows).toEqual([
      {
        kind: "page",
        url: "https://shop.example/returns",
        title: "Returns",
        assistants: ["default"],
        refresh_hours: 24,
      },
    ]);
    const again = await run(["add", "https://shop.example/returns"]);
    expect([again.stdout.trim(), again.stderr]).toEqual([id, expect.stringContaining("1 of 1 were there already")]);
    expect((await run(["list"])).stdout).toBe(`${id}  pending  page      0 of 0 taken  Returns\n`);
    expect((await run(["remove", id])).stdout).toBe("Removed.\n");
    expect(await run(["remove", id])).toMatchObject({ code: 1, stderr: "No source has this id.\n" });
    expect(await run(["refresh", id])).toMatchObject({ code: 1, stderr: "No source has this id.\n" });
  });

  it("take a folder's files, each once, and say which they leave out", async () => {
    await mkdir(join(folder, "help/.git"), { recursive: true });
    await mkdir(join(folder, "help/care"));
    const write = (name: string, text: string) => writeFile(join(folder, "help", name), text);
    await write("returns.md", "# Returns");
    await write("care/tea.TXT", "Wash by hand");
    await write("care/cup.png", "no text");
    await write("empty.html", "");
    await write(".git/notes.md", "hidden");
    const first = await run(["add", join(folder, "help"), "--language", "en-gb"]);
    expect(first.stderr).toMatch(/Not added: care\/cup.png: its name .*\nNot added: empty.html: it is empty\n/);
    const stored = () =>
      db.pool.query<{ id: string; content: string }>(
        `select id, title, media_type, language, convert_from(content, 'UTF8') as content, status
         from knowledge_sources where kind = 'file' order by title`,
      );
    const before = (await stored()).rows;
    expect(before).toMatchObject([
      { title: "care/tea.TXT", media_type: "text/plain", language: "en-GB", content: "Wash by hand" },
      { title: "returns.md", media_type: "text/markdown", language: "en-GB", content: "# Returns" },
    ]);
    await db.pool.query("update knowledge_sources set status = 'ready', due_at = null");
    await write("returns.md", "# Returns, changed");
    expect((await run(["add", join(folder, "help")])).stderr).toContain("2 of 2 were there already");
    expect((await stored()).rows).toMatchObject([
      { id: before[0]?.id },
      { id: before[1]?.id, content: "# Returns, changed", status: "pending" },
    ]);
    await db.pool.query("delete from knowledge_sources");
  });

  it("are followed until they are read: what was found, taken, left out and why", async () => {
    // A process that reports itself from time to time.
    await db.pool.query(
      `insert into process_reports (process_id, name, place, version, reported_at)
       values ($1, 'knowledge', 'here:1', 1, now() + interval '1 hour')`,
      [randomUUID()],
    );
    const taken = (no: number): DocumentOutcome =>
      no < 3
        ? { status: "ready", text: "Tea", analysis: 1, passages: [] }
        : { status: "left_out", reason: no < 5 ? "It says noindex" : "Red: \u001b[31m", analysis: 1, passages: [] };
    const following = run(["add", "https://shop.example/sitemap_index.xml.gz"]);
    await lookAtNext(Array.from({ length: 6 }, (_, no) => taken(no)));
    const read = await following;
    expect(read.code).toBe(0);
    expect(read.stdout).toMatch(
      /^\S{36}\n6 found, 3 taken, 3 left out\.\n {2}2 × It says noindex\n {2}1 × Red: {2}\[31m\n$/,
    );
    const failing = run(["add", "https://shop.example/sitemap", "--refresh-hours", "1"]);
    await lookAtNext("It answers with 500");
    const failed = await failing;
    expect(failed.code).toBe(1);
    expect(failed.stdout).toContain("0 found");
    expect(failed.stderr).toContain("Failed: https://shop.example/sitemap: It answers with 500");
    expect((await run(["list"])).stdout).toMatch(/failed {3}sitemap {3}0 of 0 taken .* \(It answers with 500\)\n/);
  });

  it("answer a question with the passages that it finds, and why", async () => {
    await db.pool.query("delete from knowledge_sources");
    expect(await run(["search", "a teapot"])).toMatchObject({ code: 0, stdout: "", stderr: "Nothing was found.\n" });
    const text = "You can send a teapot back within thirty days.";
    const terms = analyzePassage(text);
    const passages = [{ begins: 0, ends: text.length, heading: "Returns", terms }];
    const adding = run(["add", "https://shop.example/sitemap.xml"]);
    await lookAtNext([{ status: "ready", title: "Returns", text, analysis: analysisVersion, passages }]);
    await adding;
    const { stdout } = await run(["search", "a teapot"]);
    expect(stdout).toBe(`1. Returns  https://shop.example/0\n   ${text}\n   found by: teapot, a\n\n`);
  });

  it("are refused where a folder has no file that can be read", async () => {
    const empty = await mkdtemp(join(folder, "empty-"));
    const refused = await run(["add", empty]);
    expect([refused.code, refused.stdout]).toEqual([1, ""]);
    expect(refused.stderr).toContain(`There is no file in ${empty} that can be read`);
  });

  it("are refused with the exit code of a wrong use by a process, too", async () => {
    const { code, stderr } = await spawn(["print"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("no command")]);
  });

  it.each([
    [["add"], 2, "add: expected one address, file or folder"],
    [["add", "a.md", "b.md"], 2, "add: expected one address, file or folder"],
    [["add", "https://shop.example/", "--kind", "book"], 2, "kind"],
    [["add", "nowhere.md"], 1, "There is no file or folder nowhere.md"],
    [["add", "https://me:secret@shop.example/"], 1, "url: must not contain a user name"],
    [["add", "https://shop.example/", "--language", "?"], 1, "language"],
    [["add", "https://shop.example/", "--refresh-hours", "0"], 1, "refreshHours"],
    [["add", "https://shop.example/", "--assistant", "nobody"], 1, 'no assistant "nobody"'],
    [["remove", "7"], 2, "remove: expected the id of one source"],
    [["print"], 2, 'There is no command "print".'],
  ])("with the arguments %j are refused with the reason", async (args, code, reason) => {
    const refused = await run(args);
    expect([refused.code, refused.stdout]).toEqual([code, ""]);
    expect(refused.stderr).toContain(reason);
    expect(refused.stderr).not.toContain("secret");
    expect(refused.stderr.includes("npm run knowledge -- list")).toBe(code === 2);
  });
});

/** Looks at the next source that is due, as the process does that reads knowledge. */
async function lookAtNext(found: readonly DocumentOutcome[] | string): Promise<void> {
  let sourceId = "";
  const due = async () => ([sourceId = ""] = await readDueSources(db.pool, 1));
  await expect.poll(due, { timeout: 30_000 }).toHaveLength(1);
  const { claim = 0 } = (await claimSource(db.pool, sourceId)) ?? {};
  const at = { sourceId, claim };
  if (typeof found === "string") {
    await failLook(db.pool, at, { reason: found, retryMs: 1000 });
    return;
  }
  await listAddresses(
    db.pool,
    at,
    found.map((_, no) => `https://shop.example/${no}`),
  );
  await markListed(db.pool, at);
  const documents = await readDocumentsToFetch(db.pool, at, { limit: found.length, analysis: 1 });
  for (const { id, url } of documents) {
    const outcome = found[Number(url.at(-1))];
    if (outcome) await storeDocument(db.pool, at, id, outcome);
  }
  await endLook(db.pool, at);
}

const run = (args: string[]) => runHere(runKnowledge, args);

const spawn = (args: string[]) =>
  spawnCommand(command, args, { cwd: root, env: { ...process.env, DATABASE_URL: db.url } });
