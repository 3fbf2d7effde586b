import type { EventData, JobStatus, JobView } from "./protocol.d.ts";
import type { ServiceError } from "./service-error.ts";

/** Events of a followed job. The deltas since the last `reset`, put together, are the reply. */
export type JobProgress =
  | {
      readonly type: "status";
      readonly status: JobStatus;
      readonly attempt: number;
      readonly position?: number | undefined;
    }
  /** `id` names the position after this text. Pass it with the text so far to resume there. */
  | { readonly type: "delta"; readonly text: string; readonly id: string }
  /** A source that the reply names at `offset`, bytes into its text. After a reconnect, each arrives again. */
  | {
      readonly type: "source";
      readonly n: number;
      readonly title: string;
      readonly url: string;
      readonly offset: number;
    }
  /** The reply begins anew: drop the text so far, and its sources. */
  | { readonly type: "reset"; readonly attempt: number }
  /** No answer; the client retries in `pauseMs`. `failures`: consecutive ones, this one included. */
  | { readonly type: "trouble"; readonly error: ServiceError; readonly failures: number; readonly pauseMs: number }
  /** Final event; the text is that of `job.reply`. */
  | { readonly type: "done" | "failed" | "cancelled"; readonly job: JobView };

/** Progress of an earlier follow. */
export interface ResumePoint {
  readonly text: string;
  readonly id: string;
}

const finalTypes = { completed: "done", failed: "failed", cancelled: "cancelled" } as const;

/** Text of one reply, assembled from streams and polls. A piece may arrive twice, and either source may lag behind. */
export class ReplyAssembler {
  #text = "";
  #bytes = 0;
  #attempt = 0;
  #status = "";

  /** @param from is ignored if its text and its id do not match */
  constructor(from?: ResumePoint) {
    const [, attempt, bytes] = /^(\d+):(\d+)$/.exec(from?.id ?? "") ?? [];
    if (!from || Number(bytes) !== byteLength(from.text)) return;
    this.#text = from.text;
    this.#bytes = Number(bytes);
    this.#attempt = Number(attempt);
  }

  /** Value for `Last-Event-ID`; `undefined` while there is no text. */
  get id(): string | undefined {
    return this.#text === "" ? undefined : `${this.#attempt}:${this.#bytes}`;
  }

  /** Yields the job's status, unless it was reported before. */
  *status({ status, attempt, position }: EventData["status"]): Generator<JobProgress> {
    const now = `${status} ${attempt} ${position}`;
    if (now === this.#status) return;
    this.#status = now;
    yield { type: "status", status, attempt, position };
  }

  /** Forgets the last status, so that the next one is reported even if equal. */
  forgetStatus(): void {
    this.#status = "";
  }

  *reset({ attempt }: EventData["reset"]): Generator<JobProgress> {
    if (attempt < this.#attempt) return;
    this.#text = "";
    this.#bytes = 0;
    this.#attempt = attempt;
    yield { type: "reset", attempt };
  }

  /** @throws {RangeError} if the delta does not begin at the end of the text */
  *delta({ text, offset }: EventData["delta"], id = ""): Generator<JobProgress> {
    const attempt = Number.parseInt(id, 10);
    if (attempt > this.#attempt) yield* this.#begin(attempt);
    if (attempt < this.#attempt || offset <= this.#bytes) return;
    if (offset - byteLength(text) !== this.#bytes) throw new RangeError(`text is missing before ${id}`);
    yield this.#append(text);
  }

  /** Applies a job from a poll or from its last event. */
  *view(job: JobView): Generator<JobProgress> {
    const { status, attempt, partial = "", reply } = job;
    if (status === "queued" || status === "active") {
      yield* this.status(job);
      if (attempt > this.#attempt) yield* this.#begin(attempt);
      if (attempt === this.#attempt && !this.#text.startsWith(partial)) yield* this.#become(partial);
      return;
    }
    yield* this.#become(reply?.text ?? "");
    yield { type: finalTypes[status], job };
  }

  *#begin(attempt: number): Generator<JobProgress> {
    if (this.#text !== "") yield* this.reset({ attempt });
    this.#attempt = attempt;
  }

  *#become(whole: string): Generator<JobProgress> {
    if (!whole.startsWith(this.#text)) yield* this.reset({ attempt: this.#attempt });
    if (whole !== this.#text) yield this.#append(whole.slice(this.#text.length));
  }

  #append(text: string): JobProgress {
    this.#text += text;
    this.#bytes += byteLength(text);
    return { type: "delta", text, id: `${this.#attempt}:${this.#bytes}` };
  }
}

function byteLength(text: string): number {
  return new TextEncoder().encode(text).length;
}
