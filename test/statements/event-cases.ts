import { z } from "zod";
import { query } from "../../shared/db/database.ts";
import * as tail from "../../shared/events/event-tail.ts";
import * as numbering from "../../shared/events/number.ts";
import * as log from "../../shared/events/read.ts";
import * as retention from "../../shared/events/retention.ts";
import { handledBy, noticeCode } from "../../shared/protocol/handling.ts";
import { jobStatus } from "../../shared/protocol/job.ts";
import { startActive } from "./fixtures.ts";
import { reads, type StatementCase } from "./statement-case.ts";

const kind = z.enum(["message", "job", "handling", "notice", "action", "deleted"]);
const event = z.strictObject({
  conversationId: z.uuid(),
  seq: z.int(),
  kind,
  messageId: z.uuid().nullable(),
  jobId: z.uuid().nullable(),
  status: jobStatus.nullable(),
  handledBy: handledBy.nullable(),
  operatorId: z.uuid().nullable(),
  notice: noticeCode.nullable(),
  actionId: z.uuid().nullable(),
  at: z.date(),
});

/** Statements about the log of events. */
export const eventCases: StatementCase[] = [
  reads(numbering.numberEventsStatement, z.strictObject({ pos: z.int(), numbered: z.int() }), async (pool) => {
    await startActive(pool);
    await numbering.numberEvents(pool);
  }),
  reads(tail.tailEventsStatement, event.extend({ pos: z.int() }), async (pool) => {
    await startActive(pool);
    await numbering.numberEvents(pool);
    await query(pool, tail.tailEventsStatement, [0]);
  }),
  reads(log.readEventsStatement, event, async (pool) => {
    await log.readLog(pool, (await startActive(pool)).conversationId, 0);
  }),
  reads(retention.deleteOldEventsStatement, z.strictObject({ deleted: z.int() }), (pool) =>
    retention.deleteOldEvents(pool, 10),
  ),
];
