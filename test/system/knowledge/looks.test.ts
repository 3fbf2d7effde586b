import { v7 } from "uuid";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { addSources, type NewSource } from "../../../shared/db/knowledge/sources.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import type { ServiceProcess } from "../harness/processes.ts";
import { eventually, onBackendsSideBySide } from "../harness/suite.ts";
import { helpPage, type SiteServer, startSiteServer } from "./site-server.ts";
import { openTestPool } from "../../../shared/testing/stores/postgres.ts";

const env = { FETCH_ALLOW_PRIVATE: "127.0.0.0/8", KNOWLEDGE_PAUSE_MS: "0" };

/** Time of a look on a busy machine, with the queue's lock of a dead process. */
const lookLimitMs = 40_000;

interface DocumentRow {
  path: string;
  status: string;
  reason: string | null;
  text: string | null;
  passages: number;
}

onBackendsSideBySide("the knowledge process", { apis: 0, workers: 0, env }, (product) => {
  let site: SiteServer;
  let pool: pg.Pool;
  let reader: ServiceProcess;
  const startKnowledge = () => product().startKnowledge({ FETCH_PORTS: new URL(site.url).port });
  beforeAll(async () => {
    pool = openTestPool(product().databaseUrl, 1);
    site = await startSiteServer();
    reader = await startKnowledge();
  });
  afterEach(() => {
    site.pages.clear();
    site.asked.length = 0;
  });
  afterAll(async () => {
    await reader?.kill();
    await pool.end();
    await site[Symbol.asyncDispose]();
  });

  const add = async (source: Omit<NewSource, "id">) => {
    const id = v7();
    await addSources(pool, defaultSite, [{ id, ...source }]);
    return id;
  };
  const documents = (id: string) =>
    product().query<DocumentRow & Record<string, unknown>>(
      `select regexp_replace(url, '^https?://[^/]*', '') as path, status, reason, text,
         (select count(*)::int from knowledge_passages where document_id = documents.id) as passages
       from knowledge_documents as documents where source_id = $1 order by url`,
      [id],
    );
  const looked = (id: string, looks = 1) =>
    eventually(
      `look ${looks} is over`,
      async () => {
        const [source] = await product().query<{ look: number; status: string; over: boolean }>(
          "select look, status, lease_until is null as over from knowledge_sources where id = $1",
          [id],
        );
        return source && source.look >= looks && source.over ? source : undefined;
      },
      lookLimitMs,
    );
  const lookAgain = (id: string) => product().query("update knowledge_sources set due_at = now() where id = $1", [id]);

  it("reads the pages of a sitemap, and says why it leaves others out", { timeout: 60_000 }, async () => {
    site.pages.set("/returns", helpPage("Returns", "You can return a teapot within thirty days."));
    site.pages.set("/hidden", `<meta name="robots" content="noindex">${helpPage("Hidden", "Not for search.")}`);
    site.pages.set("/app", `<div id="root"></div><script src="/app.js"></script>`);
    site.pages.set("/away", (_req, res) => void res.writeHead(404).end());
    const id = await add({ kind: "sitemap", url: `${site.url}/sitemap.xml` });
    expect(await looked(id)).toMatchObject({ status: "ready" });
    const [app, away, hidden, returns] = await documents(id);
    expect(returns).toMatchObject({ path: "/returns", status: "ready", passages: 1 });
    expect(returns?.text).toContain("within thirty days");
    expect(away).toMatchObject({ status: "gone", reason: expect.stringContaining("404") as string, passages: 0 });
    expect(hidden).toMatchObject({ status: "left_out", reason: expect.stringContaining("indexed") as string });
    expect(app).toMatchObject({ status: "left_out", reason: expect.stringContaining("scripts") as string });
  });

  it("is killed in mid-look, and another one goes on: no page is lost or read twice", { timeout: 90_000 }, async () => {
    const read = new Set(Array.from({ length: 12 }, (_, no) => `/page-${no}`));
    const held = Promise.withResolvers<void>();
    for (const path of read) site.pages.set(path, helpPage(path, `All about ${path}, and nothing else.`));
    const slow = helpPage("Slow", "It takes its time.");
    site.pages.set("/page-6", (_req, res) => void held.promise.then(() => res.end(slow)));
    const id = await add({ kind: "sitemap", url: `${site.url}/sitemap.xml` });
    await eventually("half of it is read", () => site.asked.includes("/page-6"), lookLimitMs);
    await reader.kill();
    held.resolve();
    // The lease of a dead process would take half a minute to expire.
    await product().query("update knowledge_sources set lease_until = now() where id = $1", [id]);
    reader = await startKnowledge();
    expect(await looked(id)).toMatchObject({ status: "ready", look: 1 });
    const all = await documents(id);
    expect(new Set(all.filter(({ status }) => status === "ready").map(({ path }) => path))).toEqual(read);
    const times = [...read].map((path) => site.asked.filter((asked) => asked === path).length);
    expect(times.filter((count) => count > 1)).toHaveLength(1);
    expect(site.asked.filter((asked) => asked === "/sitemap.xml")).toHaveLength(1);
  });

  it("follows pages that change and vanish, but not a broken sitemap", { timeout: 60_000 }, async () => {
    for (const no of ["1", "2", "3"]) site.pages.set(`/${no}`, helpPage(no, `Text number ${no} of this site.`));
    const id = await add({ kind: "sitemap", url: `${site.url}/sitemap.xml` });
    await looked(id);
    site.pages.set("/_kept", "");
    site.pages.set("/sitemap.xml", (_req, res) => void res.writeHead(503).end());
    await lookAgain(id);
    expect(await looked(id, 2)).toMatchObject({ status: "failed" });
    expect((await documents(id)).map(({ status }) => status)).toEqual(["ready", "ready", "ready"]);
    site.pages.delete("/sitemap.xml");
    site.pages.set("/2", helpPage("2", "Another text on this page."));
    site.pages.delete("/3");
    await lookAgain(id);
    expect(await looked(id, 3)).toMatchObject({ status: "ready" });
    expect((await documents(id)).map(({ path, passages }) => [path, passages])).toEqual([
      ["/1", 1],
      ["/2", 1],
    ]);
    expect((await documents(id))[1]?.text).toContain("Another text");
  });

  it("reads texts, files and questions with their answers", { timeout: 60_000 }, async () => {
    const text = await add({ kind: "text", title: "Hours", content: Buffer.from("We are open from ten to six.") });
    const file = await add({
      kind: "file",
      title: "Care",
      mediaType: "text/markdown",
      content: Buffer.from("# Care\n\nRinse the teapot with warm water only."),
    });
    const question = await add({ kind: "question", question: "Do you gift-wrap?", content: Buffer.from("Yes, free.") });
    for (const id of [text, file, question]) {
      await looked(id);
      expect(await documents(id)).toEqual([expect.objectContaining({ status: "ready", passages: 1 })]);
    }
  });
});
