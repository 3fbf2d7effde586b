import { type ClaimedJob, holdsAttempt, raiseAttempt } from "../../../shared/db/jobs/claim.ts";
import type { Citation } from "../../../shared/db/replies/citations.ts";
import type { Logger } from "../../../shared/logger.ts";
import type { SiteAnswer } from "../knowledge/site-answer.ts";
import { SourceNotes, storePassages } from "../knowledge/source-notes.ts";
import type { AtomPlace } from "../reply-text/atom-places.ts";
import { DraftWriter } from "./draft-writer.ts";
import type { ReplyDraft } from "./reply-draft.ts";
import { Stopped } from "../run/leases.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

type DraftContext = Pick<WorkerContext, "db" | "live" | "metrics" | "reclaimGuard">;

/** Draft of a run: that of its current attempt, and a new one whenever a reply must begin again. */
export class Draft implements ReplyDraft {
  readonly #context: DraftContext;
  readonly #job: ClaimedJob;
  readonly #onLost: () => void;
  readonly #log: Logger;
  #writer: DraftWriter;
  #sources: SourceNotes | undefined;
  #restarting: Promise<void> | undefined;
  attempt: number;
  /** Milliseconds from the start of the run to its first text. */
  firstDeltaMs: number | undefined;
  readonly #beganAt = performance.now();

  /** @param onLost called when the row turns out to belong to another run */
  constructor(context: DraftContext, job: ClaimedJob, onLost: () => void, log: Logger) {
    this.#context = context;
    this.#job = job;
    this.#onLost = onLost;
    this.#log = log;
    this.attempt = job.attempt;
    this.#writer = this.#open();
  }

  get text(): string {
    return this.#writer.text;
  }

  /** See `DraftWriter`. */
  get acknowledged(): string {
    return this.#writer.acknowledged;
  }

  get sources(): readonly Citation[] {
    return this.#sources?.all ?? [];
  }

  get isUnanswered(): boolean {
    return this.#sources?.isUnanswered ?? false;
  }

  expectSources(answer: SiteAnswer | undefined): void {
    const options = { context: this.#context, job: this.#job, attempt: this.attempt, log: this.#log };
    this.#sources = answer && new SourceNotes(answer.cite(), options);
  }

  storePassages(answer: SiteAnswer | undefined): Promise<void> {
    return storePassages(this.#context, this.#job, { answer, attempt: this.attempt, log: this.#log });
  }

  cite(place: AtomPlace): void {
    this.#sources?.add(place, this.text);
  }

  push(text: string): void {
    if (text !== "") this.firstDeltaMs ??= Math.round(performance.now() - this.#beganAt);
    this.#writer.push(text);
  }

  /**
   * Starts a new attempt if anything was written; readers then drop the text they have.
   * @throws {Stopped} when this run no longer holds the job
   */
  restart(): Promise<void> {
    // A call that was given up may still be restarting when the next call begins.
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    if (this.text === "") return;
    await this.close();
    const { db, live, metrics, reclaimGuard } = this.#context;
    const attempt = await untilStored(() => raiseAttempt(db.pool, this.#job, this.attempt), {
      reclaimGuard,
      log: this.#log,
    });
    if (attempt === undefined) throw new Stopped("lost");
    metrics.restarted();
    this.attempt = attempt;
    this.#writer = this.#open();
    this.#sources = undefined;
    live
      .hintChange(this.#job.id)
      .catch((error: unknown) => this.#log.debug({ err: error }, "could not publish the hint of a reset"));
  }

  async close(): Promise<void> {
    await Promise.all([this.#writer.close(), this.#sources?.close()]);
  }

  #open(): DraftWriter {
    const { db, live } = this.#context;
    const { id: jobId } = this.#job;
    const { attempt } = this;
    return new DraftWriter({
      live,
      jobId,
      attempt,
      isMine: () => holdsAttempt(db.pool, jobId, attempt),
      onLost: this.#onLost,
      log: this.#log,
    });
  }
}
