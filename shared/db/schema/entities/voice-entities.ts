import { defineEntity, p } from "@mikro-orm/core";
import type { HandledBy, HandoffReason } from "../../../protocol/handling.ts";
import type { ReplySourceView } from "../../../protocol/knowledge/reply-source.ts";
import type { StretchRating } from "../../../protocol/people/stretch-rating.ts";
import type { OperatorRole } from "../../../protocol/operator.ts";
import type { HoursText } from "../../../protocol/people/hours.ts";
import type { SuggestionError } from "../../../protocol/people/suggestions.ts";
import { defaultSite } from "../../../sites/default-site.ts";
import { Conversation } from "./conversation-entities.ts";
import { byHand, bytes, time } from "./entity-columns.ts";

/** Tables about people beside the AI. See `entities.ts`. */

const roles = "role in ('admin', 'operator', 'reader')";

/** A person of the site's team. Rows stay: a name stands in history. */
export const Operator = defineEntity({
  name: "Operator",
  tableName: "operators",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    name: p.text(),
    avatarUrl: p.text().nullable(),
    role: p.text().$type<OperatorRole>(),
    /** Until when the operator counts as online. */
    presentUntil: time().nullable(),
    leftAt: time().nullable(),
    createdAt: time().defaultRaw("now()"),
    /** Address to sign in with, in lower case; null without an account. */
    email: p.text().nullable(),
    emailVerified: p.boolean().default(false),
    twoFactorEnabled: p.boolean().default(false),
    updatedAt: time().defaultRaw("now()"),
  },
  indexes: [
    {
      name: "operators_by_name",
      expression: byHand(
        `create unique index "operators_by_name" on "operators" ("site_id", "name") where ("left_at" is null)`,
      ),
    },
    {
      name: "operators_by_email",
      expression: byHand(
        `create unique index "operators_by_email" on "operators" ("site_id", "email") where ("left_at" is null and "email" is not null)`,
      ),
    },
  ],
  checks: [{ name: "operators_role", expression: roles }],
});

/** A key of an operator for programs. The key itself is not kept. */
const OperatorKey = defineEntity({
  name: "OperatorKey",
  tableName: "operator_keys",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    operator: () => p.manyToOne(Operator).deleteRule("cascade").updateRule("no action"),
    /** SHA-256 of the key. */
    keyHash: bytes().unique("operator_keys_key_hash_unique"),
    role: p.text().$type<OperatorRole>(),
    createdAt: time().defaultRaw("now()"),
    endsAt: time(),
    revokedAt: time().nullable(),
  },
  checks: [{ name: "operator_keys_role", expression: roles }],
});

/** `no-reply`: an operator wrote nothing. `nobody`: no operator came. `silence`: neither side wrote for long. */
type StretchReason =
  | HandoffReason
  | "taken"
  | "assigned"
  | "released"
  | "closed"
  | "withdrawn"
  | "no-reply"
  | "nobody"
  | "silence";

/** A period in which one side answered a conversation. */
const Stretch = defineEntity({
  name: "Stretch",
  tableName: "stretches",
  properties: {
    conversationId: p.uuid().primary(),
    no: p.integer().primary(),
    siteId: p.text().default(defaultSite),
    handledBy: p.text().$type<HandledBy>(),
    operatorId: p.uuid().nullable(),
    /** Why it began. */
    reason: p.text().$type<StretchReason>().nullable(),
    beganAt: time().defaultRaw("now()"),
    endedAt: time().nullable(),
    /** True if the visitor is asked how it went: a person wrote, and the AI followed. */
    ratingAsked: p.boolean().default(false),
    /** Null without an answer, and once the visitor does not want to say. */
    rating: p.text().$type<StretchRating>().nullable(),
    comment: p.text().nullable(),
    /** Time of the answer, `none` included. */
    ratedAt: time().nullable(),
  },
  checks: [
    { name: "stretches_handled_by", expression: "handled_by in ('ai', 'waiting', 'operator')" },
    { name: "stretches_rating", expression: "rating in ('good', 'bad')" },
  ],
});

