import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { defaultSite } from "../../sites/default-site.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { type DocumentOutcome, keepDocument, readDocumentsToFetch, storeDocument } from "./documents.ts";
import * as looks from "./looks.ts";
import { settleLook } from "./settle-look.ts";
import { addSources, deleteSource, listSources, refreshSource } from "./sources.ts";

let db: OpenTestDatabase;
beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const page = (text: string): DocumentOutcome => ({
  status: "ready",
  title: "A page",
  text,
  lines: [{ text }],
  analysis: 1,
  passages: [{ begins: 0, ends: Buffer.byteLength(text), heading: "A page", terms: Buffer.from(text) }],
});
const gone: DocumentOutcome = { status: "gone", reason: "404", analysis: 1, passages: [] };

async function addSitemap(): Promise<string> {
  const id = v7();
  await addSources(db.pool, defaultSite, [{ id, kind: "sitemap", url: "https://shop.example/sitemap.xml" }]);
  return id;
}

/** Begins a look at a source that is made due, with these pages listed. */
async function look(sourceId: string, urls: readonly string[]): Promise<looks.LookAt> {
  await db.pool.query("update knowledge_sources set due_at = now() where id = $1", [sourceId]);
  const { claim = 0 } = (await looks.claimSource(db.pool, sourceId)) ?? {};
  const at = { sourceId, claim };
  expect(await looks.listAddresses(db.pool, at, urls)).toBe(true);
  expect(await looks.markListed(db.pool, at)).toBe(true);
  return at;
}

/** Deals with all listed documents, and ends the look. */
async function finish(at: looks.LookAt, outcomeOf: (url: string) => DocumentOutcome | { leaving: string }) {
  for (const { id, url } of await readDocumentsToFetch(db.pool, at, { limit: 100, analysis: 1 })) {
    const outcome = outcomeOf(url);
    if ("leaving" in outcome) await keepDocument(db.pool, at, id, outcome.leaving);
    else await storeDocument(db.pool, at, id, outcome);
  }
  const settled = await settleLook(db.pool, at);
  expect(await looks.endLook(db.pool, at)).toBe(true);
  return settled;
}

async function passagesOf(sourceId: string) {
  const { rows } = await db.pool.query<{ id: string; url: string; revision: string }>(
    `select passages.id, url, revision from knowledge_passages as passages
     join knowledge_documents as documents on documents.id = document_id where source_id = $1 order by passages.id`,
    [sourceId],
  );
  return rows;
}

async function removals(): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>("select unnest(passage_ids) as id from knowledge_removals");
  return rows.map(({ id }) => id);
}

const urls = (count: number) => Array.from({ length: count }, (_, no) => `https://shop.example/${no}`);

