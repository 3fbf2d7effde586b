import { randomBytes } from "node:crypto";
import type { Pool } from "pg";
import { v7 } from "uuid";
import { z } from "zod";
import * as canned from "../../shared/db/desk/canned-replies.ts";
import { suggestionError } from "../../shared/protocol/people/suggestions.ts";
import { cannedReply } from "../../shared/protocol/people/canned-replies.ts";
import * as changes from "../../shared/db/desk/changes.ts";
import * as inbox from "../../shared/db/desk/inbox.ts";
import * as log from "../../shared/db/desk/inbox-log.ts";
import * as keys from "../../shared/db/desk/operator-keys.ts";
import * as operators from "../../shared/db/desk/operators.ts";
import * as suggestions from "../../shared/db/desk/suggestions.ts";
import * as conversation from "../../shared/db/desk/read-conversation.ts";
import { actionCard } from "../../shared/protocol/actions/action-card.ts";
import { channel, rating, sender } from "../../shared/protocol/conversation.ts";
import { numberEvents } from "../../shared/events/number.ts";
import { handledBy, handoffReason, noticeCode } from "../../shared/protocol/handling.ts";
import { finishReason, jobErrorCode, jobStatus } from "../../shared/protocol/job.ts";
import { replySource } from "../../shared/protocol/knowledge/reply-source.ts";
import { type InboxView, operatorRole } from "../../shared/protocol/operator.ts";
import { stretchRating } from "../../shared/protocol/people/stretch-rating.ts";
import { defaultSite } from "../../shared/sites/default-site.ts";
import { answerOne, claimOneSuggestion, operatorName } from "./fixtures.ts";
import { askForSuggestion } from "../../shared/testing/fixtures/operators.ts";
import { reads, type StatementCase, writes } from "./statement-case.ts";

const addKey = async (pool: Pool) => {
  const keyHash = randomBytes(32);
  const key = { siteId: defaultSite, name: "Mia", role: "operator", keyHash, days: 1 } as const;
  return { ...(await keys.addKey(pool, key)), keyHash };
};

const accessCases = [
  reads(
    keys.operatorKeyStatement,
    z.strictObject({
      operatorId: z.uuid(),
      name: z.string(),
      role: operatorRole,
      operatorRole,
      state: z.enum(["valid", "revoked", "ended", "gone"]),
    }),
    async (pool) => keys.readKey(pool, (await addKey(pool)).keyHash, defaultSite),
  ),
  reads(keys.addKeyStatement, z.strictObject({ id: z.uuid(), endsAt: z.date() }), addKey),
  reads(
    keys.listKeysStatement,
    z.strictObject({
      id: z.uuid(),
      name: z.string(),
      role: operatorRole,
      createdAt: z.date(),
      endsAt: z.date(),
      revokedAt: z.date().nullable(),
    }),
    async (pool) => {
      await addKey(pool);
      await keys.listKeys(pool, defaultSite);
    },
  ),
  reads(keys.revokeKeyStatement, z.strictObject({ id: z.uuid() }), async (pool) =>
    keys.revokeKey(pool, (await addKey(pool)).id, defaultSite),
  ),
  writes(operators.addOperatorStatement, (pool) => operators.addBuiltIn(pool, defaultSite, "full")),
  reads(
    operators.listOperatorsStatement,
    z.strictObject({
      id: z.uuid(),
      name: z.string(),
      avatarUrl: z.string().nullable(),
      role: operatorRole,
      email: z.string().nullable(),
      twoFactorEnabled: z.boolean(),
      online: z.boolean(),
    }),
    async (pool) => {
      await operators.addBuiltIn(pool, defaultSite, "full");
      await operators.listOperators(pool, defaultSite);
    },
  ),
];

const deskRow = z.strictObject({
  id: z.uuid(),
  handledBy,
  operatorId: z.uuid().nullable(),
  operator: operatorName.nullable(),
  waitingSince: z.date().nullable(),
  closedAt: z.date().nullable(),
  blocked: z.boolean(),
  verifiedVisitor: z.boolean(),
  assistantType: z.string(),
  channel: channel.nullable(),
  metadata: z.record(z.string(), z.string()),
  openJobs: z.array(z.uuid()),
  updatedAt: z.date(),
});

