import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import * as answers from "../../shared/db/actions/answer.ts";
import * as cards from "../../shared/db/actions/cards.ts";
import * as leftovers from "../../shared/db/actions/leftovers.ts";
import * as sending from "../../shared/db/actions/send.ts";
import * as unasked from "../../shared/db/actions/unasked.ts";
import { actionCard, actionState } from "../../shared/protocol/actions/action-card.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { jobStatus } from "../../shared/protocol/job.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { answerOf, confirmOne, propose, proposedAction, sendOne } from "../../shared/testing/fixtures/actions.ts";
import { buffer, operatorName, startActive } from "./fixtures.ts";
import { reads, type StatementCase } from "./statement-case.ts";

const card = z.strictObject(actionCard.shape);
const given = z.record(z.string(), z.unknown());

const proposeOne = async (pool: Pool) => propose(pool, await startActive(pool));

const actionToRun = z.strictObject({
  id: z.uuid(),
  conversationId: z.uuid(),
  tool: z.string(),
  version: z.string(),
  hash: buffer,
  arguments: given.nullable(),
  title: z.string().nullable(),
  state: actionState,
  result: z.string().nullable(),
  assistantType: z.string(),
  sentMs: z.number().nullable(),
  locale: z.string().nullable(),
  asked: z.boolean(),
});

/** @returns the id of the job that has sent it */
async function sendOneUnasked(pool: Pool): Promise<string> {
  const { id: jobId } = await startActive(pool);
  await unasked.storeUnasked(pool, proposedAction(), { siteId: defaultSite, jobId, run: 1, token: v7() });
  return jobId;
}

/** Statements about actions. */
export const actionCases: StatementCase[] = [
  reads(cards.cardsByIdStatement, z.strictObject({ id: z.uuid(), card: card.nullable() }), async (pool) => {
    await cards.readCard(pool, (await proposeOne(pool)).id);
  }),
  reads(cards.conversationCardsStatement, z.strictObject({ actions: z.array(card).min(1) }), async (pool) => {
    await cards.readCards(pool, (await proposeOne(pool)).conversationId);
  }),
  reads(answers.answerActionStatement, z.strictObject({ head: z.boolean(), eventSeq: z.int() }), async (pool) =>
    answers.storeAnswer(pool, answerOf(await proposeOne(pool))),
  ),
  reads(
    answers.actionToAnswerStatement,
    z.strictObject({
      id: z.uuid(),
      conversationId: z.uuid(),
      tool: z.string(),
      hash: buffer,
      arguments: given.nullable(),
      title: z.string().nullable(),
      state: actionState,
      siteId: z.string(),
      visitorHash: buffer.nullable(),
      assistantType: z.string(),
      deleted: z.boolean(),
      blocked: z.boolean(),
      locale: z.string().nullable(),
      handledBy,
      operator: operatorName.nullable(),
      answersAi: z.boolean(),
      eventSeq: z.int(),
      answer: z.strictObject({ id: z.uuid(), messageId: z.uuid(), status: jobStatus }).nullable(),
    }),
    async (pool) => answers.readActionToAnswer(pool, (await confirmOne(pool, await startActive(pool))).id),
  ),
  reads(sending.actionToRunStatement, actionToRun, async (pool) =>
    sending.readActionToRun(pool, (await sendOne(pool, await startActive(pool))).id),
  ),
  reads(unasked.sendUnaskedStatement, z.strictObject({ id: z.uuid() }), async (pool) => sendOneUnasked(pool)),
  reads(unasked.unaskedOfJobStatement, actionToRun, async (pool) => {
    await unasked.readUnasked(pool, await sendOneUnasked(pool));
  }),
  reads(sending.markSentStatement, z.strictObject({ id: z.uuid() }), async (pool) =>
    sendOne(pool, await startActive(pool)),
  ),
  reads(
    sending.settleActionStatement,
    z.strictObject({ conversationId: z.uuid(), handoffDue: z.boolean() }),
    async (pool) => {
      const { id } = await sendOne(pool, await startActive(pool));
      await sending.settleAction(pool, id, { state: "done", result: "It is done." });
    },
  ),
  reads(leftovers.expireActionsStatement, z.strictObject({ expired: z.int().min(1) }), async (pool) => {
    const { id } = await proposeOne(pool);
    await pool.query("update actions set expires_at = now() - interval '1 s' where id = $1", [id]);
    await leftovers.expireActions(pool);
  }),
  reads(leftovers.strandedActionsStatement, z.strictObject({ id: z.uuid() }), async (pool) => {
    const { id } = await sendOne(pool, await startActive(pool));
    await pool.query(
      `with gone as (update actions set sent_at = now() - interval '1 h' where id = $1 returning answer_id)
       update jobs set status = 'cancelled' from gone where jobs.id = answer_id`,
      [id],
    );
    await leftovers.findStrandedActions(pool);
  }),
];
