import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import { repeat } from "../../../shared/async/repeat.ts";
import { type DocumentToFetch, readDocumentsToFetch, readNextRetry } from "../../../shared/db/knowledge/documents.ts";
import {
  claimSource,
  type ClaimedSource,
  endLook,
  failLook,
  listAddresses,
  type LookAt,
  markListed,
  pauseLook,
  renewLook,
} from "../../../shared/db/knowledge/looks.ts";
import { leaveOutCopies, settleLook } from "../../../shared/db/knowledge/settle-look.ts";
import { FetchError } from "../../../shared/fetch/fetch-error.ts";
import { analysisVersion } from "../../../shared/knowledge/analysis/passage-terms.ts";
import { renewLookEveryMs } from "../../../shared/tunables.ts";
import type { KnowledgeContext } from "../knowledge-context.ts";
import { dropFrame, readFrame } from "./drop-frame.ts";
import { readDocument } from "./read-document.ts";
import { ListingError } from "./web.ts";

/** Documents read from the database at once. */
const documentsAtOnce = 20;
/** Pause after failed looks: 1, 4, 16 … minutes, a day at most. */
const firstRetryMs = 60_000;
const longestRetryMs = 24 * 60 * 60_000;

/**
 * Looks at a source: lists its addresses, reads each document, and removes what is gone. All progress is in rows: a look
 * that ends anywhere is gone on with by whoever claims the source next.
 */
export async function lookAtSource(context: KnowledgeContext, sourceId: string, closing: AbortSignal): Promise<void> {
  const { log } = context;
  const { pool } = context.db;
  const source = await claimSource(pool, sourceId);
  if (!source) return;
  const look: LookAt = { sourceId, claim: source.claim };
  using ending = new LinkedAbort(closing);
  const stopRenewing = repeat(renewLookEveryMs, async () => {
    const kept = await renewLook(pool, look).catch(() => true);
    if (!kept) ending.abort();
  });
  const { signal } = ending;
  try {
    await goOn(context, source, look, signal);
  } catch (error) {
    if (signal.aborted) {
      await pauseLook(pool, look, 0);
    } else if (error instanceof ListingError || error instanceof FetchError) {
      const retryMs = Math.min(longestRetryMs, firstRetryMs * 4 ** source.failures);
      await failLook(pool, look, { reason: error.message, retryMs });
      log.info({ sourceId, reason: error.message }, "a source could not be read; retrying later");
    } else {
      // The lease expires, and the look goes on then.
      log.warn({ err: error, sourceId }, "a look at a source was broken off; it goes on later");
    }
  } finally {
    await stopRenewing();
  }
}

async function goOn(
  context: KnowledgeContext,
  source: ClaimedSource,
  look: LookAt,
  signal: AbortSignal,
): Promise<void> {
  const { pool } = context.db;
  if (!source.listed) {
    const { urls, missing } = await addressesOf(context, source, signal);
    if (!(await listAddresses(pool, look, urls))) return;
    // An incomplete list removes nothing.
    if (!(await markListed(pool, look, { missing }))) return;
  }
  const frame = await readFrame(pool, look.sourceId);
  const readAll = async (unlisted: boolean) => {
    for (;;) {
      const documents = await readDocumentsToFetch(pool, look, {
        limit: documentsAtOnce,
        unlisted,
        analysis: analysisVersion,
      });
      if (documents.length === 0) return;
      await readInTurn(
        documents,
        (document) => readDocument(context, { source, look, frame, signal }, document),
        signal,
      );
    }
  };
  await readAll(false);
  const settled = await settle(context, look);
  if (!settled) return;
  // Too many would go: those that the list does not name are asked themselves, and removed if they are gone.
  if (settled.held > 0) await readAll(true);
  const waitMs = await readNextRetry(pool, look);
  if (waitMs !== undefined) return pauseLook(pool, look, waitMs);
  await dropFrame(pool, look);
  await leaveOutCopies(pool, look);
  await endLook(pool, look, settled.held > 0 ? heldBack(settled.held) : undefined);
}

/** Documents of one list in turn: the pace of their site decides, not this process. */
async function readInTurn(
  documents: readonly DocumentToFetch[],
  read: (document: DocumentToFetch) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  for (const document of documents) {
    signal.throwIfAborted();
    await read(document);
  }
}

async function settle({ db }: KnowledgeContext, look: LookAt) {
  // Documents that wait for another try come first: their silence says nothing.
  const waitMs = await readNextRetry(db.pool, look);
  return waitMs === undefined ? settleLook(db.pool, look) : { held: 0, removed: 0 };
}

async function addressesOf(
  { web }: KnowledgeContext,
  source: ClaimedSource,
  signal: AbortSignal,
): Promise<{ urls: string[]; missing?: string | undefined }> {
  const { kind, url } = source;
  return kind === "sitemap" ? web.listPages(url ?? "", signal) : { urls: [kind === "page" ? (url ?? "") : ""] };
}

function heldBack(count: number): string {
  return (
    `${count} pages would have been removed by this look, over a fifth of the source. Only those that answer 404 or 410 ` +
    "were. If the others are meant to go, delete the source and add it again."
  );
}
