import type { Pool } from "pg";
import { type DocumentLines, readDocumentLines, storeText } from "../../../shared/db/knowledge/document-texts.ts";
import type { LookAt } from "../../../shared/db/knowledge/looks.ts";
import { analysisVersion } from "../../../shared/knowledge/analysis/passage-terms.ts";
import { FrameLines } from "../extract/frame-lines.ts";
import { indexLines } from "./index-lines.ts";

const documentsAtOnce = 100;

/** Reads the lines that repeat over the documents of a source, as they are stored. */
export async function readFrame(pool: Pool, sourceId: string): Promise<FrameLines> {
  const frame = new FrameLines();
  for await (const { lines } of eachDocument(pool, sourceId)) frame.add(lines);
  return frame;
}

/** Drops those lines from each document whose text has others. Its passages change in the same statement. */
export async function dropFrame(pool: Pool, look: LookAt): Promise<void> {
  const frame = await readFrame(pool, look.sourceId);
  for await (const { id, title, text, lines } of eachDocument(pool, look.sourceId)) {
    const kept = frame.drop(lines);
    // Cheaper than an analysis, and most documents are as they should be.
    if (kept.map((line) => line.text.toWellFormed()).join("\n") === text) continue;
    await storeText(pool, look, { documentId: id, analysis: analysisVersion, ...indexLines(title ?? "", kept) });
  }
}

async function* eachDocument(pool: Pool, sourceId: string): AsyncGenerator<DocumentLines> {
  let after: string | undefined;
  for (;;) {
    const documents = await readDocumentLines(pool, sourceId, { after, limit: documentsAtOnce });
    yield* documents;
    after = documents.at(-1)?.id;
    if (documents.length < documentsAtOnce) return;
  }
}