const time = z.iso.datetime({ offset: true });
const messageInJson = z.strictObject({
  id: z.uuid(),
  sender,
  text: z.string(),
  imported: z.boolean(),
  fallback: z.boolean(),
  finishReason: finishReason.nullable(),
  replaces: z.uuid().nullable(),
  rating: rating.nullable(),
  createdAt: time,
  operator: operatorName.nullable(),
  sources: z.array(replySource).nullable(),
});
const deskConversation = deskRow.extend({
  eventSeq: z.int(),
  emailLeft: z.boolean(),
  messages: z.array(messageInJson),
  stretches: z.array(
    z.looseObject({
      no: z.int(),
      handledBy,
      reason: handoffReason.nullable(),
      beganAt: time,
      endedAt: time.nullable(),
      rating: stretchRating.nullable(),
      comment: z.string().nullable(),
      ratedAt: time.nullable(),
      operator: z.string().nullable(),
    }),
  ),
  notes: z.array(z.looseObject({ id: z.uuid(), text: z.string(), createdAt: time, operator: z.string().nullable() })),
  actions: z.array(actionCard),
  jobs: z.array(
    z.looseObject({
      id: z.uuid(),
      messageId: z.uuid(),
      status: jobStatus,
      handledBy: handledBy.nullable(),
      assistantType: z.string(),
      provider: z.string().nullable(),
      errorCode: jobErrorCode.nullable(),
      attempt: z.int(),
      createdAt: time,
      startedAt: time.nullable(),
      finishedAt: time.nullable(),
      passages: z.int(),
      costUsd: z.number().nullable(),
    }),
  ),
});

/** Conversation of a verified visitor with a note, a stretch, and all the jobs there may be. */
const startNoted = async (pool: Pool) => {
  const { job } = await answerOne(pool, randomBytes(32));
  const { conversationId } = job;
  const operatorId = await operators.addBuiltIn(pool, defaultSite, "full");
  await pool.query(
    "insert into stretches (conversation_id, no, handled_by, operator_id, reason) values ($1, 1, 'waiting', $2, 'asked')",
    [conversationId, operatorId],
  );
  const about = { siteId: defaultSite, conversationId, operatorId };
  await changes.addNote(pool, { ...about, text: "a note" });
  return about;
};

const changedRow = z.strictObject({ eventSeq: z.int(), handledBy, operator: operatorName.nullable() });

const conversationCases = [
  reads(conversation.deskConversationStatement, deskConversation, async (pool) => {
    const { conversationId } = await startNoted(pool);
    const page = { siteId: defaultSite, limit: 1, before: undefined };
    await conversation.readDeskConversation(pool, conversationId, page);
  }),
  reads(changes.addNoteStatement, z.strictObject({ id: z.uuid(), text: z.string(), createdAt: z.date() }), startNoted),
  reads(changes.markSeenStatement, changedRow, async (pool) =>
    changes.markSeen(pool, { ...(await startNoted(pool)), messageId: undefined }),
  ),
  reads(changes.blockVisitorStatement, changedRow, async (pool) =>
    changes.setBlocked(pool, { ...(await startNoted(pool)), blocked: true }),
  ),
  reads(changes.unblockVisitorStatement, changedRow, async (pool) =>
    changes.setBlocked(pool, { ...(await startNoted(pool)), blocked: false }),
  ),
];

const aCannedReply = { siteId: defaultSite, operatorId: v7(), shortcut: "hello", text: "Hello!" };

const inboxRow = deskRow.extend({
  place: z.string(),
  unseen: z.boolean(),
  unread: z.int().nullable(),
  last: z.strictObject({ id: z.uuid(), sender, text: z.string(), at: z.int() }).nullable(),
});

/** @param change makes the conversation one of that view */
const listed = (view: InboxView, change: string) => async (pool: Pool) => {
  const { conversationId, operatorId, siteId } = await startNoted(pool);
  await pool.query(`update conversations set ${change} where id = $1`, [conversationId]);
  await inbox.readInbox(pool, { siteId, view, operatorId, limit: 1, after: undefined });
};

