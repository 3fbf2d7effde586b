import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import * as documents from "../../shared/db/knowledge/documents.ts";
import * as texts from "../../shared/db/knowledge/document-texts.ts";
import * as looks from "../../shared/db/knowledge/looks.ts";
import * as progress from "../../shared/db/knowledge/progress.ts";
import * as settling from "../../shared/db/knowledge/settle-look.ts";
import * as passages from "../../shared/db/knowledge/passages.ts";
import { sourceDocumentsStatement } from "../../shared/db/knowledge/source-documents.ts";
import * as sources from "../../shared/db/knowledge/sources.ts";
import { documentStatus, sourceKind, sourceStatus } from "../../shared/protocol/knowledge.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { buffer } from "./fixtures.ts";
import { reads, readsTyped, type StatementCase, writes } from "./statement-case.ts";

const id = z.strictObject({ id: z.uuid() });
const bigint = z.string().regex(/^\d+$/);

const sitemap = "https://shop.example/sitemap.xml";
const nobody = "00000000-0000-0000-0000-000000000000";

const shownSource = z.strictObject({
  id: z.uuid(),
  kind: sourceKind,
  url: z.string().nullable(),
  title: z.string().nullable(),
  question: z.string().nullable(),
  mediaType: z.string().nullable(),
  language: z.string().nullable(),
  assistants: z.array(z.string()).nullable(),
  status: sourceStatus,
  reason: z.string().nullable(),
  refreshHours: z.int(),
  lookedAt: z.date().nullable(),
  dueAt: z.date().nullable(),
  createdAt: z.date(),
  place: z.string(),
  documents: z.partialRecord(documentStatus, z.int()),
});

