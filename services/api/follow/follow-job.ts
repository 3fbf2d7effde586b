import type { Database } from "../../../shared/db/database.ts";
import { type JobRow, readJob } from "../../../shared/db/jobs/read-job.ts";
import type { Logger } from "../../../shared/logger.ts";
import { endEventId, type JobEvent } from "../../../shared/protocol/events.ts";
import { ClientSources } from "./cited/client-sources.ts";
import { hasEnded, toJobView } from "./job-view.ts";
import type { Mail } from "./mailbox.ts";
import type { JobWatch } from "./watch-job.ts";
import type { Watcher } from "./watcher.ts";

/** Maximum length of a delta that is read from a draft or a stored reply, in UTF-8 bytes. */
const longestDeltaBytes = 32 * 1024;

/** A client's position in an attempt's text, in UTF-8 bytes. */
export interface Cursor {
  attempt: number;
  bytes: number;
}

interface Follow {
  watcher: Watcher;
  /** Read after the watcher was opened, so that no change is missed. */
  row: JobRow;
  /**
   * The client's position, from its `Last-Event-ID`: `"unknown"` if it is no id of ours, absent for a fresh connect.
   */
  from?: Cursor | "unknown" | undefined;
}

interface Sources {
  db: Pick<Database, "pool">;
  watch: Pick<JobWatch, "readDraft">;
  log: Logger;
}

/**
 * Yields everything that a client has yet to see of a job, until the job has ended. It works like the tail of a log:
 * the truth is in the row, the draft and the stored reply, and hints only say when to read them. Closing its watcher
 * ends it without an event, because the client is gone.
 */
export async function* followJob(sources: Sources, { watcher, row: first, from }: Follow): AsyncGenerator<JobEvent> {
  const jobId = first.id;
  let row = first;
  const text = new ClientText(sources, jobId, from, row.attempt);
  const cited = new ClientSources();
  yield statusEvent(row);
  let mail: Mail | undefined = { row: false, draft: true, deltas: [] };
  while (mail) {
    if (mail.row || mail.deltas.some(({ attempt }) => attempt > row.attempt)) {
      const before: JobRow = row;
      row = (await readJob(sources.db.pool, jobId)) ?? before;
      const moved = row.status !== before.status || row.attempt !== before.attempt;
      if (moved && !hasEnded(row.status)) yield statusEvent(row);
      // The draft of a new attempt may have begun before this row was read.
      mail.draft ||= row.attempt !== before.attempt;
    } else if (mail.position !== undefined && row.status === "queued") {
      yield statusEvent(row, mail.position);
    }
    if (hasEnded(row.status)) {
      yield* text.finish(row);
      // The last of them may have been noted after the last look at the draft.
      yield* cited.pass(row, text);
      yield terminalEvent(row);
      return;
    }
    yield* text.advance(row.attempt, mail);
    yield* cited.pass(row, text);
    watcher.report({ status: row.status, attempt: row.attempt, bytes: text.bytes });
    mail = await watcher.take();
  }
}

/** The text that one client has assembled, and the rest that it lacks. */
class ClientText {
  readonly #sources: Sources;
  readonly #jobId: string;
  #cursor: Cursor;
  /** The cursor was sent by the client and not yet compared with the text. */
  #unchecked: boolean;
  /** The client shows text that it must drop first. */
  #stale: boolean;
  /** Times that the client was told to drop its text. */
  resets = 0;

  constructor(sources: Sources, jobId: string, from: Follow["from"], attempt: number) {
    const resumes = from !== undefined && from !== "unknown" && from.attempt === attempt;
    this.#sources = sources;
    this.#jobId = jobId;
    this.#cursor = resumes ? from : { attempt, bytes: 0 };
    this.#unchecked = resumes;
    this.#stale = from !== undefined && !resumes;
  }

  get attempt(): number {
    return this.#cursor.attempt;
  }

  get bytes(): number {
    return this.#cursor.bytes;
  }

