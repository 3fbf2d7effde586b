import { isDatabaseAway } from "../../../shared/postgres/database-away.ts";
import { findSameText } from "../../../shared/db/knowledge/document-texts.ts";
import {
  type DocumentOutcome,
  type DocumentToFetch,
  keepDocument,
  retryDocument,
  storeDocument,
} from "../../../shared/db/knowledge/documents.ts";
import type { ClaimedSource, LookAt } from "../../../shared/db/knowledge/looks.ts";
import { analysisVersion } from "../../../shared/knowledge/analysis/passage-terms.ts";
import { detectLanguage } from "../../../shared/knowledge/analysis/language.ts";
import type { ExtractedPage } from "../extract/extracted-page.ts";
import type { FrameLines } from "../extract/frame-lines.ts";
import type { KnowledgeContext } from "../knowledge-context.ts";
import { indexAnswer, indexLines } from "./index-lines.ts";
import { storableText, toStorablePage } from "./storable-page.ts";
import type { FetchedPage } from "./web.ts";

/** Requests of one look for a page that cannot be read for now. */
const maxTries = 4;

interface Reading {
  source: ClaimedSource;
  look: LookAt;
  frame: FrameLines;
  signal: AbortSignal;
}

/**
 * Reads one document of a source and stores what was found. A fault with one document ends no look: it is left out.
 * @throws if the database is away, or the reading is to end
 */
export async function readDocument(
  context: KnowledgeContext,
  reading: Reading,
  document: DocumentToFetch,
): Promise<void> {
  try {
    await readWhole(context, reading, document);
  } catch (error) {
    if (reading.signal.aborted || isDatabaseAway(error)) throw error;
    context.log.warn({ err: error, sourceId: reading.source.id, documentId: document.id }, "a document failed");
    await leaveOut(context, reading, document, "it could not be read: the log of the knowledge process says why");
  }
}

async function readWhole(context: KnowledgeContext, reading: Reading, document: DocumentToFetch): Promise<void> {
  const { source, look } = reading;
  const { pool } = context.db;
  // Indexing and storing keep a core and PostgreSQL busy; requests to a site hardly do.
  const inSpareTime = (work: () => Promise<void>) => context.spareTime.run(reading.signal, work);
  if (source.kind === "question") return storeAnswer(context, reading, document);
  if (source.content) return inSpareTime(() => storeContent(context, reading, document));
  const outcome = await context.web.fetchPage(document, reading.signal);
  switch (outcome.kind) {
    case "unchanged":
      await keepDocument(pool, look, document.id);
      return;
    case "gone":
      await storeDocument(pool, look, document.id, nothing("gone", `the page answers ${outcome.status}`));
      return;
    case "left-out":
      return leaveOut(context, reading, document, outcome.message);
    case "try-later": {
      const { afterMs, message: reason } = outcome;
      if (document.tries + 1 < maxTries) await retryDocument(pool, look, { documentId: document.id, afterMs, reason });
      // A page that answers already stays as it was read last.
      else if (document.status === "ready") await keepDocument(pool, look, document.id);
      else await storeDocument(pool, look, document.id, nothing("left_out", reason));
      return;
    }
    case "page":
      return inSpareTime(() => storePage(context, reading, document, outcome));
  }
}

async function storePage(
  context: KnowledgeContext,
  reading: Reading,
  document: DocumentToFetch,
  fetched: FetchedPage,
): Promise<void> {
  if (fetched.noindex) return leaveOut(context, reading, document, "the page asks not to be indexed (X-Robots-Tag)");
  const page = await context.web.extract(fetched);
  if ("failed" in page) return leaveOut(context, reading, document, page.failed);
  const text = page.lines.map((line) => line.text).join("\n");
  if (await context.web.isErrorPage(fetched.url, text, reading.signal))
    return leaveOut(context, reading, document, "the page shows what the site shows for pages that it does not have");
  const { etag, lastModified } = fetched;
  await storeExtracted(context, reading, document, { page, etag, lastModified });
}

async function storeContent(context: KnowledgeContext, reading: Reading, document: DocumentToFetch): Promise<void> {
  const { content, mediaType } = reading.source;
  const file = { bytes: content ?? Buffer.alloc(0), mediaType: mediaType ?? "text/plain", url: "" };
  const page = await context.web.extract(file);
  if ("failed" in page) return leaveOut(context, reading, document, page.failed);
  await storeExtracted(context, reading, document, { page });
}

async function storeExtracted(
  context: KnowledgeContext,
  reading: Reading,
  document: DocumentToFetch,
  {
    page: extracted,
    etag,
    lastModified,
  }: { page: ExtractedPage; etag?: string | undefined; lastModified?: string | undefined },
): Promise<void> {
  const { source, look, frame } = reading;
  const { pool } = context.db;
  const page = toStorablePage(extracted);
  const reason = reasonAgainst(page);
  if (reason !== undefined) return leaveOut(context, reading, document, reason);
  const title = source.title ?? page.title;
  const { text, passages } = indexLines(title, frame.drop(page.lines));
  const same = await findSameText(pool, { sourceId: source.id, documentId: document.id, text });
  if (same !== undefined) return leaveOut(context, reading, document, `the same text as ${same}`);
  const { lines, share, needsScript, notes, canonical } = page;
  await storeDocument(pool, look, document.id, {
    status: "ready",
    title,
    lines,
    text,
    passages,
    analysis: analysisVersion,
    share,
    needsScript,
    notes,
    canonical,
    etag,
    lastModified,
    language: source.language ?? page.language ?? (await detectLanguage(text)),
  });
}

async function storeAnswer({ db }: KnowledgeContext, { source, look }: Reading, document: DocumentToFetch) {
  const question = source.question ?? "";
  const { text, passages } = indexAnswer(question, storableText(source.content?.toString("utf8") ?? ""));
  const language = source.language ?? (await detectLanguage(`${question}\n${text}`));
  await storeDocument(db.pool, look, document.id, {
    status: "ready",
    title: question,
    language,
    text,
    passages,
    analysis: analysisVersion,
  });
}

/** A document that answers goes on answering until the end of the look, which sees how many would go. */
async function leaveOut({ db }: KnowledgeContext, { look }: Reading, document: DocumentToFetch, reason: string) {
  if (document.status === "ready") await keepDocument(db.pool, look, document.id, reason);
  else await storeDocument(db.pool, look, document.id, nothing("left_out", reason));
}

function reasonAgainst({ noindex, lines, needsScript }: ExtractedPage): string | undefined {
  if (noindex) return "the page asks not to be indexed (robots meta)";
  if (lines.length > 0) return undefined;
  return needsScript ? "no text found: the page needs scripts" : "no text found";
}

function nothing(status: "gone" | "left_out", reason: string): DocumentOutcome {
  return { status, reason, analysis: analysisVersion, passages: [] };
}