/** Statements about sources of knowledge and their documents. */
export const knowledgeCases: StatementCase[] = [
  reads(sources.addSourcesStatement, id.extend({ status: sourceStatus }), (pool) => addSource(pool)),
  writes(sources.moveSourcesStatement, async (pool) =>
    sources.moveSources(pool, defaultSite, {
      ids: [await addSource(pool)],
      from: "https://shop.example",
      to: "https://shop.test",
    }),
  ),
  readsTyped(sources.listSourcesStatement, shownSource, async (pool) => {
    await storeSource(pool);
    return { siteId: defaultSite, limit: 10, after: { time: "infinity", id: v7() } };
  }),
  readsTyped(sources.readSourceStatement, shownSource, async (pool) => ({
    siteId: defaultSite,
    sourceId: (await storeSource(pool)).sourceId,
  })),
  readsTyped(
    sourceDocumentsStatement,
    z.strictObject({
      id: z.uuid(),
      url: z.string(),
      title: z.string().nullable(),
      language: z.string().nullable(),
      status: documentStatus,
      reason: z.string().nullable(),
      notes: z.array(z.string()).nullable(),
      share: z.number().nullable(),
      needsScript: z.boolean(),
      fetchedAt: z.date().nullable(),
      passages: z.string().nullable(),
      text: z.string().nullable(),
      textCut: z.boolean().nullable(),
    }),
    async (pool) => {
      const { sourceId, documentId } = await storeSource(pool);
      return { siteId: defaultSite, sourceId, limit: 10, after: nobody, status: "ready" as const, text: documentId };
    },
  ),
  reads(
    progress.sourceProgressStatement,
    id.extend({ status: sourceStatus, reason: z.string().nullable(), name: z.string() }),
    async (pool) => progress.readSourceProgress(pool, defaultSite, [await addSource(pool)]),
  ),
  reads(
    progress.tallyDocumentsStatement,
    z.strictObject({ status: documentStatus, reason: z.string().nullable(), count: z.int() }),
    async (pool) => progress.tallyDocuments(pool, defaultSite, [(await storeSource(pool)).sourceId]),
  ),
  reads(sources.knowingAssistantsStatement, z.strictObject({ name: z.string().nullable() }), async (pool) => {
    await storeSource(pool);
    await sources.readKnowingAssistants(pool, defaultSite);
  }),
  reads(sources.findSourceStatement, id, async (pool) => {
    await addSource(pool);
    await sources.findSource(pool, defaultSite, { kind: "sitemap", name: sitemap });
  }),
  reads(sources.replaceContentStatement, id, async (pool) => {
    const at = { siteId: defaultSite, sourceId: await addSource(pool) };
    await sources.replaceContent(pool, at, { content: Buffer.from("new"), mediaType: "text/plain" });
  }),
  readsTyped(
    sources.countSourcesStatement,
    z.strictObject({ status: sourceStatus, count: z.string() }),
    async (pool) => {
      await addSource(pool);
      return defaultSite;
    },
  ),
  reads(sources.deleteSourceStatement, id, async (pool) => {
    const { sourceId } = await storeSource(pool);
    await sources.deleteSource(pool, { siteId: defaultSite, sourceId });
  }),
  reads(sources.refreshSourceStatement, z.strictObject({ status: sourceStatus }), async (pool) =>
    sources.refreshSource(pool, { siteId: defaultSite, sourceId: await addSource(pool) }),
  ),
  reads(looks.dueSourcesStatement, id, async (pool) => {
    await addSource(pool);
    await looks.readDueSources(pool, 1);
  }),
  reads(
    looks.claimSourceStatement,
    z.strictObject({
      id: z.uuid(),
      siteId: z.string(),
      kind: sourceKind,
      url: z.string().nullable(),
      title: z.string().nullable(),
      question: z.string().nullable(),
      content: buffer.nullable(),
      mediaType: z.string().nullable(),
      language: z.string().nullable(),
      claim: z.int(),
      look: z.int(),
      failures: z.int(),
      listed: z.boolean(),
    }),
    (pool) => begun(pool),
  ),
  reads(looks.renewLookStatement, id, async (pool) => looks.renewLook(pool, await begun(pool))),
  reads(looks.listAddressesStatement, z.strictObject({ count: z.int() }), (pool) => listed(pool)),
  reads(looks.markListedStatement, id, (pool) => listed(pool)),
  reads(looks.failLookStatement, id, async (pool) =>
    looks.failLook(pool, await begun(pool), { reason: "it is away", retryMs: 1000 }),
  ),
  reads(looks.pauseLookStatement, id, async (pool) => looks.pauseLook(pool, await begun(pool), 1000)),
  reads(looks.endLookStatement, id, async (pool) => looks.endLook(pool, await listed(pool))),
  reads(
    documents.documentsToFetchStatement,
    z.strictObject({
      id: z.uuid(),
      url: z.string(),
      etag: z.string().nullable(),
      lastModified: z.string().nullable(),
      tries: z.int(),
      status: documentStatus,
    }),
    (pool) => listed(pool),
  ),
  reads(documents.nextRetryStatement, z.strictObject({ afterMs: z.number().nullable() }), async (pool) => {
    const { documentId, ...look } = await listed(pool);
    await documents.retryDocument(pool, look, { documentId, afterMs: 1000, reason: "busy" });
    await documents.readNextRetry(pool, look);
  }),
  reads(documents.retryDocumentStatement, id, async (pool) => {
    const { documentId, ...look } = await listed(pool);
    await documents.retryDocument(pool, look, { documentId, afterMs: 1000, reason: "busy" });
  }),
  reads(documents.keepDocumentStatement, id, async (pool) => {
    const { documentId, ...look } = await listed(pool);
    await documents.keepDocument(pool, look, documentId);
  }),
  reads(documents.storeDocumentStatement, id.extend({ changed: z.boolean() }), (pool) => storeSource(pool)),
  reads(
    texts.documentLinesStatement,
    id.extend({ title: z.null(), text: z.string(), lines: z.array(z.strictObject({ text: z.string() })) }),
    async (pool) => texts.readDocumentLines(pool, (await storeSource(pool)).sourceId, { after: undefined, limit: 1 }),
  ),
  reads(texts.findSameTextStatement, z.strictObject({ url: z.string() }), async (pool) =>
    texts.findSameText(pool, { sourceId: (await storeSource(pool)).sourceId, documentId: v7(), text: "Text" }),
  ),
  reads(texts.storeTextStatement, id, async (pool) => {
    const { documentId, ...look } = await storeSource(pool);
    await texts.storeText(pool, look, { documentId, text: "Other", analysis: 1, passages: [] });
  }),
  reads(
    passages.passageRemovalsStatement,
    z.strictObject({ revision: bigint, passageIds: z.array(bigint) }),
    async (pool) => {
      const { sourceId } = await storeSource(pool);
      await sources.deleteSource(pool, { siteId: defaultSite, sourceId });
      await passages.readPassageRemovals(pool, defaultSite, "0");
    },
  ),
  reads(
    passages.knowledgeStateStatement,
    z.strictObject({ revision: bigint, sources: z.array(z.uuid()).nullable() }),
    async (pool) => {
      await storeSource(pool);
      await passages.readKnowledgeState(pool, defaultSite, "default");
    },
  ),
  reads(
    passages.passageTextsStatement,
    z.strictObject({
      id: bigint,
      documentId: z.uuid(),
      sourceId: z.uuid(),
      heading: z.string(),
      begins: z.int(),
      ends: z.int(),
      url: z.string(),
      title: z.string().nullable(),
      language: z.string().nullable(),
      kind: sourceKind,
      text: z.string(),
    }),
    async (pool) => {
      await storeSource(pool);
      const after = passages.firstPassage;
      const some = await passages.readPassagesAfter(pool, defaultSite, { after, analysis: 1, limit: 1 });
      await passages.readPassageTexts(pool, defaultSite, { ids: some.map((passage) => passage.id) });
    },
  ),
  writes(passages.dropRemovalsStatement, (pool) => passages.dropRemovals(pool)),
  reads(settling.settleLookStatement, z.strictObject({ held: z.int(), removed: z.int() }), async (pool) =>
    settling.settleLook(pool, await storeSource(pool)),
  ),
  reads(settling.leaveOutCopiesStatement, id, async (pool) => {
    const look = await storeSource(pool);
    await looks.listAddresses(pool, look, ["https://shop.example/copy"]);
    await storeText(pool, look);
    await settling.leaveOutCopies(pool, look);
  }),
];

