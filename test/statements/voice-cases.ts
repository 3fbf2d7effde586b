import type { Pool } from "pg";
import { randomBytes } from "node:crypto";
import { v7 } from "uuid";
import { z } from "zod";
import { storeJobEnd } from "../../shared/db/jobs/end.ts";
import {
  isMailSent,
  mailIsSentStatement,
  olderVersionRuns,
  olderVersionStatement,
} from "../../shared/db/operators/process-reports.ts";
import { changeVoice, type VoiceChange } from "../../shared/db/voices/change-voice.ts";
import * as change from "../../shared/db/voices/change-voice-statement.ts";
import { dueHandoffsStatement, readDueHandoffs } from "../../shared/db/voices/due-handoffs.ts";
import { handInCut, handInCutStatement } from "../../shared/db/voices/hand-in-cut.ts";
import * as names from "../../shared/db/voices/names.ts";
import * as sent from "../../shared/db/voices/operator-messages.ts";
import * as presence from "../../shared/db/voices/presence.ts";
import * as looks from "../../shared/db/desk/looks.ts";
import * as siteHours from "../../shared/db/desk/site-hours.ts";
import * as pauses from "../../shared/db/voices/assistant-pauses.ts";
import * as ratings from "../../shared/db/voices/stretch-ratings.ts";
import { readVoice, readVoiceStatement } from "../../shared/db/voices/read-voice.ts";
import { readStalled, readStalledStatement } from "../../shared/db/voices/stalled.ts";
import { readWaiting, readWaitingStatement } from "../../shared/db/voices/waiting.ts";
import { hoursText } from "../../shared/protocol/people/hours.ts";
import { sender } from "../../shared/protocol/conversation.ts";
import { handledBy, handoffReason } from "../../shared/protocol/handling.ts";
import { jobStatus } from "../../shared/protocol/job.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { buffer, startActive, operatorName } from "./fixtures.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const changed = z.strictObject({
  eventSeq: z.int(),
  head: z.boolean(),
  ended: z.array(z.strictObject({ id: z.uuid(), attempt: z.int() })),
});

const pause = z.strictObject({ assistantType: z.string(), pausedAt: z.date(), operator: z.string().nullable() });
const pauseTechnical = async (pool: Pool) =>
  pauses.pauseAssistant(pool, { siteId: defaultSite, assistantType: "technical", operatorId: await addOperator(pool) });

const hoursRow = z.strictObject({ hours: hoursText, changedAt: z.date(), operator: z.string().nullable() });
const setHours = async (pool: Pool) =>
  siteHours.putSiteHours(pool, {
    siteId: defaultSite,
    operatorId: await addOperator(pool),
    hours: {
      zone: "UTC",
      week: { mon: ["09:00-17:00"], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] },
      dates: {},
    },
  });

