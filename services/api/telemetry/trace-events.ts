import type { JobEvent } from "../../../shared/protocol/events.ts";
import type { Span } from "../../../shared/tracing/tracing.ts";

/** Passes a job's events through, and records in its trace when the client got the first text and the end. */
export async function* traceEvents(events: AsyncIterable<JobEvent>, span: Span): AsyncGenerator<JobEvent> {
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
