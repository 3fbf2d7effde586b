import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../../shared/db/database.ts";
import * as documents from "../../../shared/db/knowledge/documents.ts";
import * as looks from "../../../shared/db/knowledge/looks.ts";
import {
  addedSource,
  addedSources,
  sourceDetail,
  sourceList,
  type SourceDetailView,
} from "../../../shared/protocol/knowledge.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { eventually } from "../harness/suite.ts";

let product: Product;
let mia: OperatorHeaders;
let reader: OperatorHeaders;

describe("sources of knowledge", { timeout: 60_000 }, () => {
  beforeAll(async () => {
    product = await startProduct({ backend: "postgres", workers: 0 });
    mia = await makeOperator(product, "Mia");
    reader = await makeOperator(product, "Rea", "reader");
  });
  afterAll(() => product?.[Symbol.asyncDispose]());

  it("are added, listed by page with counts of all, shown, made due and deleted", async () => {
    const given = [
      { kind: "page", url: " https://shop.example/returns#top ", title: " Returns ", refreshHours: 2 },
      {
        kind: "sitemap",
        url: "https://shop.example/sitemap.xml",
        language: "de-de",
        assistants: ["default", "default"],
      },
      { kind: "text", text: "Tea for two", title: "" },
      { kind: "question", question: "Do you ship to Norway?", answer: "Yes, in five days." },
    ];
    const ids: string[] = [];
    for (const source of given) {
      const { status, body } = await post("", source);
      expect(status).toBe(201);
      const added = addedSource.parse(body);
      expect(added.status).toBe("pending");
      ids.unshift(added.id);
    }
    const first = await list("?limit=3");
    expect(first.sources.map(({ id }) => id)).toEqual(ids.slice(0, 3));
    expect(first.counts).toEqual({ pending: 4, running: 0, ready: 0, failed: 0 });
    const rest = await list(`?limit=3&before=${first.nextBefore}`);
    expect([rest.sources.map(({ id }) => id), rest.nextBefore]).toEqual([ids.slice(3), undefined]);
    expect(rest.sources[0]).toMatchObject({ url: "https://shop.example/returns", title: "Returns", refreshHours: 2 });
    expect(first.sources[2]).toMatchObject({ kind: "sitemap", language: "de-DE", assistants: ["default"] });
    expect(first.sources[1]).not.toHaveProperty("title");
    expect(first.sources[1]).not.toHaveProperty("refreshHours");
    const contents = await product.query<{ content: Buffer | null }>(
      "select content from knowledge_sources order by created_at",
    );
    expect(contents.map(({ content }) => content?.toString())).toEqual([
      undefined,
      undefined,
      "Tea for two",
      "Yes, in five days.",
    ]);

    await product.query("update knowledge_sources set status = 'ready', due_at = null");
    const [question = ""] = ids;
    expect((await post(`/${question}/refresh`, {})).body).toEqual({ id: question, status: "pending" });
    expect((await show(question)).dueAt).toBeDefined();
    for (const id of ids) expect((await ask(`/${id}`, { method: "DELETE" })).status).toBe(204);
    expect(await list()).toEqual({ sources: [], counts: { pending: 0, running: 0, ready: 0, failed: 0 } });
    expect((await ask(`/${question}`)).status).toBe(404);
    expect((await ask(`/${question}`, { method: "DELETE" })).status).toBe(404);
    expect((await post(`/${question}/refresh`, {})).status).toBe(404);
    expect((await ask("/7")).status).toBe(400);
  });

  it("show what became of each document, and the text that was taken of one", async () => {
    const { id } = addedSource.parse((await post("", { kind: "sitemap", url: "https://shop.example/all.xml" })).body);
    await look(id, {
      "https://shop.example/a": ready("Ü — text"),
      "https://shop.example/b": { status: "left_out", reason: "It says noindex", analysis: 1, passages: [] },
      "https://shop.example/c": { ...ready("x".repeat(200_001)), needsScript: true, share: 0.25, notes: ["A note"] },
    });
    const whole = await show(id);
    expect(whole).toMatchObject({ status: "ready", documentCounts: { pending: 0, ready: 2, left_out: 1, gone: 0 } });
    expect(whole.documents.map(({ url, passages, reason, text }) => [url, passages, reason, text])).toEqual([
      ["https://shop.example/a", 1, undefined, undefined],
      ["https://shop.example/b", 0, "It says noindex", undefined],
      ["https://shop.example/c", 1, undefined, undefined],
    ]);
    expect(whole.documents[2]).toMatchObject({ needsScript: true, share: 0.25, notes: ["A note"], title: "A page" });
    const page = await show(id, "?limit=2");
    expect(page.documents).toHaveLength(2);
    expect((await show(id, `?after=${page.nextAfter}`)).documents).toEqual(whole.documents.slice(2));
    expect((await show(id, "?status=left_out")).documents).toEqual(whole.documents.slice(1, 2));
    const [first, , last] = whole.documents;
    expect((await show(id, `?text=${first?.id}`)).documents).toEqual([{ ...first, text: "Ü — text" }]);
    const [cut] = (await show(id, `?text=${last?.id}`)).documents;
    expect([cut?.text?.length, cut?.textCut]).toEqual([200_000, true]);
    expect((await ask(`/${id}?text=${id}`)).status).toBe(404);
    await ask(`/${id}`, { method: "DELETE" });
    expect(await product.query("select from knowledge_passages")).toEqual([]);
  });

  it.each([
    [{}, "kind"],
    [{ kind: "book" }, "kind"],
    [{ kind: "page" }, "url"],
    [{ kind: "page", url: "shop.example" }, "url"],
    [{ kind: "page", url: "ftp://shop.example/" }, "url"],
    [{ kind: "page", url: "https://me:secret@shop.example/" }, "url"],
    [{ kind: "page", url: `https://shop.example/${"a".repeat(2048)}` }, "url"],
    [{ kind: "page", url: "https://shop.example/", text: "Tea" }, "text"],
    [{ kind: "text", text: " " }, "text"],
    [{ kind: "text", text: "Tea", refreshHours: 5 }, "refreshHours"],
    [{ kind: "text", text: "Tea", language: "not a tag" }, "language"],
    [{ kind: "text", text: "Tea", assistants: ["default", "nobody"] }, "assistants.1"],
    [{ kind: "text", text: "Tea", assistants: [] }, "assistants"],
    [{ kind: "question", question: "Why?" }, "answer"],
    [{ kind: "page", url: "https://shop.example/", refreshHours: 0 }, "refreshHours"],
    [{ kind: "file", title: "A file" }, "kind"],
  ])("given as %j are refused with the field", async (source, path) => {
    const { status, body, text } = await post("", source);
    expect([status, body]).toMatchObject([400, { errors: [{ path }] }]);
    expect(text).not.toContain("secret");
  });

  it("are files as they were sent, up to 20 MB, of the types that can be read", async () => {
    const bytes = Buffer.from([0x25, 0x50, 0x44, 0x46, 0x00, 0xff]);
    const answer = await send("?kind=file&title=Price%20list&assistants=default", "application/pdf", bytes);
    const { id } = addedSource.parse(await answer.json());
    expect(await show(id)).toMatchObject({ kind: "file", title: "Price list", mediaType: "application/pdf" });
    const [row] = await product.query<{ content: Buffer }>("select content from knowledge_sources where id = $1", [id]);
    expect(row?.content.equals(bytes)).toBe(true);

    const tries = [
      ["?kind=file", "text/plain", Buffer.alloc(20 * 2 ** 20 + 1), 413],
      ["?kind=file", "image/png", bytes, 415],
      ["?kind=file", "text/plain; charset=latin1", bytes, 415],
      ["?kind=file", "text/plain; charset=utf-8", Buffer.from("Tea"), 201],
      ["?kind=file", "text/plain", Buffer.alloc(0), 400],
      ["?kind=file&assistants=nobody", "text/plain", bytes, 400],
      ["?kind=file&language=-", "text/plain", bytes, 400],
      ["", "application/pdf", bytes, 415],
    ] as const;
    for (const [query, type, body, status] of tries) {
      expect([query, type, (await send(query, type, body)).status]).toEqual([query, type, status]);
    }
    await product.query("delete from knowledge_sources");
  });

  it("come in batches of texts and questions, all or none", async () => {
    const texts = Array.from({ length: 1000 }, (_, no) => ({
      kind: "text",
      text: `Text ${no}`,
      assistants: ["default"],
    }));
    const { body } = await post("/batch", { sources: texts });
    const { sources } = addedSources.parse(body);
    const stored = await product.query<{ id: string; text: string }>(
      "select id, convert_from(content, 'UTF8') as text from knowledge_sources",
    );
    const textOf = new Map(stored.map(({ id, text }) => [id, text]));
    expect(sources.map(({ id }) => textOf.get(id))).toEqual(texts.map(({ text }) => text));
    const refused: [unknown, string][] = [
      [
        {
          sources: [
            { kind: "text", text: "Tea" },
            { kind: "page", url: "https://shop.example/" },
          ],
        },
        "sources.1.kind",
      ],
      [
        {
          sources: [
            { kind: "text", text: "Tea" },
            { kind: "text", text: "" },
          ],
        },
        "sources.1.text",
      ],
      [{ sources: [{ kind: "text", text: "Tea", assistants: ["nobody"] }] }, "sources.0.assistants.0"],
      [{ sources: [...texts, ...texts.slice(0, 1)] }, "sources"],
      [{ sources: [] }, "sources"],
    ];
    for (const [batch, path] of refused)
      expect((await post("/batch", batch)).body).toMatchObject({ errors: [{ path }] });
    const large = { sources: [{ kind: "text", text: "x".repeat(8 * 2 ** 20) }] };
    expect((await post("/batch", large)).status).toBe(413);
    expect(await product.query("select from knowledge_sources")).toHaveLength(1000);
    await product.query("delete from knowledge_sources");
  });

  it("are added once under a key", async () => {
    const tea = { kind: "text", text: "Tea" };
    const key = { "idempotency-key": "my-key" };
    const first = addedSource.parse((await post("", tea, { ...mia, ...key })).body);
    await product.query("update knowledge_sources set status = 'ready'");
    expect((await post("", tea, { ...mia, ...key })).body).toEqual({ ...first, status: "ready" });
    // Another source, and another operator's, is none that was sent before.
    const other = await post("", { kind: "text", text: "Cups" }, { ...mia, ...key });
    expect(other).toMatchObject({ status: 201, body: { status: "pending" } });
    const support = await makeOperator(product, "Ben");
    expect(addedSource.parse((await post("", tea, { ...support, ...key })).body).id).not.toBe(first.id);
    expect((await post("", tea, { ...mia, "idempotency-key": "ä" })).status).toBe(400);
    expect(await product.query("select from knowledge_sources")).toHaveLength(3);
    await product.query("delete from knowledge_sources");
  });

  it("are read by readers, changed by operators with a line in the log, and not found by another site", async () => {
    const { id } = addedSource.parse((await post("", { kind: "text", text: "Tea" })).body);
    expect((await ask("", {}, reader)).status).toBe(200);
    expect((await ask(`/${id}`, {}, reader)).status).toBe(200);
    expect((await post("", { kind: "text", text: "Tea" }, reader)).status).toBe(403);
    expect((await post("/batch", { sources: [] }, reader)).status).toBe(403);
    expect((await post(`/${id}/refresh`, {}, reader)).status).toBe(403);
    expect((await ask(`/${id}`, { method: "DELETE" }, reader)).status).toBe(403);
    expect((await product.client.request("/api/operator/sources")).status).toBe(401);
    await eventually("the audit's line", () => product.output().includes(`"audit":"add source"`));
    const line = product
      .output()
      .split("\n")
      .findLast((each) => each.includes(`"audit":"add source"`));
    expect(JSON.parse(line ?? "{}")).toMatchObject({ operator: "Mia", sourceIds: [id] });

    await product.query("update knowledge_sources set site_id = 'other'");
    expect(await list()).toEqual({ sources: [], counts: { pending: 0, running: 0, ready: 0, failed: 0 } });
    expect((await ask(`/${id}`)).status).toBe(404);
    expect((await ask(`/${id}`, { method: "DELETE" })).status).toBe(404);
    expect((await post(`/${id}/refresh`, {})).status).toBe(404);
    expect(await product.query("select from knowledge_sources")).toHaveLength(1);
  });
});

