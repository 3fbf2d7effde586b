import { z } from "zod";
import { actionCard } from "./actions/action-card.ts";
import { message } from "./conversation.ts";
import { expected, handledBy, handling, notice } from "./handling.ts";
import { jobStatus, jobView } from "./job.ts";
import { sourceEvent } from "./knowledge/reply-source.ts";

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
  source: sourceEvent,
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

const place = {
  seq: z.int().meta({ description: "Place in the conversation" }),
  at: z.iso.datetime(),
};

/** The events of `GET /api/conversations/:id/events`: the contents of `data` of each. */
export const conversationEventData = {
  message: message.extend(place).meta({ id: "MessageEvent" }),
  job: z
    .object({
      jobId: z.uuid(),
      status: jobStatus,
      handledBy: handledBy.optional().meta({ description: "Who answers, where the job ended without the AI" }),
      ...place,
    })
    .meta({ id: "JobEvent" }),
  handling: handling.extend({ notice: notice.optional(), ...place }).meta({ id: "HandlingEvent" }),
  notice: notice.extend(place).meta({ id: "NoticeEvent" }),
  action: actionCard.extend(place).meta({ id: "ActionEvent", description: "An action as it is after a change" }),
  typing: z
    .object({ by: z.literal("operator"), name: z.string() })
    .meta({ id: "TypingEvent", description: "Holds for 6 s. It has no id, and may be lost" }),
  position: z
    .object({ position: z.int(), expected: expected.optional() })
    .meta({ id: "PositionEvent", description: "Place among those who wait. It has no id, and may be lost" }),
  resync: z
    .object({ cursor: z.string().meta({ description: "The stream goes on from here" }), ...place })
    .meta({ id: "ResyncEvent" }),
  deleted: z.object(place).meta({ id: "DeletedEvent" }),
  wait: eventData.wait,
} as const;

type ConversationEventName = keyof typeof conversationEventData;

/** One event of a conversation's stream, ready for the wire. */
export type ConversationEvent = {
  [Name in ConversationEventName]: {
    event: Name;
    data: z.output<(typeof conversationEventData)[Name]>;
    id?: string;
  };
}[ConversationEventName];

/** The id of a terminal event. A reconnect that sends it is answered with an instruction to stop. */
export const endEventId = "end";