const inboxCases = [
  reads(canned.listCannedRepliesStatement, cannedReply, async (pool) => {
    await canned.putCannedReply(pool, aCannedReply);
    await canned.listCannedReplies(pool, defaultSite);
  }),
  reads(canned.putCannedReplyStatement, cannedReply, (pool) => canned.putCannedReply(pool, aCannedReply)),
  writes(canned.deleteCannedReplyStatement, async (pool) => {
    await canned.putCannedReply(pool, aCannedReply);
    await canned.deleteCannedReply(pool, defaultSite, aCannedReply.shortcut);
  }),
  reads(
    suggestions.askSuggestionStatement,
    z.strictObject({
      id: z.uuid().nullable(),
      handledBy,
      operatorId: z.uuid().nullable(),
      paused: z.boolean(),
      hasQuestion: z.boolean(),
    }),
    askForSuggestion,
  ),
  reads(
    suggestions.claimSuggestionStatement,
    z.strictObject({
      id: z.uuid(),
      conversationId: z.uuid(),
      siteId: z.string(),
      assistantType: z.string(),
      providerOverride: z.string().nullable(),
      metadata: z.record(z.string(), z.string()),
      knowsSite: z.boolean(),
      leftMs: z.number(),
      history: z.array(z.strictObject({ sender, text: z.string(), imported: z.boolean() })),
    }),
    claimOneSuggestion,
  ),
  reads(suggestions.endSuggestionStatement, z.strictObject({ id: z.uuid() }), async (pool) =>
    suggestions.endSuggestion(pool, (await claimOneSuggestion(pool)).id, { text: "an answer", sources: [] }),
  ),
  reads(
    suggestions.readSuggestionStatement,
    z.strictObject({
      state: z.enum(["writing", "done", "failed"]),
      errorCode: suggestionError.nullable(),
      text: z.string().nullable(),
      sources: z.array(replySource).nullable(),
    }),
    async (pool) => suggestions.readSuggestion(pool, await askForSuggestion(pool)),
  ),
  writes(suggestions.dropSuggestionsStatement, async (pool) => {
    await askForSuggestion(pool);
    await suggestions.dropSuggestions(pool);
  }),
  reads(inbox.inboxWaitingStatement, inboxRow, listed("waiting", "handled_by = 'waiting', waiting_since = now()")),
  reads(inbox.inboxMineStatement, inboxRow, async (pool) => {
    const operatorId = await operators.addBuiltIn(pool, defaultSite, "full");
    await listed("mine", `handled_by = 'operator', operator_id = '${operatorId}'`)(pool);
  }),
  reads(inbox.inboxAllStatement, inboxRow, listed("all", "seen_turn = 0")),
  reads(inbox.inboxClosedStatement, inboxRow, listed("closed", "closed_at = now()")),
  reads(inbox.inboxFoundStatement, inboxRow, async (pool) => {
    const { conversationId, siteId } = await startNoted(pool);
    await inbox.readInboxEntries(pool, { siteId, ids: [conversationId] });
  }),
  reads(
    inbox.inboxCountsStatement,
    z.strictObject({ waiting: z.int(), mine: z.int(), all: z.int(), closed: z.int() }),
    (pool) => inbox.countInbox(pool, defaultSite, v7()),
  ),
  reads(
    log.inboxPageStatement,
    z.strictObject({
      pos: z.int(),
      conversationId: z.uuid(),
      seq: z.int(),
      kind: z.enum(["message", "job", "handling", "notice", "action", "deleted"]),
      jobId: z.uuid().nullable(),
      status: jobStatus.nullable(),
      handledBy: handledBy.nullable(),
      operatorId: z.uuid().nullable(),
      notice: noticeCode.nullable(),
      at: z.date(),
      message: messageInJson.nullable(),
      operator: operatorName.nullable(),
      waitingSince: z.date().nullable(),
      action: actionCard.nullable(),
      locale: z.string().nullable(),
    }),
    async (pool) => {
      await startNoted(pool);
      await numberEvents(pool);
      await log.readInboxPage(pool, { siteId: defaultSite, after: 0, upTo: 1_000_000 });
    },
  ),
  reads(log.logEndsStatement, z.strictObject({ oldest: z.int().nullable(), newest: z.int() }), log.readLogEnds),
];

/** Statements of the operators' desk. */
export const deskCases: StatementCase[] = [...accessCases, ...conversationCases, ...inboxCases];
