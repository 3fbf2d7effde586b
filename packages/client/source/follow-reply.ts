import { fetchJob, type JobAccess } from "./job-access.ts";
import { linkAbort } from "./linked-abort.ts";
import { type JobProgress, ReplyAssembler, type ResumePoint } from "./reply-assembler.ts";
import { backoffMs, type RetryDelays } from "./retry-delays.ts";
import { ServiceError } from "./service-error.ts";
import { markBlocked, streamReply, type StreamHealth } from "./stream-reply.ts";

export interface FollowOptions {
  /** Text assembled before, as before a reload. */
  from?: ResumePoint | undefined;
  /** Ends it: the generator rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /**
   * True if the page is not visible. A poll at intervals then replaces the connection, as a browser has few. Read again
   * at each `wake`, which closes an open connection.
   */
  quiet?: (() => boolean) | undefined;
  /** False if another page holds the one connection that all have together; polls then replace it. Read like `quiet`. */
  mayStream?: (() => boolean) | undefined;
}

/** Interval while the job is queued, and of each of the pages that may not stream. */
const slowPollMs = 2_000;
const activePollMs = 1_000;
const quietPollMs = 10_000;
/** Time for a permit to stream, before the first poll: if no other page has it, it arrives at once. */
const permitMs = 250;
/**
 * Number of consecutive streams without an event, while polls were answered, after which streams count as blocked on
 * the way.
 */
const maxFailedStreams = 4;

/**
 * Follows a job to its end across lost connections. Streams resume where they broke; polls replace them where streams
 * are blocked or the page is not visible.
 * @throws {ServiceError} a permanent one
 * @throws the signal's abort reason
 */
export async function* followReply(
  health: StreamHealth,
  delays: RetryDelays,
  job: JobAccess,
  { from, signal, quiet = () => false, mayStream = () => true }: FollowOptions,
): AsyncGenerator<JobProgress, void> {
  const assembler = new ReplyAssembler(from);
  if (from?.text && assembler.id === undefined) yield { type: "reset", attempt: 0 };
  let failures = 0;
  let failedStreams = 0;
  let pollAnswered = false;
  const onlyPolls = () => quiet() || !mayStream() || performance.now() < health.blockedUntil;
  if (!mayStream()) await delays.wait(permitMs, signal);
  for (;;) {
    // After repeated failures, a poll shows whether only streams fail.
    const polls: boolean = onlyPolls() || (failedStreams > 1 && !pollAnswered);
    const stream = linkAbort(signal);
    const stopChecks = delays.onWake(() => {
      if (!polls && onlyPolls()) stream.abort();
    });
    try {
      for await (const progress of polls ? poll() : streamReply(health, job, assembler, stream.signal)) {
        yield progress;
        if ("job" in progress) return;
        failures = 0;
        if (!polls) failedStreams = 0;
      }
      pollAnswered = polls;
    } catch (error) {
      // The page became hidden, or yields to another: polls continue where the stream was.
      if (stream.signal.aborted && !signal?.aborted) continue;
      if (signal?.aborted || !(error instanceof ServiceError) || !error.passing) throw error;
      if (!polls) failedStreams += 1;
      if (pollAnswered && failedStreams >= maxFailedStreams) markBlocked(health);
      pollAnswered = false;
      failures += 1;
      const pauseMs = Math.max(error.retryAfterMs ?? 0, backoffMs(failures));
      assembler.forgetStatus();
      yield { type: "trouble", error, failures, pauseMs };
      await delays.wait(pauseMs, signal);
    } finally {
      stopChecks();
      stream.release();
    }
  }

  /** Polls once, then waits unless a stream may begin. */
  async function* poll(): AsyncGenerator<JobProgress, void> {
    const view = await fetchJob(health.endpoint, job, signal);
    yield* assembler.view(view);
    const pauseMs = view.status === "queued" || !mayStream() ? slowPollMs : activePollMs;
    if (onlyPolls()) await delays.wait(quiet() ? quietPollMs : pauseMs, signal);
  }
}
