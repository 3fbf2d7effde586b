import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import { defaultSite } from "../../shared/sites/default-site.ts";
import * as conversations from "../../shared/db/conversations/conversations.ts";
import * as erasure from "../../shared/db/conversations/erasure.ts";
import * as exports from "../../shared/db/conversations/export.ts";
import * as feedback from "../../shared/db/conversations/feedback.ts";
import * as uiMessages from "../../shared/db/conversations/ui-messages.ts";
import * as threads from "../../shared/db/conversations/threads.ts";
import * as visitors from "../../shared/db/conversations/visitors.ts";
import { draftStatements } from "../../shared/live/drafts/draft-statements.ts";
import { rating, sender } from "../../shared/protocol/conversation.ts";
import { handledBy } from "../../shared/protocol/handling.ts";
import { finishReason, jobStatus } from "../../shared/protocol/job.ts";
import { replySource } from "../../shared/protocol/knowledge/reply-source.ts";
import { exportedConversation, exportedJob, exportedMessage } from "../../shared/protocol/export.ts";
import { confirmOne } from "../../shared/testing/fixtures/actions.ts";
import { startConversation } from "../../shared/testing/fixtures/conversations.ts";
import {
  answerOne,
  answerRated,
  buffer,
  callOutcome,
  deleteOne,
  runOutcome,
  startActive,
  operatorName,
} from "./fixtures.ts";
import { reads, readsTyped, type StatementCase, writes } from "./statement-case.ts";

const id = z.strictObject({ id: z.uuid() });
const idAndAttempt = z.strictObject({ id: z.uuid(), attempt: z.int() });
const locked = z.strictObject({
  open: z.array(z.uuid()),
  thread: z.strictObject({ provider: z.string(), id: z.string() }).nullable(),
});

const messageRow = z.strictObject({
  id: z.uuid(),
  sender,
  text: z.string(),
  imported: z.boolean(),
  fallback: z.boolean(),
  finishReason: finishReason.nullable(),
  replaces: z.uuid().nullable(),
  rating: rating.nullable(),
  operator: operatorName.nullable(),
  sources: z.array(replySource).nullable(),
  createdAt: z.date(),
});

const readCases = [
  reads(
    conversations.conversationOwnerStatement,
    z.strictObject({
      id: z.uuid(),
      siteId: z.string(),
      deleted: z.boolean(),
      visitorHash: buffer.nullable(),
      pageVersion: z.string(),
      eventSeq: z.int(),
      handledBy,
      operator: operatorName.nullable(),
      stretch: z.int(),
    }),
    async (pool) => conversations.readOwner(pool, (await startActive(pool)).conversationId),
  ),
  reads(
    conversations.readConversationStatement,
    z.strictObject({
      assistantType: z.string(),
      provider: z.string().nullable(),
      threadId: z.string().nullable(),
      createdAt: z.date(),
      updatedAt: z.date(),
      messageCount: z.int(),
      openJobs: z.array(z.uuid()),
      metadata: z.record(z.string(), z.string()),
    }),
    async (pool) => conversations.readConversation(pool, (await startActive(pool)).conversationId),
  ),
  reads(conversations.messagesFromStatement, messageRow.extend({ turn: z.int() }), async (pool) => {
    await conversations.readMessagesFrom(pool, (await startActive(pool)).conversationId, undefined);
  }),
  reads(conversations.messagesByIdStatement, messageRow, async (pool) => {
    await conversations.readMessage(pool, (await startActive(pool)).messageId);
  }),
  reads(conversations.messagePlaceStatement, z.strictObject({ turn: z.int(), sender }), async (pool) => {
    const { conversationId, messageId } = await startActive(pool);
    await conversations.readMessages({ pool }, conversationId, { limit: 10, before: messageId });
  }),
  reads(conversations.messagePageStatement, messageRow, async (pool) =>
    conversations.readMessages({ pool }, (await answerRated(pool)).job.conversationId, { limit: 10 }),
  ),
];

const {
  runs: { element: exportedRun },
  calls: { element: exportedCall },
} = exportedJob.shape;

