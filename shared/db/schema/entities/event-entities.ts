import { defineEntity, p } from "@mikro-orm/core";
import type { HandledBy, NoticeCode } from "../../../protocol/handling.ts";
import type { JobStatus } from "../../../protocol/job.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { byHand, time } from "./entity-columns.ts";

/** One change of a conversation, in ids. Written by the transaction that changed it; see `shared/events`. */
const Event = defineEntity({
  name: "Event",
  tableName: "events",
  properties: {
    /** Assigned while the conversation's row is locked: within a conversation, ids rise with `seq`. */
    id: p.bigint().primary().generated("identity"),
    siteId: p.text().default(defaultSite),
    /** No foreign key: each event would lock and look up a row that its transaction holds anyway. */
    conversationId: p.uuid(),
    /** Place in the conversation, without gaps. */
    seq: p.integer(),
    /** Place in the log of all conversations. Null until the numbering pass has seen the committed row. */
    pos: p.bigint().nullable(),
    kind: p.text().$type<"message" | "job" | "handling" | "notice" | "action" | "deleted">(),
    messageId: p.uuid().nullable(),
    jobId: p.uuid().nullable(),
    status: p.text().$type<JobStatus>().nullable(),
    /** Side that answers from this event on. Of a job: the side that answered when it ended without the AI. */
    handledBy: p.text().$type<HandledBy>().nullable(),
    operatorId: p.uuid().nullable(),
    actionId: p.uuid().nullable(),
    notice: p.text().$type<NoticeCode>().nullable(),
    at: time().defaultRaw("clock_timestamp()"),
  },
  indexes: [
    {
      name: "events_unnumbered",
      expression: byHand(`create index "events_unnumbered" on "events" ("id") where ("pos" is null)`),
    },
    {
      name: "events_by_pos",
      expression: byHand(`create unique index "events_by_pos" on "events" ("pos") where ("pos" is not null)`),
    },
  ],
  uniques: [{ name: "events_by_seq", properties: ["conversationId", "seq"] }],
  checks: [
    { name: "events_kind", expression: "kind in ('message', 'job', 'handling', 'notice', 'action', 'deleted')" },
  ],
});

/** One row: the highest `pos` so far. Its lock decides which process numbers. */
const EventTail = defineEntity({
  name: "EventTail",
  tableName: "event_tail",
  properties: { id: p.integer().primary().autoincrement(false), pos: p.bigint() },
});

export const eventEntities = [Event, EventTail];
