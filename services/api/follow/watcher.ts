import type { Hint } from "../../../shared/live/live.ts";
import type { JobStatus } from "../../../shared/protocol/job.ts";
import { type Mail, Mailbox } from "./mailbox.ts";

/** The part of a job that its follower has passed on. */
export interface FollowedState {
  status: JobStatus;
  attempt: number;
  /** Length of the attempt's text, in UTF-8 bytes. */
  bytes: number;
}

/** One follower of a job: the hints it has yet to take, and the state it reported, which shows hints that were missed. */
export class Watcher {
  readonly #mailbox: Mailbox;
  #reported: FollowedState = { status: "queued", attempt: 0, bytes: 0 };

  /** @param signal ends the watch */
  constructor(signal: AbortSignal) {
    this.#mailbox = new Mailbox(signal);
  }

  /** Waits for hints and takes all of them; `undefined` once the signal is aborted. */
  take(): Promise<Mail | undefined> {
    return this.#mailbox.take();
  }

  /** Called by the follower after each step, so that the next tick compares the stores with it. */
  report(state: FollowedState): void {
    this.#reported = state;
  }

  get isQueued(): boolean {
    return this.#reported.status === "queued";
  }

  /** True if the last hint is so old that one may have been missed. */
  isSilent(now: number, silentMs: number): boolean {
    return now - this.#mailbox.heardAt > silentMs;
  }

  hear(hint: Hint): void {
    this.#mailbox.put(hint);
  }

  hearPosition(position: number): void {
    this.#mailbox.putPosition(position);
  }

  /** Makes up for a missed hint of the row. */
  compareRow({ status, attempt }: Pick<FollowedState, "status" | "attempt">): void {
    if (this.#reported.status !== status || this.#reported.attempt !== attempt) this.hear({ type: "change" });
  }

  /** Makes up for a missed hint of the draft. */
  compareDraft(bytes: number): void {
    if (bytes > this.#reported.bytes) this.hear({ type: "gap" });
  }
}