/** Remark of an operator about a conversation, for colleagues. */
const Note = defineEntity({
  name: "Note",
  tableName: "notes",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    conversationId: p.uuid(),
    operatorId: p.uuid().nullable(),
    text: p.text(),
    createdAt: time().defaultRaw("now()"),
  },
  indexes: [{ name: "notes_of_conversation", properties: ["conversationId", "createdAt"] }],
});

/** Place to which an operator has seen a conversation, and whether they look at it now. */
const ConversationLook = defineEntity({
  name: "ConversationLook",
  tableName: "conversation_looks",
  properties: {
    conversation: () => p.manyToOne(Conversation).primary().deleteRule("cascade").updateRule("no action"),
    operatorId: p.uuid().primary(),
    /** Last turn that they have seen. */
    seenTurn: p.integer().default(0),
    /** Until when they count as looking at it. Null: they said that they look no more. */
    looksUntil: time().nullable(),
  },
});

/** Text that operators send often. */
const CannedReply = defineEntity({
  name: "CannedReply",
  tableName: "canned_replies",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    shortcut: p.text().primary(),
    text: p.text(),
    /** Its last author. */
    operatorId: p.uuid().nullable(),
    updatedAt: time().defaultRaw("now()"),
  },
});

/** Switch that pauses the AI of an assistant; without a row it answers. */
const AssistantPause = defineEntity({
  name: "AssistantPause",
  tableName: "assistant_pauses",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    assistantType: p.text().primary(),
    /** Person who paused it. */
    operatorId: p.uuid().nullable(),
    pausedAt: time().defaultRaw("now()"),
  },
});

/** Hours that were set in the console; without a row those of the file count. */
const SiteHoursEntity = defineEntity({
  name: "SiteHours",
  tableName: "site_hours",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    hours: p.json<HoursText>(),
    /** Person who set them. */
    operatorId: p.uuid().nullable(),
    changedAt: time().defaultRaw("now()"),
  },
});

/** Draft of an answer that an operator asked the assistant for. Kept for minutes; it is no message. */
const Suggestion = defineEntity({
  name: "Suggestion",
  tableName: "suggestions",
  properties: {
    id: p.uuid().primary(),
    siteId: p.text().default(defaultSite),
    conversationId: p.uuid(),
    operatorId: p.uuid(),
    state: p.text().$type<"asked" | "claimed" | "done" | "failed">().default("asked"),
    text: p.text().nullable(),
    sources: p.json<ReplySourceView[]>().nullable(),
    errorCode: p.text().$type<SuggestionError>().nullable(),
    askedAt: time().defaultRaw("now()"),
    /** When it counts as lost, unless it has ended. */
    expiresAt: time(),
  },
  indexes: [
    {
      name: "suggestions_asked",
      expression: byHand(`create index "suggestions_asked" on "suggestions" ("asked_at") where ("state" = 'asked')`),
    },
    { name: "suggestions_of_conversation", properties: ["conversationId"] },
  ],
  checks: [{ name: "suggestions_state", expression: "state in ('asked', 'claimed', 'done', 'failed')" }],
});

/** A verified visitor whose messages are refused. */
const BlockedVisitor = defineEntity({
  name: "BlockedVisitor",
  tableName: "blocked_visitors",
  properties: {
    siteId: p.text().default(defaultSite).primary(),
    visitorHash: bytes().primary(),
    operatorId: p.uuid().nullable(),
    blockedAt: time().defaultRaw("now()"),
  },
});

export const voices = [
  Operator,
  OperatorKey,
  Stretch,
  Note,
  ConversationLook,
  CannedReply,
  AssistantPause,
  SiteHoursEntity,
  Suggestion,
  BlockedVisitor,
];