async function addSource(pool: Pool): Promise<string> {
  const source = { id: v7(), kind: "sitemap", url: sitemap } as const;
  await sources.addSources(pool, defaultSite, [source]);
  return source.id;
}

async function begun(pool: Pool) {
  const source = await looks.claimSource(pool, await addSource(pool));
  if (!source) throw new Error("the source cannot be claimed");
  return { sourceId: source.id, claim: source.claim };
}

async function listed(pool: Pool) {
  const look = await begun(pool);
  await looks.listAddresses(pool, look, ["https://shop.example/returns"]);
  await looks.markListed(pool, look);
  return { ...look, documentId: await nextToFetch(pool, look) };
}

async function nextToFetch(pool: Pool, look: looks.LookAt): Promise<string> {
  const [document] = await documents.readDocumentsToFetch(pool, look, { limit: 1, analysis: 1 });
  return document?.id ?? "";
}

async function storeText(pool: Pool, look: looks.LookAt): Promise<string> {
  const documentId = await nextToFetch(pool, look);
  const cut = [{ begins: 0, ends: 4, heading: "Returns", terms: Buffer.from([1]) }];
  await documents.storeDocument(pool, look, documentId, {
    status: "ready",
    text: "Text",
    lines: [{ text: "Text" }],
    analysis: 1,
    passages: cut,
  });
  return documentId;
}

/** Stores a source with a document and a passage. */
export async function storeSource(pool: Pool) {
  const { sourceId, claim } = await listed(pool);
  return { sourceId, claim, documentId: await storeText(pool, { sourceId, claim }) };
}