/** Statements about who answers. */
export const voiceCases: StatementCase[] = [
  reads(
    presence.readPresenceStatement,
    z.strictObject({ present: z.boolean(), at: z.int(), hours: hoursText.nullable() }),
    (pool) => presence.readPresence(pool, defaultSite),
  ),
  reads(siteHours.putSiteHoursStatement, hoursRow, setHours),
  reads(siteHours.readSiteHoursStatement, hoursRow, async (pool) => {
    await setHours(pool);
    await siteHours.readSiteHours(pool, defaultSite);
  }),
  writes(siteHours.deleteSiteHoursStatement, async (pool) => {
    await setHours(pool);
    await siteHours.deleteSiteHours(pool, defaultSite);
  }),
  reads(presence.readOverdueStatement, z.strictObject({ overdue: z.boolean() }), async (pool) =>
    presence.readOverdue(pool, (await startActive(pool)).conversationId),
  ),
  reads(readWaitingStatement, z.strictObject({ id: z.uuid(), overdue: z.boolean() }), async (pool) => {
    const { conversationId } = await startActive(pool);
    await pool.query("update conversations set handled_by = 'waiting', waiting_since = now() where id = $1", [
      conversationId,
    ]);
    await readWaiting(pool, defaultSite);
  }),
  reads(
    readStalledStatement,
    z.strictObject({ id: z.uuid(), eventSeq: z.int(), how: z.enum(["no-reply", "overdue", "nobody", "silence"]) }),
    async (pool) => {
      const { conversationId } = await startActive(pool);
      const long = "handled_by = 'waiting', waiting_since = now() - interval '1 h'";
      await pool.query(`update conversations set ${long} where id = $1`, [conversationId]);
      await readStalled(pool);
    },
  ),
  reads(pauses.pauseAssistantStatement, pause, pauseTechnical),
  reads(pauses.listPausesStatement, pause, async (pool) => {
    await pauseTechnical(pool);
    await pauses.listPauses(pool, defaultSite);
  }),
  writes(pauses.resumeAssistantStatement, async (pool) => {
    await pauseTechnical(pool);
    await pauses.resumeAssistant(pool, defaultSite, "technical");
  }),
  reads(presence.setPresenceStatement, z.strictObject({ until: z.date().nullable() }), async (pool) =>
    presence.storePresence(pool, await addOperator(pool), true),
  ),
  reads(
    readVoiceStatement,
    z.strictObject({
      handledBy,
      operatorId: z.uuid().nullable(),
      operator: operatorName.nullable(),
      assistantType: z.string(),
      eventSeq: z.int(),
      paused: z.boolean(),
      handoffDue: handoffReason.nullable(),
      handoffEmail: z.string().nullable(),
      emailsLeft: z.int(),
      closedAt: z.date().nullable(),
      deadline: z.date(),
      head: z.strictObject({ id: z.uuid(), status: jobStatus, attempt: z.int() }).nullable(),
      newest: z.strictObject({ id: z.uuid(), turn: z.int(), sender, open: z.boolean() }).nullable(),
    }),
    async (pool) => readVoice(pool, (await startActive(pool)).conversationId),
  ),
  reads(
    ratings.readRatingAskedStatement,
    z.strictObject({ stretch: z.int(), operator: operatorName.nullable() }),
    async (pool) => ratings.readRatingAsked(pool, await endWithPerson(pool)),
  ),
  reads(ratings.rateStretchStatement, z.strictObject({ no: z.int() }), async (pool) =>
    ratings.rateStretch(pool, await endWithPerson(pool), { no: 1, rating: "good", comment: "a few words" }),
  ),
  reads(change.changeAndSealStatement, changed, async (pool) => take(pool, {})),
  reads(change.changeVoiceWithTextStatement, changed, async (pool) => take(pool, { text: "what was shown" })),
  reads(handInCutStatement, z.strictObject({ id: z.uuid() }), async (pool) => {
    const { id: jobId, attempt, conversationId } = await take(pool, { text: null });
    await handInCut(pool, { conversationId, jobId, attempt, replyId: v7(), text: "what was shown" });
  }),
  reads(dueHandoffsStatement, z.strictObject({ id: z.uuid() }), async (pool) => {
    const job = await startActive(pool);
    await storeJobEnd(pool, { job, end: { status: "failed", errorCode: "deadline", handoffAfter: 1 } });
    await readDueHandoffs(pool);
  }),
  reads(names.operatorsByIdStatement, operatorName.extend({ id: z.uuid() }), async (pool) =>
    names.readOperatorName(pool, await addOperator(pool)),
  ),
  reads(names.localesStatement, z.strictObject({ id: z.uuid(), locale: z.string().nullable() }), async (pool) =>
    names.readLocale(pool, (await startActive(pool)).conversationId),
  ),
  reads(
    sent.findOperatorMessageStatement,
    z.strictObject({ id: z.uuid(), requestHash: buffer.nullable(), eventSeq: z.int() }),
    async (pool) => {
      const idempotencyHash = randomBytes(32);
      await take(pool, { text: "shown" }, idempotencyHash);
      await sent.findOperatorMessage(pool, idempotencyHash);
    },
  ),
  writes(sent.forgetOperatorKeyStatement, (pool) => sent.forgetOperatorKey(pool, randomBytes(32))),
  reads(
    looks.noteLookStatement,
    z.strictObject({ others: z.array(z.strictObject({ id: z.uuid(), name: z.string() })) }),
    async (pool) => {
      const { conversationId } = await startActive(pool);
      for (const operatorId of [await addOperator(pool), await addOperator(pool)])
        await looks.noteLook(pool, { siteId: defaultSite, conversationId, operatorId, looks: true });
    },
  ),
  reads(olderVersionStatement, z.strictObject({ older: z.boolean() }), (pool) => olderVersionRuns(pool, 2)),
  reads(mailIsSentStatement, z.strictObject({ sent: z.boolean() }), isMailSent),
];

/** A take-over, with a message, of a reply that is being written. */
async function take(pool: Pool, cut: Pick<NonNullable<VoiceChange["cut"]>, "text">, idempotencyHash = randomBytes(32)) {
  const job = await startActive(pool);
  const [seen, operatorId] = [await readVoice(pool, job.conversationId), await addOperator(pool)];
  if (!seen) throw new Error("the conversation is gone");
  await changeVoice(pool, {
    conversationId: job.conversationId,
    seen,
    handledBy: "operator",
    operatorId,
    reason: "taken",
    notice: "taken",
    ends: "open",
    cut: { replyId: v7(), job: { status: "active", attempt: job.attempt }, ...cut },
    message: { id: v7(), text: "a person's words", operatorId, idempotencyHash, requestHash: randomBytes(32) },
    note: { id: v7(), text: "to whom it is given", operatorId },
  });
  return job;
}

/** A stretch with a person, who wrote, and gave the conversation back. */
async function endWithPerson(pool: Pool): Promise<string> {
  const { conversationId } = await take(pool, { text: "what was shown" });
  const seen = await readVoice(pool, conversationId);
  if (!seen) throw new Error("the conversation is gone");
  const back = { handledBy: "ai", operatorId: null, reason: "released", notice: "assistant", ends: "none" } as const;
  await changeVoice(pool, { conversationId, seen, ...back });
  return conversationId;
}

async function addOperator(pool: Pool): Promise<string> {
  const id = v7();
  await pool.query("insert into operators (id, name, role) values ($1, $2, 'operator')", [id, `Operator ${id}`]);
  return id;
}
