import { type ClaimedJob, holdsAttempt, raiseAttempt } from "../../../shared/db/jobs/claim.ts";
import type { Logger } from "../../../shared/logger.ts";
import { DraftWriter } from "./draft-writer.ts";
import { Stopped } from "../run/leases.ts";
import { untilStored } from "../run/until-stored.ts";
import type { WorkerContext } from "../worker-context.ts";

/** What a run writes: the draft of its present attempt, and a new one whenever a reply must begin anew. */
export class Draft {
  readonly #context: WorkerContext;
  readonly #job: ClaimedJob;
  readonly #onLost: () => void;
  readonly #log: Logger;
  #writer: DraftWriter;
  #restarting: Promise<void> | undefined;
  attempt: number;
  /** From the beginning of the run to its first text. */
  firstDeltaMs: number | undefined;
  readonly #beganAt = performance.now();

  /** @param onLost called when the row turns out to be another run's */
  constructor(context: WorkerContext, job: ClaimedJob, onLost: () => void, log: Logger) {
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

  push(text: string): void {
    if (text !== "") this.firstDeltaMs ??= Math.round(performance.now() - this.#beganAt);
    this.#writer.push(text);
  }

  /**
   * Begins anew if anything was written: raises the attempt, so that readers drop what they have.
   * @throws {Stopped} when the job is not this run's any more
   */
  restart(): Promise<void> {
    // A call that was given up may still be at it when the next one begins.
    this.#restarting ??= this.#restart().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  async #restart(): Promise<void> {
    if (this.text === "") return;
    await this.#writer.close();
    const { db, live, metrics, takeOvers } = this.#context;
    const attempt = await untilStored(() => raiseAttempt(db.pool, this.#job, this.attempt), {
      takeOvers,
      log: this.#log,
    });
    if (attempt === undefined) throw new Stopped("lost");
    metrics.restarted();
    this.attempt = attempt;
    this.#writer = this.#open();
    live.hintChange(this.#job.id).catch((error: unknown) => this.#log.debug({ err: error }, "reset not hinted"));
  }

  close(): Promise<void> {
    return this.#writer.close();
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
