import type { EventSourceMessage } from "eventsource-parser";
import type { EventData } from "../../../shared/protocol/events.ts";
import { Connection } from "./connection.ts";
import type { FollowedText, JobProgress } from "./followed-text.ts";
import { askForJob, type JobAccess } from "./job-access.ts";
import type { Line } from "./request.ts";
import { unreachable } from "./service-error.ts";

/** The way to the service, and what was learnt about it. */
export interface Route {
  readonly line: Line;
  /** Until then (`performance.now()`) streams are known not to get through it. */
  blockedUntil: number;
}

/** So long that is remembered; then the visitor may be in another network. */
const blockedMs = 300_000;
/** A stream that is silent for so long is held against a poll: something on the way may keep its bytes back. */
const silentMs = 5_000;
/** The same for a job in the queue, whose position comes every five seconds or so. */
const silentInQueueMs = 8_000;
/** Polls that know no more than the stream are made more rarely, up to this. */
const longestSilentMs = 30_000;
/** When to ask again after a poll that knew more: what it knew may just have been on its way. */
const suspiciousMs = 1_000;

/**
 * One connection to a job's events. Ends with the job, or once it is known that nothing gets through.
 * @throws {ServiceError} when it is refused, breaks, or is ended before the job @throws what the signal was aborted with
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
      // Not a byte, while a poll is answered: no need to ask twice.
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

/** Lets polls do the work of streams for a while. */
export function block(route: Route): void {
  route.blockedUntil = performance.now() + blockedMs;
}

/** One by one, so that none is lost where one cannot be read. @throws where one does not fit, and at a `wait` */
function* readEvents(text: FollowedText, events: readonly EventSourceMessage[]): Generator<JobProgress> {
  for (const { event, data, id } of events) {
    const parsed: unknown = JSON.parse(data);
    if (event === "status") yield* text.status(parsed as EventData["status"]);
    else if (event === "delta") yield* text.delta(parsed as EventData["delta"], id);
    else if (event === "reset") yield* text.reset(parsed as EventData["reset"]);
    else if (event === "done" || event === "failed" || event === "cancelled") {
      yield* text.view(parsed as EventData[typeof event]);
    } else if (event === "wait") {
      // The response ends with it; what is on the way may hold that end back.
      throw unreachable(undefined, (parsed as EventData["wait"]).retryMs);
    }
  }
}
