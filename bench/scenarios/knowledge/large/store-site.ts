import type pg from "pg";
import { v7 } from "uuid";
import { analysisVersion, analyzePassage } from "../../../../shared/knowledge/analysis/passage-terms.ts";
import type { LargeSite } from "./large-site.ts";

export const siteId = "large";
const passagesOfDocument = 10;
const passagesAtOnce = 1000;

/**
 * Stores prepared rows of a site, as looks would have left them: passage n has the id n. Beside them a table for
 * PostgreSQL's own text search, with its index.
 */
export async function storeSite(pool: pg.Pool, site: LargeSite, passages: number): Promise<void> {
  const sourceId = v7();
  await pool.query("insert into knowledge_sources (id, site_id, kind, status) values ($1, $2, 'sitemap', 'ready')", [
    sourceId,
    siteId,
  ]);
  await pool.query("create table texts (id int primary key, words tsvector not null)");
  for (let first = 1; first <= passages; first += passagesAtOnce) {
    const ids = Array.from({ length: Math.min(passagesAtOnce, passages - first + 1) }, (_, at) => first + at);
    await storeSome(
      pool,
      sourceId,
      ids.map((id) => ({ id, text: site.passage(id) })),
    );
  }
  await pool.query("insert into knowledge_bases (site_id, revision) values ($1, 1)", [siteId]);
  await pool.query("select setval(pg_get_serial_sequence('knowledge_passages', 'id'), $1)", [passages]);
  await pool.query("create index texts_words on texts using gin (words)");
  await pool.query("create table word_counts as select word, ndoc from ts_stat('select words from texts')");
  await pool.query("create index word_counts_word on word_counts (word)");
  await pool.query("vacuum analyze");
}

async function storeSome(pool: pg.Pool, sourceId: string, passages: { id: number; text: string }[]): Promise<void> {
  const documents: { id: string; text: string }[] = [];
  const rows = {
    id: [] as number[],
    document: [] as string[],
    begins: [] as number[],
    ends: [] as number[],
    terms: [] as Buffer[],
  };
  for (let at = 0; at < passages.length; at += passagesOfDocument) {
    const document = { id: v7(), text: "" };
    for (const { id, text } of passages.slice(at, at + passagesOfDocument)) {
      rows.id.push(id);
      rows.document.push(document.id);
      rows.begins.push(document.text.length);
      rows.ends.push(document.text.length + text.length);
      rows.terms.push(analyzePassage(text));
      document.text += `${text}\n`;
    }
    documents.push(document);
  }
  await pool.query(
    `insert into knowledge_documents (id, site_id, source_id, url, title, status, text)
     select id, $1, $2, 'https://shop.example/' || id, 'Page', 'ready', text from unnest($3::uuid[], $4::text[]) as item(id, text)`,
    [siteId, sourceId, documents.map(({ id }) => id), documents.map(({ text }) => text)],
  );
  await pool.query(
    `insert into knowledge_passages (id, site_id, document_id, no, begins, ends, analysis, terms, revision)
     select id, $1, document, id, begins, ends, $2, terms, 1
     from unnest($3::int[], $4::uuid[], $5::int[], $6::int[], $7::bytea[]) as item(id, document, begins, ends, terms)`,
    [siteId, analysisVersion, rows.id, rows.document, rows.begins, rows.ends, rows.terms],
  );
  await pool.query(
    "insert into texts select id, to_tsvector('simple', text) from unnest($1::int[], $2::text[]) as item(id, text)",
    [passages.map(({ id }) => id), passages.map(({ text }) => text)],
  );
}