describe("a look at a source", () => {
  it("is followed by another, once, if the owner asked for a refresh meanwhile: it may have read a page before its change", async () => {
    const sourceId = await addSitemap();
    const state = async () => {
      const { rows } = await db.pool.query<{ status: string; due: boolean }>(
        "select status, due_at <= now() as due from knowledge_sources where id = $1",
        [sourceId],
      );
      return rows[0];
    };
    const url = "https://shop.example/a";
    const first = await look(sourceId, [url]);
    await refreshSource(db.pool, { siteId: defaultSite, sourceId });
    await finish(first, () => page("before"));
    expect(await state()).toEqual({ status: "pending", due: true });
    const second = await look(sourceId, [url]);
    await finish(second, () => page("after"));
    expect(await state()).toEqual({ status: "ready", due: false });
    // A look that goes on after its process died has old pages, too.
    const third = await look(sourceId, [url]);
    await db.pool.query("update knowledge_sources set lease_until = now() - interval '1 s' where id = $1", [sourceId]);
    await refreshSource(db.pool, { siteId: defaultSite, sourceId });
    const { claim = 0 } = (await looks.claimSource(db.pool, sourceId)) ?? {};
    await finish({ ...third, claim }, () => page("later"));
    expect(await state()).toEqual({ status: "pending", due: true });
    await deleteSource(db.pool, { siteId: defaultSite, sourceId });
  });

  it("belongs to one process at a time, and goes on where a dead one left it", async () => {
    const sourceId = await addSitemap();
    const first = await look(sourceId, urls(2));
    expect(await looks.claimSource(db.pool, sourceId)).toBeUndefined();
    const [one] = await readDocumentsToFetch(db.pool, first, { limit: 1, analysis: 1 });
    await storeDocument(db.pool, first, one?.id ?? "", page("one"));
    await db.pool.query("update knowledge_sources set lease_until = now() - interval '1 s' where id = $1", [sourceId]);
    const next = await looks.claimSource(db.pool, sourceId);
    expect(next).toMatchObject({ look: 1, claim: 2, listed: true });
    const second = { sourceId, claim: 2 };
    const [other, ...rest] = await readDocumentsToFetch(db.pool, second, { limit: 10, analysis: 1 });
    expect([other?.url, rest]).toEqual(["https://shop.example/1", []]);
    // The one presumed dead changes nothing.
    expect(await looks.renewLook(db.pool, first)).toBe(false);
    expect(await storeDocument(db.pool, first, other?.id ?? "", page("late"))).toBeUndefined();
    expect(await looks.listAddresses(db.pool, first, urls(3))).toBe(false);
    expect(await looks.endLook(db.pool, first)).toBe(false);
    expect(await settleLook(db.pool, first)).toBeUndefined();
    expect(await finish(second, () => page("two"))).toEqual({ held: 0, removed: 0 });
    expect((await passagesOf(sourceId)).map(({ url }) => url)).toEqual(urls(2));
  });

  it("keeps the passages of an unchanged text, and replaces those of a changed one under a new revision", async () => {
    const sourceId = await addSitemap();
    await finish(await look(sourceId, urls(2)), page);
    const before = await passagesOf(sourceId);
    await finish(await look(sourceId, urls(2)), (url) => page(url.endsWith("1") ? "changed" : url));
    const after = await passagesOf(sourceId);
    expect(after.map(({ url }) => url).toSorted()).toEqual(urls(2));
    expect(after[0]).toEqual(before[0]);
    expect(Number(after[1]?.revision)).toBeGreaterThan(Number(before[1]?.revision));
    expect(await removals()).toContain(before[1]?.id);
    expect(await removals()).not.toContain(before[0]?.id);
  });

  it("takes the passages of a page that is gone away at once", async () => {
    const sourceId = await addSitemap();
    await finish(await look(sourceId, urls(2)), page);
    const at = await look(sourceId, urls(2));
    const [first] = await readDocumentsToFetch(db.pool, at, { limit: 1, analysis: 1 });
    await storeDocument(db.pool, at, first?.id ?? "", gone);
    expect((await passagesOf(sourceId)).map(({ url }) => url)).toEqual(["https://shop.example/1"]);
  });

  it("removes what its list does not name any more, and what is to be left out", async () => {
    const sourceId = await addSitemap();
    await finish(await look(sourceId, urls(12)), page);
    const settled = await finish(await look(sourceId, urls(4)), (url) =>
      url.endsWith("0") ? { leaving: "noindex" } : page(url),
    );
    expect(settled).toEqual({ held: 0, removed: 9 });
    expect((await passagesOf(sourceId)).map(({ url }) => url)).toEqual(urls(4).slice(1));
    const [source] = await listSources(db.pool, { siteId: defaultSite, limit: 1 });
    expect(source?.documents).toEqual({ ready: 3, left_out: 1 });
  });

  it("removes nothing where it would remove over ten pages and over a fifth, but what is gone", async () => {
    const sourceId = await addSitemap();
    await finish(await look(sourceId, urls(20)), page);
    const at = await look(sourceId, urls(12));
    const settled = await finish(at, (url) => {
      if (url.endsWith("/0")) return gone;
      return /\/[1-4]$/.test(url) ? { leaving: "empty" } : page(url);
    });
    expect(settled).toEqual({ held: 12, removed: 0 });
    expect((await passagesOf(sourceId)).map(({ url }) => url)).toEqual(urls(20).slice(1));
  });
});

it("deletes a source with all that was taken from it, also under a look", async () => {
  const sourceId = await addSitemap();
  await finish(await look(sourceId, urls(2)), page);
  const passages = await passagesOf(sourceId);
  const at = await look(sourceId, urls(3));
  expect(await deleteSource(db.pool, { siteId: defaultSite, sourceId })).toBe(true);
  expect(await deleteSource(db.pool, { siteId: defaultSite, sourceId })).toBe(false);
  expect(await readDocumentsToFetch(db.pool, at, { limit: 1, analysis: 1 })).toEqual([]);
  expect(await looks.endLook(db.pool, at)).toBe(false);
  expect(await removals()).toEqual(expect.arrayContaining(passages.map(({ id }) => id)));
  const { rows } = await db.pool.query("select from knowledge_documents where source_id = $1", [sourceId]);
  expect(rows).toEqual([]);
});

it("gives revisions in the order of their commits", async () => {
  const ids = await Promise.all(Array.from({ length: 4 }, addSitemap));
  await Promise.all(ids.map(async (id) => finish(await look(id, urls(5)), page)));
  const { rows } = await db.pool.query<{ rows: number; revisions: number }>(
    `select count(*)::int as rows, count(distinct revision)::int as revisions from knowledge_passages
     join knowledge_documents as documents on documents.id = document_id where source_id = any($1)`,
    [ids],
  );
  expect(rows).toEqual([{ rows: 20, revisions: 20 }]);
});
