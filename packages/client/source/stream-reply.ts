import type { EventData } from "./protocol.d.ts";
import type { Endpoint } from "./endpoint.ts";
import type { StreamEvent } from "./event-parser.ts";
import { EventStream } from "./event-stream.ts";
import { fetchJob, type JobAccess } from "./job-access.ts";
import type { JobProgress, ReplyAssembler } from "./reply-assembler.ts";
import { unreachable } from "./service-error.ts";

/** Service and whether event streams from it arrive. */
export interface StreamHealth {
  readonly endpoint: Endpoint;
  /** Time (`performance.now()`) until which streams count as blocked. */
  blockedUntil: number;
}

/** Duration of a block; after it the visitor may be in another network. */
const blockedMs = 300_000;
/** Silence of a stream after which a poll checks it: something on the way may hold its bytes back. */
const silenceMs = 5_000;
/** The same for a queued job, whose position arrives every five seconds or so. */
const queuedSilenceMs = 8_000;
/** Maximum interval of these polls; it grows while polls are no newer than the stream. */
const maxSilenceMs = 30_000;
/** Delay of the next check after a poll that was newer: its text may just have been in flight on the stream. */
const recheckMs = 1_000;

/**
 * Reads a job's events from one connection. Ends with the job, or once the stream counts as blocked.
 * @throws {ServiceError} if it is refused, breaks, or ends before the job
 * @throws the signal's abort reason
 */
export async function* streamReply(
  health: StreamHealth,
  job: JobAccess,
  assembler: ReplyAssembler,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobProgress, void> {
  const { jobId, token } = job;
  const request = { path: `/api/jobs/${jobId}/events`, token, lastEventId: assembler.id };
  const stream = new EventStream(health.endpoint, request, signal);
  let silenceLimitMs = silenceMs;
  let newerPolls = 0;
  let queued = false;
  try {
    for (;;) {
      const events = await stream.read(silenceLimitMs);
      const polled = events ? [] : [...assembler.view(await fetchJob(health.endpoint, job, signal))];
      if (events) newerPolls = 0;
      else if (polled.length > 0) newerPolls += 1;
      // A poll was answered while not one byte arrived: a second check is unnecessary.
      const blocked = !stream.hasReceived || newerPolls > 1;
      if (blocked) markBlocked(health);
      for (const progress of events ? readEvents(assembler, events) : polled) {
        if (progress.type === "status") queued = progress.status === "queued";
        yield progress;
        if ("job" in progress) return;
      }
      if (blocked) return;
      if (events) silenceLimitMs = queued ? queuedSilenceMs : silenceMs;
      else silenceLimitMs = newerPolls > 0 ? recheckMs : Math.min(silenceLimitMs * 2, maxSilenceMs);
    }
  } catch (error) {
    if (stream.isUnsupported) return markBlocked(health);
    throw stream.translateError(error);
  } finally {
    stream.close();
  }
}

/** Switches from streams to polls for a while. */
export function markBlocked(health: StreamHealth): void {
  health.blockedUntil = performance.now() + blockedMs;
}

/**
 * Yields events one by one, so that an unreadable one loses none before it.
 * @throws at an event that does not fit, and at a `wait`
 */
function* readEvents(assembler: ReplyAssembler, events: readonly StreamEvent[]): Generator<JobProgress> {
  for (const { event, data, id } of events) {
    const parsed: unknown = JSON.parse(data);
    if (event === "status") yield* assembler.status(parsed as EventData["status"]);
    else if (event === "delta") yield* assembler.delta(parsed as EventData["delta"], id);
    else if (event === "source") yield { ...(parsed as EventData["source"]), type: "source" };
    else if (event === "reset") yield* assembler.reset(parsed as EventData["reset"]);
    else if (event === "done" || event === "failed" || event === "cancelled") {
      yield* assembler.view(parsed as EventData[typeof event]);
    } else if (event === "wait") {
      // The response ends with this event, but a proxy may hold that end back.
      throw unreachable(undefined, (parsed as EventData["wait"]).retryMs);
    }
  }
}
