import { defineEntity, p } from "@mikro-orm/core";
import type { DocumentStatus, SourceKind, SourceStatus } from "../../../protocol/knowledge.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { byHand, bytes, float, time } from "./entity-columns.ts";

/** Tables of a site's knowledge. See `entities.ts`. */

/** One row a site: its lock puts the changes of passages in order. */
const KnowledgeBase = defineEntity({
  name: "KnowledgeBase",
  tableName: "knowledge_bases",
  properties: {
    siteId: p.text().primary(),
    /** Incremented by each change of the site's passages. */
    revision: p.bigint("string"),
    /** Incremented by each deletion of a source, by a trigger: cached pages may still quote it. */
    withdrawals: p.integer().default(0),
  },
});

export const SourceEntity = defineEntity({
  name: "KnowledgeSource",
  tableName: "knowledge_sources",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    kind: p.text().$type<SourceKind>(),
    url: p.text().nullable(),
    title: p.text().nullable(),
    question: p.text().nullable(),
    /** A file, text or answer, as its owner gave it. */
    content: bytes().nullable(),
    mediaType: p.text().nullable(),
    language: p.text().nullable(),
    /** Assistants that answer from it. Null: all. */
    assistants: p.array().columnType("text[]").nullable(),
    refreshHours: p.integer().default(24),
    status: p.text().$type<SourceStatus>().default("pending"),
    /** Why it failed, or what its owner should know of the last look. */
    reason: p.text().nullable(),
    /** Looks begun so far. */
    look: p.integer().default(0),
    /** The last look whose list of addresses is stored. */
    listedLook: p.integer().default(0),
    /** Fencing token of every write of a look. Incremented by each claim. */
    claim: p.integer().default(0),
    /** Failed looks in a row. */
    failures: p.integer().default(0),
    leaseUntil: time().nullable(),
    /** A refresh was asked for since the look under way began: another look follows it. */
    refreshAsked: p.boolean().default(false),
    /** Time of the next look. Null: never again. */
    dueAt: time().nullable(),
    /** End of the last complete look. */
    lookedAt: time().nullable(),
    createdAt: time().defaultRaw("now()"),
  },
  indexes: [
    { name: "knowledge_sources_of_site", properties: ["siteId", "createdAt", "id"] },
    {
      name: "knowledge_sources_due",
      expression: byHand(
        `create index "knowledge_sources_due" on "knowledge_sources" ("due_at") where ("due_at" is not null)`,
      ),
    },
  ],
  checks: [
    { name: "knowledge_sources_kind", expression: "kind in ('page', 'sitemap', 'file', 'text', 'question')" },
    { name: "knowledge_sources_status", expression: "status in ('pending', 'running', 'ready', 'failed')" },
  ],
  triggers: [
    {
      // Named as the migration names it; MikroORM finds the function by the table and this name.
      name: "counts_withdrawal",
      timing: "after",
      events: ["delete"],
      body: `
        update knowledge_bases set withdrawals = withdrawals + 1 where site_id = old.site_id;
        return null;`,
    },
  ],
});

/** One page or file of a source. */
const Document = defineEntity({
  name: "KnowledgeDocument",
  tableName: "knowledge_documents",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    source: () => p.manyToOne(SourceEntity).deleteRule("cascade").updateRule("no action"),
    /** Empty for what was not fetched. */
    url: p.text().default(""),
    title: p.text().nullable(),
    language: p.text().nullable(),
    status: p.text().$type<DocumentStatus>().default("pending"),
    /** Why it is left out or gone. */
    reason: p.text().nullable(),
    /** Remarks of the extraction, for the owner. */
    notes: p.array().columnType("text[]").nullable(),
    /** The last look that found its address. */
    listedLook: p.integer().default(0),
    /** The last look that has dealt with it. */
    fetchedLook: p.integer().default(0),
    /** Requests of this look that are to be repeated. */
    tries: p.integer().default(0),
    retryAt: time().nullable(),
    /** Why this look would leave a document out that answers. Decided at the end of the look. */
    leaving: p.text().nullable(),
    etag: p.text().nullable(),
    lastModified: p.text().nullable(),
    /** Text that was taken, before lines that repeat over the site are dropped. */
    lines: p.json().$type<{ text: string; heading?: number }[]>().nullable(),
    /** Text of the passages. */
    text: p.text().nullable(),
    /** SHA-256 of `text`: finds pages that exist twice. */
    textHash: bytes().nullable(),
    /** Address that the page itself names as its own, if it is another one. */
    canonical: p.text().nullable(),
    /** Part of the page's visible text that was taken, 0 to 1. */
    share: float().nullable(),
    needsScript: p.boolean().default(false),
    fetchedAt: time().nullable(),
  },
  uniques: [{ name: "knowledge_documents_url", properties: ["source", "url"] }],
  indexes: [
    { name: "knowledge_documents_to_fetch", properties: ["source", "fetchedLook", "id"] },
    {
      name: "knowledge_documents_by_text",
      expression: byHand(
        `create index "knowledge_documents_by_text" on "knowledge_documents" ("source_id", "text_hash") where ("text_hash" is not null)`,
      ),
    },
  ],
  checks: [{ name: "knowledge_documents_status", expression: "status in ('pending', 'ready', 'left_out', 'gone')" }],
});

/** A piece of a document that can be quoted. Its row is never changed: a changed document gets new ones. */
export const PassageEntity = defineEntity({
  name: "KnowledgePassage",
  tableName: "knowledge_passages",
  properties: {
    id: p.bigint("string").primary().generated("by default as identity"),
    siteId: p.text().default(defaultSite),
    document: () => p.manyToOne(Document).deleteRule("cascade").updateRule("no action"),
    no: p.integer(),
    /** UTF-8 byte offsets into the document's text. */
    begins: p.integer(),
    ends: p.integer(),
    heading: p.text().default(""),
    /** Version of the analysis that made its terms. */
    analysis: p.integer(),
    /** Terms and their counts; see `shared/knowledge/analysis`. */
    terms: bytes(),
    /** The site's revision that brought it. */
    revision: p.bigint("string"),
  },
  indexes: [
    { name: "knowledge_passages_of_document", properties: ["document", "no"] },
    { name: "knowledge_passages_in_order", properties: ["siteId", "revision", "id"] },
  ],
});

/** Passages that a revision took away, for indexes in memory. */
const Removal = defineEntity({
  name: "KnowledgeRemoval",
  tableName: "knowledge_removals",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    revision: p.bigint("string").primary(),
    passageIds: p.array().columnType("bigint[]"),
    at: time().defaultRaw("now()"),
  },
});

export const knowledge = [KnowledgeBase, SourceEntity, Document, PassageEntity, Removal];