const turnsOf = async (pool: Pool) => ({
  conversationId: (await answerRated(pool)).job.conversationId,
  after: 0,
  upTo: 10,
});

const exportCases = [
  readsTyped(
    exports.exportConversationStatement,
    exportedConversation.extend({ lastTurn: z.int() }).strict(),
    async (pool) => (await startActive(pool)).conversationId,
  ),
  readsTyped(exports.exportMessagesStatement, exportedMessage.strict(), turnsOf),
  readsTyped(
    exports.exportJobsStatement,
    exportedJob
      .extend({
        runs: z.array(exportedRun.extend({ outcome: runOutcome.nullable() }).strict()),
        calls: z.array(exportedCall.extend({ outcome: callOutcome.nullable() }).strict()),
      })
      .strict(),
    turnsOf,
  ),
];

const feedbackCases = [
  readsTyped(
    feedback.messageOwnerStatement,
    z.strictObject({
      id: z.uuid(),
      conversationId: z.uuid(),
      visitorHash: buffer.nullable(),
      sender,
      imported: z.boolean(),
    }),
    async (pool) => ({ messageId: (await answerOne(pool)).replyId, siteId: defaultSite }),
  ),
  reads(feedback.rateMessageStatement, z.strictObject({ messageId: z.uuid() }), answerRated),
  writes(feedback.unrateMessageStatement, async (pool) => {
    const { job, replyId } = await answerRated(pool);
    await feedback.unrateMessage(pool, job.conversationId, replyId);
  }),
  readsTyped(
    feedback.countFeedbackStatement,
    z.strictObject({
      assistantType: z.string(),
      provider: z.string().nullable(),
      up: z.int(),
      down: z.int(),
      comments: z.int(),
    }),
    async (pool) => {
      await answerRated(pool);
      return new Date(0);
    },
  ),
];

const visitorCases = [
  readsTyped(
    visitors.conversationsOfVisitor,
    z.strictObject({
      id: z.uuid(),
      assistantType: z.string(),
      messageCount: z.int(),
      createdAt: z.number(),
      updatedAt: z.number(),
      preview: z.string().nullable(),
      former: z.boolean(),
    }),
    async (pool) => {
      const [hash, formerHash] = [randomBytes(32), randomBytes(32)];
      await answerOne(pool, formerHash);
      return { hash, formerHash, before: undefined, limit: 10 };
    },
  ),
  writes(visitors.replaceVisitorHashStatement, (pool) =>
    visitors.replaceFormerHash(pool, { hash: randomBytes(32), formerHash: randomBytes(32) }),
  ),
];

const remove = async (pool: Pool) => erasure.storeTombstone(pool, (await startActive(pool)).conversationId);

const erasureCases = [
  reads(erasure.lockToDeleteStatement, locked, remove),
  reads(erasure.lockIdleToDeleteStatement, locked, async (pool) => {
    const { conversationId } = (await answerOne(pool)).job;
    await pool.query("update conversations set updated_at = now() - interval '9 d' where id = $1", [conversationId]);
    await erasure.storeTombstone(pool, conversationId, { idleDays: 2 });
  }),
  reads(erasure.cancelOpenStatement, idAndAttempt, remove),
  writes(erasure.forgetRequestsStatement, remove),
  writes(erasure.deleteCitationsStatement, async (pool) =>
    erasure.storeTombstone(pool, (await startActive(pool)).conversationId),
  ),
  writes(erasure.deleteMessagesStatement, remove),
  writes(erasure.deleteVoicesStatement, remove),
  writes(erasure.deleteEventsStatement, remove),
  writes(erasure.tombstoneStatement, remove),
  reads(
    erasure.tombstonesStatement,
    z.strictObject({ conversationId: z.uuid(), jobs: z.array(idAndAttempt) }),
    async (pool) => {
      await deleteOne(pool, false);
      await erasure.readTombstones(pool);
    },
  ),
  writes(erasure.markErasedStatement, async (pool) => erasure.markErased(pool, await deleteOne(pool, false))),
  reads(erasure.idleConversationsStatement, id, async (pool) => {
    const { conversationId } = (await answerOne(pool)).job;
    await pool.query("update conversations set updated_at = now() - interval '9 d' where id = $1", [conversationId]);
    await erasure.readIdleConversations(pool, 2, 10);
  }),
  reads(erasure.dropTombstonesStatement, id, async (pool) => {
    await deleteOne(pool, true);
    await erasure.dropTombstones(pool, 10);
  }),
];

