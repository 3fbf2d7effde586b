/**
 * Drafts and live hints. A draft is the text of one attempt while it is written: one copy, keyed by job and attempt,
 * from which any API process can read at any byte. Hints say that there is something to read. Neither is ever needed for
 * truth: PostgreSQL's rows and the stored reply are. Every call answers or rejects within `liveTimeoutMs`.
 */
export interface Live {
  /**
   * Appends to a draft if it is exactly `offset` bytes long (0 begins it), and hints the delta, in one step.
   * @returns whether it matched; `false`: somebody else wrote, or the draft is gone
   */
  append(delta: Delta): Promise<boolean>;
  /**
   * Writes the whole text of an attempt, whatever was there, and hints a delta at 0 without its text. Does nothing
   * where a later attempt already has a draft in the same place (PostgreSQL).
   */
  rewrite(draft: { jobId: string; attempt: number; text: string }): Promise<void>;
  /** The bytes from `from` on and the length of the whole, of one moment; `undefined` where there is no text. */
  readDraft(jobId: string, attempt: number, from: number): Promise<DraftSlice | undefined>;
  /** Byte lengths of many drafts in one call; 0 where there is none. In the order asked. */
  draftLengths(drafts: readonly { jobId: string; attempt: number }[]): Promise<number[]>;
  /** Drops a job's drafts up to this attempt: when the job has ended, or its conversation was deleted. */
  dropDraft(jobId: string, attempt: number): Promise<void>;

  /** Hints that a job's row changed: its status or its attempt. */
  hintChange(jobId: string): Promise<void>;
  /** Hints that a job's cancel was asked for. */
  hintCancel(jobId: string): Promise<void>;

  /**
   * Hears the hints of one job, until the returned function is called. Resolves once it is listening, and never rejects:
   * while the store is away it resolves after `liveTimeoutMs`, and a `gap` says when hints begin. The listener may be
   * called before it resolves.
   */
  listen(jobId: string, listener: HintListener): Promise<() => void>;
  /** Hears every cancel; for workers. Resolves like `listen`; nothing tells of cancels that were missed. */
  listenForCancels(listener: (jobId: string) => void): Promise<() => void>;

  /** Rejects when the store does not answer, or takes no writes. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

export interface Delta {
  jobId: string;
  attempt: number;
  /** UTF-8 bytes of the attempt's text before this delta. */
  offset: number;
  /** Whole characters. */
  text: string;
}

/** `change`: read the row. `delta`: it grew; without `text` read the draft. `gap`: hints may have been missed, read both. */
export type Hint =
  | { type: "change" }
  | { type: "gap" }
  | { type: "delta"; attempt: number; offset: number; text?: string };

export type HintListener = (hint: Hint) => void;

export interface DraftSlice {
  bytes: Buffer;
  /** Bytes of the whole draft. */
  length: number;
}

/** A store that is slower than this is treated as away: the work goes on without it. */
export const liveTimeoutMs = 250;
/** Longer deltas are hinted without their text. */
export const maxHintBytes = 64 * 1024;
/**
 * A draft that nobody wrote to for so long is gone: no provider may be silent for nearly as long, and where a worker died
 * before it dropped a draft, the text of a deleted conversation must not stay for more than two minutes.
 */
export const draftTtlSeconds = 90;