  /** Yields the new text of the present attempt. */
  async *advance(attempt: number, { draft, deltas }: Mail): AsyncGenerator<JobEvent> {
    yield* this.#begin(attempt);
    if (attempt === 0) return;
    if (draft || this.#unchecked) yield* this.#readDraft();
    for (const delta of deltas) {
      if (delta.attempt !== attempt) continue;
      const bytes = Buffer.byteLength(delta.text);
      if (delta.offset + bytes <= this.#cursor.bytes) continue;
      if (delta.offset === this.#cursor.bytes && !this.#unchecked) yield this.#delta(delta.text, bytes);
      else yield* this.#readDraft();
    }
  }

  /** Yields the rest of the stored reply. If there is no reply, the client drops its text. */
  *finish({ replyText, replyAttempt, attempt }: JobRow): Generator<JobEvent> {
    yield* this.#begin(replyAttempt ?? attempt);
    // Most clients have it all, so skip the copy into a buffer.
    if (this.#cursor.bytes === Buffer.byteLength(replyText ?? "")) return;
    const reply = Buffer.from(replyText ?? "");
    if (!isBoundary(reply, this.#cursor.bytes)) yield this.#reset();
    yield* this.#deltas(reply.subarray(this.#cursor.bytes));
  }

  *#begin(attempt: number): Generator<JobEvent> {
    const moved = this.#cursor.attempt !== attempt;
    // A first attempt needs no reset, because no text was shown before it.
    const shown = this.#stale || (moved && this.#cursor.attempt > 0);
    if (moved) this.#cursor = { attempt, bytes: 0 };
    if (moved) this.#unchecked = false;
    if (shown) yield this.#reset();
  }

  async *#readDraft(): AsyncGenerator<JobEvent> {
    const { attempt } = this.#cursor;
    const { watch, log } = this.#sources;
    try {
      let slice = await watch.readDraft(this.#jobId, attempt, this.#cursor.bytes);
      if (this.#unchecked && !isPlausible(slice, this.#cursor.bytes)) {
        // The draft of a job that has just ended is gone, so it cannot confirm the id. The stored reply will.
        if (!slice && (await this.#hasEnded())) return;
        yield this.#reset();
        slice = await watch.readDraft(this.#jobId, attempt, 0);
      }
      this.#unchecked = false;
      if (slice) yield* this.#deltas(slice.bytes);
    } catch (error) {
      // Continue from PostgreSQL without the draft: the client gets the stored reply at the end.
      log.debug({ err: error, jobId: this.#jobId }, "could not read a draft");
    }
  }

  async #hasEnded(): Promise<boolean> {
    const row = await readJob(this.#sources.db.pool, this.#jobId);
    return row === undefined || hasEnded(row.status);
  }

  #reset(): JobEvent {
    const { attempt } = this.#cursor;
    this.#cursor = { attempt, bytes: 0 };
    this.#unchecked = false;
    this.#stale = false;
    this.resets += 1;
    // The id moves to 0, so that a client that reconnects now does not resume in text that it has dropped.
    return { event: "reset", data: { attempt }, id: `${attempt}:0` };
  }

  /** Yields a long text in pieces: many readers that get theirs at once would hold up all other requests. */
  *#deltas(bytes: Buffer): Generator<JobEvent> {
    for (let from = 0; from < bytes.length;) {
      let end = Math.min(from + longestDeltaBytes, bytes.length);
      while (isContinuation(bytes[end])) end -= 1;
      yield this.#delta(bytes.toString("utf8", from, end), end - from);
      from = end;
    }
  }

  #delta(text: string, bytes: number): JobEvent {
    const { attempt } = this.#cursor;
    const offset = this.#cursor.bytes + bytes;
    this.#cursor = { attempt, bytes: offset };
    return { event: "delta", data: { text, offset }, id: `${attempt}:${offset}` };
  }
}

/** True if a draft can have been sent up to `bytes`: not beyond its end, not inside a character. */
function isPlausible(slice: { bytes: Buffer; length: number } | undefined, bytes: number): boolean {
  if (!slice) return bytes === 0;
  return bytes <= slice.length && !isContinuation(slice.bytes[0]);
}

function isBoundary(text: Buffer, bytes: number): boolean {
  return bytes <= text.length && !isContinuation(text[bytes]);
}

/** UTF-8: 10xxxxxx never begins a character. */
function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function statusEvent({ status, attempt }: JobRow, position?: number): JobEvent {
  return { event: "status", data: { status, attempt, ...(position !== undefined && { position }) } };
}

/** One event for all who share a row, so that it is encoded once: it holds the whole reply. */
const terminalEvents = new WeakMap<JobRow, JobEvent>();

function terminalEvent(row: JobRow): JobEvent {
  const known = terminalEvents.get(row);
  if (known) return known;
  const end = { data: toJobView(row), id: endEventId } as const;
  const event: JobEvent =
    row.status === "failed" || row.status === "cancelled" ? { event: row.status, ...end } : { event: "done", ...end };
  terminalEvents.set(row, event);
  return event;
}

/**
 * Parses a `Last-Event-ID`; absent or empty means a fresh connect. Our ids never number an attempt or a delta 0 or 01.
 */
export function parseCursor(lastEventId: string | undefined): Cursor | "unknown" | undefined {
  if (lastEventId === undefined || lastEventId === "") return undefined;
  const [, attempt, bytes] = /^([1-9]\d{0,8}):([1-9]\d{0,8})$/.exec(lastEventId) ?? [];
  return attempt === undefined ? "unknown" : { attempt: Number(attempt), bytes: Number(bytes) };
}
