import { type Citation, noteCitation, storeReplyPassages } from "../../../shared/db/replies/citations.ts";
import type { ClaimedJob } from "../../../shared/db/jobs/claim.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";
import type { Citations } from "./citations.ts";
import type { SiteAnswer } from "./site-answer.ts";

interface NotesOptions {
  context: Pick<WorkerContext, "db" | "live">;
  job: Pick<ClaimedJob, "id" | "siteId">;
  attempt: number;
  log: Logger;
}

/**
 * Notes the citations of one attempt for those who follow it. Noting never waits and never fails: a database that is down
 * costs live sources, never the reply. All of them are kept here until they are stored with the reply.
 */
export class SourceNotes {
  readonly #options: NotesOptions;
  readonly #citations: Citations;
  #noting: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(citations: Citations, options: NotesOptions) {
    this.#citations = citations;
    this.#options = options;
  }

  get all(): readonly Citation[] {
    return this.#citations.all;
  }

  get isUnanswered(): boolean {
    return this.#citations.isUnanswered;
  }

  /** @param text the attempt's text, at least up to the place */
  add(place: AtomPlace, text: string): void {
    const citation = this.#citations.add(place, text);
    if (!citation) return;
    const no = this.#citations.all.length - 1;
    this.#noting = this.#noting.then(() => this.#note(no, citation));
  }

  /** Notes no more. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#noting;
  }

  async #note(no: number, citation: Citation): Promise<void> {
    if (this.#closed) return;
    const { context, job, attempt, log } = this.#options;
    const { id: jobId, siteId } = job;
    try {
      await noteCitation(context.db.pool, { jobId, attempt, siteId, no, citation });
      await context.live.hintChange(jobId);
    } catch (error) {
      log.debug({ err: error }, "could not note a citation");
    }
  }
}

/** Stores which passages an attempt is made from, before its first text. The record is not worth the reply. */
export async function storePassages(
  { db, reclaimGuard }: Pick<WorkerContext, "db" | "reclaimGuard">,
  { id: jobId, siteId }: Pick<ClaimedJob, "id" | "siteId">,
  { answer, attempt, log }: { answer: SiteAnswer | undefined; attempt: number; log: Logger },
): Promise<void> {
  const passages = answer?.ids ?? [];
  if (passages.length === 0) return;
  try {
    await untilStored(() => storeReplyPassages(db.pool, { jobId, attempt, siteId, passages }), { reclaimGuard, log });
  } catch (error) {
    log.error({ err: error }, "could not store the passages of a reply");
  }
}
