import type pg from "pg";
import { v7 } from "uuid";
import { indexLines } from "../../../../services/knowledge/look/index-lines.ts";
import {
  type DocumentOutcome,
  readDocumentsToFetch,
  storeDocument,
} from "../../../../shared/db/knowledge/documents.ts";
import { claimSource, listAddresses, type LookAt } from "../../../../shared/db/knowledge/looks.ts";
import { addSources } from "../../../../shared/db/knowledge/sources.ts";
import { detectLanguage } from "../../../../shared/knowledge/analysis/language.ts";
import { analysisVersion } from "../../../../shared/knowledge/analysis/passage-terms.ts";
import { siteId } from "./store-site.ts";

const paragraphsOfDocument = 8;

/** A source whose look is under way, with documents that are to be stored. */
export interface OpenLook {
  look: LookAt;
  documents: string[];
}

/** Adds a source to the large site, and lists so many documents. */
export async function openLook(pool: pg.Pool, count: number): Promise<OpenLook> {
  const sourceId = v7();
  await addSources(pool, siteId, [{ id: sourceId, kind: "sitemap", url: "https://shop.example/sitemap.xml" }]);
  const { claim = 0 } = (await claimSource(pool, sourceId)) ?? {};
  const look = { sourceId, claim };
  const urls = Array.from({ length: count }, (_, at) => `https://shop.example/${sourceId}/${at}`);
  await listAddresses(pool, look, urls);
  const documents = await readDocumentsToFetch(pool, look, { limit: count, analysis: analysisVersion });
  return { look, documents: documents.map(({ id }) => id) };
}

/** Indexes texts as a look does once they are extracted: language, passages, terms, rows. Returns passages per second. */
export async function measureIndexing(pool: pg.Pool, paragraphs: readonly string[]): Promise<number> {
  const { look, documents } = await openLook(pool, Math.ceil(paragraphs.length / paragraphsOfDocument));
  let passages = 0;
  const began = performance.now();
  for (const [at, id] of documents.entries()) {
    const lines = paragraphs.slice(at * paragraphsOfDocument, (at + 1) * paragraphsOfDocument);
    passages += await storeLines(pool, look, { id, lines });
  }
  return passages / ((performance.now() - began) / 1000);
}

/** Stores a document of a look; without lines it cannot be found any more. Returns the number of its passages. */
export async function storeLines(
  pool: pg.Pool,
  look: LookAt,
  { id, lines }: { id: string; lines: readonly string[] },
): Promise<number> {
  const title = "Page";
  const { text, passages } = indexLines(
    title,
    lines.map((line) => ({ text: line })),
  );
  const language = await detectLanguage(text);
  const outcome: DocumentOutcome = { status: "ready", title, text, language, analysis: analysisVersion, passages };
  await storeDocument(pool, look, id, outcome);
  return passages.length;
}
