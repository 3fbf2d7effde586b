import type { JobRow } from "../../../shared/db/jobs/read-job.ts";
import type { JobEvent } from "../../../shared/protocol/events.ts";
import type { Span } from "../../../shared/tracing/tracing.ts";
import type { ApiContext } from "../api-context.ts";

/**
 * Puts a stream's span into the trace of its job.
 * @param request the `traceparent` of the stream's own request, to which the span is linked
 */
export function traceFollowed(
  { tracing }: Pick<ApiContext, "tracing">,
  { id, trace }: Pick<JobRow, "id" | "trace">,
  request: string | undefined,
  events: AsyncGenerator<JobEvent>,
): AsyncGenerator<JobEvent> {
  if (!tracing.on || trace === null) return events;
  // The request that sent the message is the parent already.
  const link = request === trace ? undefined : request;
  return traceEvents(events, tracing.start("follow job", { parent: trace, link, attributes: { "parley.job.id": id } }));
}

/** Passes a job's events through, and records in its trace when the client got the first text and the end. */
async function* traceEvents(events: AsyncIterable<JobEvent>, span: Span): AsyncGenerator<JobEvent> {
  let hasText = false;
  try {
    for await (const event of events) {
      yield event;
      // The consumer asked for the next event, so this one has been handed on.
      if (event.event !== "delta") span.event(event.event);
      else if (!hasText) span.event("first text");
      hasText ||= event.event === "delta";
    }
  } finally {
    span.end();
  }
}
