import { type FollowedSoFar, FollowedText, type JobProgress } from "./reply-assembler.ts";
import { askForJob, type JobAccess } from "./job-access.ts";
import { block, listen, type Route } from "./stream-reply.ts";
import { backoffMs, type Pauses } from "./retry-delays.ts";
import { ServiceError } from "./service-error.ts";

export interface FollowOptions {
  /** Text assembled before, as before a reload. */
  from?: FollowedSoFar | undefined;
  /** Ends it: the generator rejects with the signal's reason. */
  signal?: AbortSignal | undefined;
  /** True if the page is not visible. A poll at intervals then replaces the connection, as a browser has few. */
  quiet?: (() => boolean) | undefined;
}

const queuedPollMs = 2_000;
const activePollMs = 1_000;
const quietPollMs = 10_000;
/**
 * Number of consecutive streams without an event, while polls were answered, after which streams count as blocked on
 * the way.
 */
const vainStreams = 4;

/**
 * Follows a job to its end across lost connections. Streams resume where they broke; polls replace them where streams
 * are blocked or the page is not visible.
 * @throws {ServiceError} a permanent one
 * @throws the signal's abort reason
 */
export async function* followJob(
  route: Route,
  pauses: Pauses,
  job: JobAccess,
  { from, signal, quiet = () => false }: FollowOptions,
): AsyncGenerator<JobProgress, void> {
  const text = new FollowedText(from);
  if (from?.text && text.id === undefined) yield { type: "reset", attempt: 0 };
  let failures = 0;
  let vain = 0;
  let answered = false;
  for (;;) {
    const rests = quiet() || performance.now() < route.blockedUntil;
    // After repeated failures, a poll shows whether only streams fail.
    const polls: boolean = rests || (vain > 1 && !answered);
    try {
      for await (const progress of polls ? poll(rests) : listen(route, job, text, signal)) {
        yield progress;
        if ("job" in progress) return;
        failures = 0;
        if (!polls) vain = 0;
      }
      answered = polls;
    } catch (error) {
      if (signal?.aborted || !(error instanceof ServiceError) || !error.passing) throw error;
      if (!polls) vain += 1;
      if (answered && vain >= vainStreams) block(route);
      answered = false;
      failures += 1;
      const pauseMs = Math.max(error.retryAfterMs ?? 0, backoffMs(failures));
      text.forgetStatus();
      yield { type: "trouble", error, failures, pauseMs };
      await pauses.pause(pauseMs, signal);
    }
  }

  /** Polls once, then pauses. */
  async function* poll(rests: boolean): AsyncGenerator<JobProgress, void> {
    const view = await askForJob(route.line, job, signal);
    yield* text.view(view);
    const pauseMs = view.status === "queued" ? queuedPollMs : activePollMs;
    if (rests) await pauses.pause(quiet() ? quietPollMs : pauseMs, signal);
  }
}
