import type { JobEvent } from "../../../shared/protocol/events.ts";
import type { Span } from "../../../shared/tracing/tracing.ts";

/** Passes a job's events on, and shows in its trace when its client got the first text and the end. */
export async function* traceEvents(events: AsyncIterable<JobEvent>, span: Span): AsyncGenerator<JobEvent> {
  let hasText = false;
  try {
    for await (const event of events) {
      yield event;
      // Asked for the next one: this one is on its way.
      if (event.event !== "delta") span.event(event.event);
      else if (!hasText) span.event("first text");
      hasText ||= event.event === "delta";
    }
  } finally {
    span.end();
  }
}
