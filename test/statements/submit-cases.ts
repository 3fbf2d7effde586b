import { randomBytes } from "node:crypto";
import { z } from "zod";
import * as submissions from "../../shared/db/submit/submissions.ts";
import * as submit from "../../shared/db/submit/submit.ts";
import {
  conversationStateStatement,
  isBlockedStatement,
  readConversationState,
  storeFirstMessage,
} from "../../shared/db/submit/submit-outcome.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { jobStatus } from "../../shared/protocol/job.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { followingMessage, newConversation, startConversation } from "../../shared/testing/fixtures/conversations.ts";
import { buffer, operatorName, startActive } from "./fixtures.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const id = z.strictObject({ id: z.uuid() });
const appended = z.strictObject({
  conversationId: z.uuid(),
  head: z.boolean().nullable(),
  eventSeq: z.int().nullable(),
  handledBy: handledBy.nullable(),
  operator: operatorName.nullable(),
  handoffDue: z.boolean(),
});

/** Statements that accept a message. */
export const submitCases: StatementCase[] = [
  reads(submit.insertConversationsStatement, id.extend({ handoffDue: z.boolean() }), (pool) =>
    submit.insertConversation(pool, newConversation()),
  ),
  reads(submit.appendOneStatement, appended, async (pool) => {
    const { conversationId } = await startConversation(pool);
    await submit.appendMessage(pool, followingMessage(conversationId));
  }),
  reads(submit.appendBatchStatement, appended, async (pool) => {
    const started = [await startConversation(pool), await startConversation(pool)];
    await Promise.all(
      started.map(({ conversationId }) => submit.appendMessage(pool, followingMessage(conversationId))),
    );
  }),
  reads(
    submissions.findByKeyStatement,
    z.strictObject({
      jobId: z.uuid(),
      conversationId: z.uuid(),
      messageId: z.uuid(),
      status: jobStatus,
      requestHash: buffer.nullable(),
      deleted: z.boolean(),
      stale: z.boolean(),
      eventSeq: z.int(),
      handledBy,
      operator: operatorName.nullable(),
    }),
    async (pool) => {
      const [idempotencyHash, requestHash] = [randomBytes(32), randomBytes(32)];
      await startConversation(pool, { idempotencyHash, requestHash });
      await submissions.findByIdempotencyHash(pool, idempotencyHash);
    },
  ),
  writes(submissions.forgetKeyStatement, async (pool) =>
    submissions.forgetIdempotencyKey(pool, (await startConversation(pool)).id),
  ),
  reads(isBlockedStatement, z.strictObject({ blocked: z.boolean() }), async (pool) => {
    const visitorHash = randomBytes(32);
    await pool.query("insert into blocked_visitors (visitor_hash) values ($1)", [visitorHash]);
    await storeFirstMessage(pool, newConversation({ visitorHash }));
  }),
  reads(
    conversationStateStatement,
    z.strictObject({
      deleted: z.boolean(),
      visitorHash: buffer.nullable(),
      unanswered: z.int(),
      windowMessages: z.int(),
      windowLeftMs: z.number(),
      replacedTurn: z.int().nullable(),
      alreadyReplaced: z.boolean(),
      handledBy,
      unheard: z.int(),
      blocked: z.boolean(),
    }),
    async (pool) => {
      const { conversationId, messageId } = await startActive(pool);
      await readConversationState(pool, {
        conversationId,
        siteId: defaultSite,
        replaces: messageId,
        pace: { windowMs: 60_000 },
      });
    },
  ),
];