function ask(path: string, options: { method?: string } = {}, headers = mia) {
  return askDesk(product.client, `/sources${path}`, headers, options);
}

function post(path: string, body: unknown, headers: Record<string, string> = mia) {
  return product.client.request(`/api/operator/sources${path}`, { method: "POST", headers, body });
}

function send(query: string, type: string, body: Buffer): Promise<Response> {
  const headers = { ...mia, "content-type": type };
  return fetch(`${product.client.base}/api/operator/sources${query}`, {
    method: "POST",
    headers,
    body: new Uint8Array(body),
  });
}

async function list(query = "") {
  return sourceList.parse((await ask(query)).body);
}

async function show(id: string, query = ""): Promise<SourceDetailView> {
  return sourceDetail.parse((await ask(`/${id}${query}`)).body);
}

function ready(text: string): documents.DocumentOutcome {
  const passages = [{ begins: 0, ends: Buffer.byteLength(text), heading: "", terms: Buffer.alloc(1) }];
  return { status: "ready", title: "A page", text, analysis: 1, passages };
}

/** Looks at a source as the process does that reads knowledge. */
async function look(sourceId: string, found: Record<string, documents.DocumentOutcome>): Promise<void> {
  const db = openDatabase(product.databaseUrl, quietLog());
  try {
    const { claim = 0 } = (await looks.claimSource(db.pool, sourceId)) ?? {};
    const at = { sourceId, claim };
    await looks.listAddresses(db.pool, at, Object.keys(found));
    await looks.markListed(db.pool, at);
    for (const { id, url } of await documents.readDocumentsToFetch(db.pool, at, { limit: 10, analysis: 1 })) {
      const outcome = found[url];
      if (outcome) await documents.storeDocument(db.pool, at, id, outcome);
    }
    await looks.endLook(db.pool, at);
  } finally {
    await db.close();
  }
}