const thread = () => ({ provider: "openai", id: v7() });
const keptThread = z.strictObject({ provider: z.string(), id: z.string() });
const discard = async (pool: Pool) => {
  const discarded = thread();
  await threads.discardThread(pool, discarded);
  return discarded;
};

const threadCases = [
  reads(threads.bindThreadStatement, id, async (pool) => threads.bindThread(pool, await startActive(pool), thread())),
  writes(threads.discardThreadStatement, discard),
  reads(threads.takeThreadDeletionsStatement, keptThread, async (pool) => {
    await discard(pool);
    await pool.query("update thread_deletions set due_at = now() - interval '1 s'");
    await threads.takeThreadDeletions(pool, ["openai"], 10);
  }),
  writes(threads.forgetThreadStatement, async (pool) => threads.forgetThread(pool, await discard(pool))),
  writes(threads.putOffDeletionStatement, async (pool) => threads.putOffDeletion(pool, await discard(pool))),
  writes(threads.hastenDeletionsStatement, (pool) => threads.hastenDeletions(pool, "openai")),
  reads(threads.discardedThreadStatement, keptThread, async (pool) => threads.isDiscarded(pool, await discard(pool))),
];

const run = (statement: { name: string; text: string }, values: unknown[]) => (pool: Pool) =>
  pool.query({ ...statement, values });
const draft = v7();
const begin = run(draftStatements.begin, [draft, 1, Buffer.from("a draft"), draft]);

/** Statements for front ends of other protocols. */
const doorCases = [
  reads(
    uiMessages.clientMessageStatement,
    z.strictObject({ messageId: z.uuid(), text: z.string(), jobId: z.uuid(), status: jobStatus }),
    async (pool) => {
      const { conversationId } = await startConversation(pool, { clientId: "theirs" });
      await uiMessages.readClientMessage(pool, { conversationId, clientId: "theirs", ownId: null });
    },
  ),
  reads(
    uiMessages.messageStepsStatement,
    z.strictObject({ id: z.uuid(), actionId: z.uuid().nullable() }),
    async (pool) => uiMessages.readMessageSteps(pool, (await confirmOne(pool, await startActive(pool))).jobId),
  ),
];

const draftCases = [
  writes(draftStatements.begin, begin),
  writes(draftStatements.append, run(draftStatements.append, [draft, 1, Buffer.from("!"), draft, 7])),
  reads(draftStatements.appendMany, z.strictObject({ jobId: z.uuid() }), async (pool) => {
    await run(draftStatements.rewrite, [draft, 1, Buffer.from("a draft"), draft])(pool);
    await run(draftStatements.appendMany, [[draft], [1], [Buffer.from("!")], [draft], [7]])(pool);
  }),
  writes(draftStatements.rewrite, run(draftStatements.rewrite, [draft, 1, Buffer.from("a draft"), draft])),
  reads(draftStatements.read, z.strictObject({ length: z.int(), bytes: buffer }), async (pool) => {
    await begin(pool);
    await run(draftStatements.read, [draft, 1, 0])(pool);
  }),
  reads(draftStatements.lengths, z.strictObject({ length: z.int() }), run(draftStatements.lengths, [[draft], [1]])),
  writes(draftStatements.drop, run(draftStatements.drop, [draft, 1])),
  writes(draftStatements.dropStale, run(draftStatements.dropStale, [60])),
  writes(draftStatements.notify, run(draftStatements.notify, ["a_channel", "a hint"])),
  writes(draftStatements.ping, run(draftStatements.ping, [])),
];

/** Statements about conversations, and what is kept beside them. */
export const conversationCases: StatementCase[] = [
  ...readCases,
  ...exportCases,
  ...feedbackCases,
  ...visitorCases,
  ...erasureCases,
  ...threadCases,
  ...doorCases,
  ...draftCases,
];
