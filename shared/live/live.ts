/**
 * Drafts and live hints. A draft is the text of one attempt while it is written: one copy, keyed by job and attempt,
 * from which any API process can read at any byte. Hints announce that there is something to read. Neither is a source
 * of truth: PostgreSQL's rows and the stored reply are. Every call but
 * `dropStale` answers or rejects within `liveTimeoutMs`; an `append`, which goes to the store with others and is then tried
 * alone if they left it out, within twice that and 50 ms.
 */
export interface Live {
  /** Absent where drafts are rows: there the statement of a take-over seals the draft itself. */
  readonly seals?: DraftSeals;
  /**
   * Appends to a draft if it is exactly `offset` bytes long (0 begins it), and hints the delta, in one step.
   * @returns whether it matched; `false`: another writer was faster, or the draft is gone
   */
  append(delta: Delta): Promise<boolean>;
  /**
   * Writes the whole text of an attempt, replacing what was there, and hints a delta at 0 without its text. Does
   * nothing where a later attempt already has a draft in the same place (PostgreSQL). Rejects while the draft is sealed
   * (Redis).
   */
  rewrite(draft: { jobId: string; attempt: number; text: string }): Promise<void>;
  /** Reads the bytes from `from` on and the length of the whole, as one snapshot; `undefined` if there is no text. */
  readDraft(jobId: string, attempt: number, from: number): Promise<DraftSlice | undefined>;
  /** Reads the byte lengths of many drafts in one call, in the order requested; 0 where there is none. */
  draftLengths(drafts: readonly { jobId: string; attempt: number }[]): Promise<number[]>;
  /** Drops a job's drafts up to this attempt: when the job has ended, or its conversation was deleted. */
  dropDraft(jobId: string, attempt: number): Promise<void>;
  /**
   * Drops drafts that outlived `draftTtlSeconds`. Those in Redis expire there; those that an installation left in
   * PostgreSQL before it had Redis are dropped either way.
   * @returns how many
   */
  dropStale(): Promise<number>;

  /** Hints that a job's row changed: its status or its attempt. */
  hintChange(jobId: string): Promise<void>;
  /** Hints that a cancel of a job was requested. */
  hintCancel(jobId: string): Promise<void>;

  /**
   * Subscribes to the hints of one job, until the returned function is called. Resolves once it is listening, and never
   * rejects. While the store is down it resolves after `liveTimeoutMs`, and a `gap` marks the start of the hints. The
   * listener may be called before it resolves.
   */
  listen(jobId: string, listener: HintListener): Promise<() => void>;
  /** Tells all processes that somebody is typing. It may be lost, and is kept nowhere. */
  hintTyping(typing: TypingHint): Promise<void>;

  /** Subscribes to every cancel; for workers. Resolves like `listen`; cancels that were missed are not reported. */
  listenForCancels(listener: (jobId: string) => void): Promise<() => void>;
  /** Subscribes to all who are typing, whatever the conversation. Resolves like `listen`. */
  listenForTyping(listener: (typing: TypingHint) => void): Promise<() => void>;

  /** Rejects when the store does not answer, or refuses writes. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** Seals of drafts. A sealed draft takes no write, so that its text can be stored as what was shown. */
export interface DraftSeals {
  /**
   * Stops a job's drafts from growing, for `sealMs`.
   * @param token of this seal alone; others may seal the same job
   * @returns the text of the attempt's draft
   */
  seal(draft: { jobId: string; attempt: number }, token: string): Promise<string>;
  /** Takes this one seal off again. */
  unseal(jobId: string, token: string): Promise<void>;
  /** Seals a job's drafts for good, once their text is stored, and drops them. */
  keepSealed(draft: { jobId: string; attempt: number }): Promise<void>;
}

export interface Delta {
  jobId: string;
  attempt: number;
  /** UTF-8 bytes of the attempt's text before this delta. */
  offset: number;
  /** Text of whole characters. */
  text: string;
}

/**
 * `change`: read the row. `delta`: the draft grew; without `text` read it. `gap`: hints may have been missed, read
 * both.
 */
export type Hint =
  | { type: "change" }
  | { type: "gap" }
  | { type: "delta"; attempt: number; offset: number; text?: string };

export type HintListener = (hint: Hint) => void;

/** Somebody who is typing in a conversation: its visitor, or an operator by name. */
export type TypingHint =
  | { conversationId: string; by: "user" }
  | { conversationId: string; by: "operator"; name: string };

export interface DraftSlice {
  bytes: Buffer;
  /** Byte length of the whole draft. */
  length: number;
}

/** Maximum bytes of a delta hinted with its text. Longer ones are hinted without it. */
export const maxHintBytes = 64 * 1024;

/** Length of the longest text that is appended together with those of other drafts. Longer ones are appended alone. */
export const largestBatchedText = 16 * 1024;
