import type { EventSourceMessage } from "eventsource-parser";
import type { EventData } from "../../../shared/protocol/events.ts";
import { Connection } from "./event-stream.ts";
import type { FollowedText, JobProgress } from "./reply-assembler.ts";
import { askForJob, type JobAccess } from "./job-access.ts";
import type { Line } from "./api-request.ts";
import { unreachable } from "./service-error.ts";

/** Network path to the service, and its known state. */
export interface Route {
  readonly line: Line;
  /** Time (`performance.now()`) until which streams count as blocked. */
  blockedUntil: number;
}

/** Duration of a block; after it the visitor may be in another network. */
const blockedMs = 300_000;
/** Silence of a stream after which a poll checks it: something on the way may hold its bytes back. */
const silentMs = 5_000;
/** The same for a queued job, whose position arrives every five seconds or so. */
const silentInQueueMs = 8_000;
/** Maximum interval of these polls; it grows while polls are no newer than the stream. */
const longestSilentMs = 30_000;
/** Delay of the next check after a poll that was newer: its news may just have been in flight on the stream. */
const suspiciousMs = 1_000;

/**
 * Listens on one connection to a job's events. Ends with the job, or once the stream counts as blocked.
 * @throws {ServiceError} if it is refused, breaks, or ends before the job
 * @throws the signal's abort reason
 */
export async function* listen(
  route: Route,
  job: JobAccess,
  text: FollowedText,
  signal: AbortSignal | undefined,
): AsyncGenerator<JobProgress, void> {
  const connection = new Connection(route.line, job, text.id, signal);
  let patienceMs = silentMs;
  let suspicions = 0;
  let queued = false;
  try {
    for (;;) {
      const events = await connection.take(patienceMs);
      const polled = events ? [] : [...text.view(await askForJob(route.line, job, signal))];
      if (events) suspicions = 0;
      else if (polled.length > 0) suspicions += 1;
      // A poll was answered while not one byte arrived: a second check is unnecessary.
      const blocked = !connection.heard || suspicions > 1;
      if (blocked) block(route);
      for (const progress of events ? readEvents(text, events) : polled) {
        if (progress.type === "status") queued = progress.status === "queued";
        yield progress;
        if ("job" in progress) return;
      }
      if (blocked) return;
      if (events) patienceMs = queued ? silentInQueueMs : silentMs;
      else patienceMs = suspicions > 0 ? suspiciousMs : Math.min(patienceMs * 2, longestSilentMs);
    }
  } catch (error) {
    throw connection.explain(error);
  } finally {
    connection.close();
  }
}

/** Switches from streams to polls for a while. */
export function block(route: Route): void {
  route.blockedUntil = performance.now() + blockedMs;
}

/**
 * Yields events one by one, so that an unreadable one loses none before it.
 * @throws at an event that does not fit, and at a `wait`
 */
function* readEvents(text: FollowedText, events: readonly EventSourceMessage[]): Generator<JobProgress> {
  for (const { event, data, id } of events) {
    const parsed: unknown = JSON.parse(data);
    if (event === "status") yield* text.status(parsed as EventData["status"]);
    else if (event === "delta") yield* text.delta(parsed as EventData["delta"], id);
    else if (event === "reset") yield* text.reset(parsed as EventData["reset"]);
    else if (event === "done" || event === "failed" || event === "cancelled") {
      yield* text.view(parsed as EventData[typeof event]);
    } else if (event === "wait") {
      // The response ends with this event, but a proxy may hold that end back.
      throw unreachable(undefined, (parsed as EventData["wait"]).retryMs);
    }
  }
}
