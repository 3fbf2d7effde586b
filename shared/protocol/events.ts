import { z } from "zod";
import { jobStatus, jobView } from "./job.ts";

/** The events of `GET /api/jobs/:jobId/events`: the contents of `data` of each. */
export const eventData = {
  status: z.object({ status: jobStatus, attempt: z.int(), position: z.int().optional() }).meta({ id: "StatusEvent" }),
  delta: z
    .object({
      text: z.string(),
      offset: z.int().meta({ description: "UTF-8 bytes of the attempt's text so far, this delta included" }),
    })
    .meta({ id: "DeltaEvent" }),
  reset: z.object({ attempt: z.int() }).meta({ id: "ResetEvent" }),
  done: jobView,
  failed: jobView,
  cancelled: jobView,
  wait: z
    .object({ retryMs: z.int().meta({ description: "Milliseconds until it is worth connecting again" }) })
    .meta({ id: "WaitEvent" }),
} as const;

export type EventName = keyof typeof eventData;
export type EventData = { [Name in EventName]: z.output<(typeof eventData)[Name]> };

/** One event of a stream, ready for the wire. */
export type JobEvent = { [Name in EventName]: { event: Name; data: EventData[Name]; id?: string } }[EventName];

/** The id of a terminal event. A reconnect that sends it is answered with an instruction to stop. */
export const endEventId = "end";
