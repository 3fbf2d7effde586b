import type { Pool } from "pg";
import { type JobRow, readJob, readJobStates, readPositions } from "../../../shared/db/jobs/read-job.ts";
import type { DraftSlice, Live } from "../../../shared/live/live.ts";
import { atMostEvery } from "../../../shared/async/at-most-every.ts";
import { dedupe } from "../../../shared/async/dedupe.ts";
import { LinkedAbort } from "../../../shared/async/linked-abort.ts";
import type { Logger } from "../../../shared/logger.ts";
import { hasEnded } from "./job-view.ts";
import { Watcher } from "./watcher.ts";
import { silentFollowerMs, watchEveryMs } from "../../../shared/tunables.ts";

/** Minimum interval between events with a queue position. */
const positionEveryMs = 5000;

/**
 * The jobs that this process follows. Hints make it fast. A tick a second, with one query for all silent followers,
 * makes it reliable.
 */
export class JobWatch {
  readonly #pool: Pool;
  readonly #live: Live;
  readonly #log: Logger;
  /** Reads a draft from `Live`, and shares one copy among all followers that lack it. */
  readonly readDraft: (jobId: string, attempt: number, from: number) => Promise<DraftSlice | undefined>;
  readonly #watchers = new Map<string, Set<Watcher>>();
  readonly #endWaits = new AbortController();
  readonly #positionsDue = atMostEvery(positionEveryMs);
  #ticking = false;

  constructor({ pool, live, log }: { pool: Pool; live: Live; log: Logger }) {
    this.#pool = pool;
    this.#live = live;
    this.#log = log;
    this.readDraft = dedupe((jobId: string, attempt: number, from: number) => live.readDraft(jobId, attempt, from));
  }

  /** Begins to follow a job; `signal` ends it. Read the row after this, never before, so that no change is missed. */
  async open(jobId: string, signal: AbortSignal): Promise<Watcher> {
    const watcher = new Watcher(signal);
    const stopListening = await this.#live.listen(jobId, (hint) => watcher.hear(hint));
    const watchers = this.#watchers.get(jobId) ?? new Set();
    this.#watchers.set(jobId, watchers.add(watcher));
    this.#scheduleTick();
    const close = () => {
      stopListening();
      watchers.delete(watcher);
      if (watchers.size === 0) this.#watchers.delete(jobId);
    };
    if (signal.aborted) close();
    else signal.addEventListener("abort", close, { once: true });
    return watcher;
  }

  /** Aborts when the process is ending, and its clients are not to wait any longer. */
  get waitsEnded(): AbortSignal {
    return this.#endWaits.signal;
  }

  /** Ends all present and future waits for a job's end; their clients get the last known state. */
  endWaits(): void {
    this.#endWaits.abort();
  }

  /**
   * Waits until a job has ended, at most `ms`, even if a store hangs.
   * @returns its row as it was last read; `undefined` if there is none, or none was read in time
   */
  async waitForEnd(jobId: string, ms: number, signal: AbortSignal): Promise<JobRow | undefined> {
    using wait = new LinkedAbort(signal, this.#endWaits.signal);
    wait.abortAfter(ms);
    const stopped = new Promise<void>((resolve) => {
      if (wait.signal.aborted) resolve();
      else wait.signal.addEventListener("abort", () => resolve(), { once: true });
    });
    let latest: JobRow | undefined;
    const readUntilEnd = async () => {
      const watcher = await this.open(jobId, wait.signal);
      for (;;) {
        const row = await readJob(this.#pool, jobId);
        latest = row;
        if (!row || hasEnded(row.status)) return;
        // No draft is missed: only the end is awaited.
        watcher.report({ status: row.status, attempt: row.attempt, bytes: Number.MAX_SAFE_INTEGER });
        let mail = await watcher.take();
        while (mail && !mail.row) mail = await watcher.take();
        if (!mail) return;
      }
    };
    try {
      await Promise.race([readUntilEnd(), stopped]);
      return latest;
    } finally {
      wait.abort();
    }
  }

  async #tick(): Promise<void> {
    const now = performance.now();
    try {
      await Promise.all([this.#rereadSilent(now), this.#tellPositions()]);
    } catch (error) {
      this.#log.debug({ err: error }, "could not read followed jobs");
    }
    this.#ticking = false;
    this.#scheduleTick();
  }

  #scheduleTick(): void {
    if (this.#ticking || this.#watchers.size === 0) return;
    this.#ticking = true;
    setTimeout(() => void this.#tick(), watchEveryMs);
  }

  async #rereadSilent(now: number): Promise<void> {
    const silent = new Map<string, Watcher[]>();
    for (const [jobId, watchers] of this.#watchers) {
      const quiet = [...watchers].filter((watcher) => watcher.isSilent(now, silentFollowerMs));
      if (quiet.length > 0) silent.set(jobId, quiet);
    }
    if (silent.size === 0) return;
    const states = await readJobStates(this.#pool, [...silent.keys()]);
    for (const state of states) {
      for (const watcher of silent.get(state.id) ?? []) watcher.compareRow(state);
    }
    await this.#rereadDrafts(
      states.filter(({ status }) => status === "active"),
      silent,
    );
  }

  async #rereadDrafts(active: { id: string; attempt: number }[], silent: Map<string, Watcher[]>): Promise<void> {
    if (active.length === 0) return;
    const lengths = await this.#live.draftLengths(active.map(({ id, attempt }) => ({ jobId: id, attempt })));
    active.forEach(({ id }, index) => {
      const length = lengths[index] ?? 0;
      for (const watcher of silent.get(id) ?? []) watcher.compareDraft(length);
    });
  }

  async #tellPositions(): Promise<void> {
    if (!this.#positionsDue()) return;
    const queued = [...this.#watchers].filter(([, watchers]) => [...watchers].some(({ isQueued }) => isQueued));
    if (queued.length === 0) return;
    const positions = await readPositions(
      this.#pool,
      queued.map(([jobId]) => jobId),
    );
    for (const [jobId, watchers] of queued) {
      const position = positions.get(jobId);
      if (position !== undefined) for (const watcher of watchers) watcher.hearPosition(position);
    }
  }
}
