import { z } from "zod";
import { actionCard } from "./actions/action-card.ts";
import { channel, cursor, message } from "./conversation.ts";
import { conversationEventData } from "./events.ts";
import { expected, handledBy, handling } from "./handling.ts";
import { jobErrorCode, jobStatus } from "./job.ts";
import { pageLimit } from "./page-limit.ts";
import { givenStretchRating } from "./people/stretch-rating.ts";
import { messageText } from "./submit.ts";

/** The operators' part of the contract: `/api/operator/*`. */

/** `reader` changes nothing; `admin` may also take a conversation from a colleague. */
export const operatorRole = z.enum(["admin", "operator", "reader"]);
export type OperatorRole = z.output<typeof operatorRole>;

/** An operator as colleagues see them. */
export const colleague = z
  .object({
    id: z.uuid(),
    name: z.string(),
    avatarUrl: z.url().optional(),
    role: operatorRole,
    online: z.boolean(),
    email: z.string().optional().meta({ description: "Address of the account: one's own, and for admins everyone's" }),
    twoFactor: z.boolean().optional().meta({ description: "Where there is an `email`: a second factor is set up" }),
  })
  .meta({ id: "Colleague" });
export type Colleague = z.output<typeof colleague>;

export const operatorList = z.object({ operators: z.array(colleague) }).meta({ id: "OperatorList" });

export const presenceRequest = z.object({ state: z.enum(["online", "away"]) }).meta({ id: "PresenceRequest" });

const maxInboxPage = 100;
const defaultInboxPage = 50;
export const inboxView = z.enum(["waiting", "mine", "all", "closed"]);
export type InboxView = z.output<typeof inboxView>;

export const inboxQuery = z.object({
  view: inboxView.default("all"),
  limit: pageLimit(maxInboxPage, defaultInboxPage),
  before: z.string().max(100).optional(),
});

export const inboxEntry = z
  .object({
    id: z.uuid(),
    handledBy,
    operator: z.object({ id: z.uuid(), name: z.string() }).optional().meta({ description: "Who has it" }),
    waitingSince: z.iso
      .datetime()
      .optional()
      .meta({ description: "Since when the visitor waits for the first words of a person" }),
    closedAt: z.iso.datetime().optional(),
    blocked: z.literal(true).optional(),
    channel: channel.meta({
      description: "Front end that it was begun in; of the widget and other clients, as far as its metadata tells",
    }),
    assistantType: z.string(),
    verifiedVisitor: z.boolean(),
    metadata: z.record(z.string(), z.string()),
    lastMessage: message.pick({ id: true, sender: true, text: true, timestamp: true }).optional().meta({
      description: "Its text is cut after 200 characters",
    }),
    unseen: z.boolean().meta({ description: "The visitor wrote since an operator last looked" }),
    unread: z.int().optional().meta({
      description: "Messages of the visitor since the operator who has it has looked; 100 stands for more, too",
    }),
    activeJobId: z.uuid().nullable(),
    updatedAt: z.iso.datetime(),
  })
  .meta({ id: "InboxEntry" });
export type InboxEntry = z.output<typeof inboxEntry>;

export const inbox = z
  .object({
    conversations: z.array(inboxEntry),
    cursor: z.string().meta({ description: "Pass it to the inbox's event stream as `after`" }),
    nextBefore: z.string().optional().meta({ description: "There are more: pass it as `before`" }),
    counts: z
      .object({ waiting: z.int(), mine: z.int(), all: z.int(), closed: z.int() } satisfies Record<InboxView, z.ZodInt>)
      .meta({ description: "Conversations of each view; 100 stands for more, too" }),
  })
  .meta({ id: "Inbox" });
export type Inbox = z.output<typeof inbox>;

const stretch = z
  .object({
    no: z.int(),
    handledBy,
    operator: z.string().optional(),
    reason: z.string().optional(),
    beganAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
    rated: givenStretchRating.optional().meta({ description: "How it went, as the visitor said" }),
  })
  .meta({ id: "Stretch" });

export const operatorNote = z
  .object({ id: z.uuid(), operator: z.string(), text: z.string(), createdAt: z.iso.datetime() })
  .meta({ id: "Note" });
export type NoteView = z.output<typeof operatorNote>;

const maxNoteChars = 10_000;
export const noteRequest = z.object({ text: messageText(maxNoteChars) }).meta({ id: "NoteRequest" });

export const seenRequest = z
  .object({
    messageId: z
      .uuid("must be a message's id")
      .optional()
      .meta({ description: "The newest message that was seen; without it, all have been" }),
  })
  .meta({ id: "SeenRequest" });

export const lookRequest = z
  .object({ looks: z.boolean().meta({ description: "It holds for 25 s; `false`: you look no more" }) })
  .meta({ id: "LookRequest" });

export const lookAnswer = z
  .object({
    others: z
      .array(z.object({ id: z.uuid(), name: z.string() }))
      .meta({ description: "Colleagues who look at it, too" }),
  })
  .meta({ id: "LookAnswer" });
export type LookAnswer = z.output<typeof lookAnswer>;

const job = z.object({
  jobId: z.uuid(),
  messageId: z.uuid(),
  status: jobStatus,
  handledBy: handledBy.optional(),
  assistantType: z.string(),
  provider: z.string().optional(),
  error: jobErrorCode.optional(),
  attempt: z.int(),
  createdAt: z.iso.datetime(),
  startedAt: z.iso.datetime().optional(),
  finishedAt: z.iso.datetime().optional(),
  passages: z.int().optional().meta({ description: "Number of passages that its last attempt was made from" }),
  costUsd: z.number().nullable(),
});

/** `GET /api/operator/conversations/:id`. */
export const operatorConversation = inboxEntry
  .omit({ lastMessage: true, unseen: true, unread: true })
  .extend({
    expected: expected.optional(),
    emailLeft: z.boolean().meta({ description: "The visitor left an address for the answer" }),
    messages: z.array(message),
    nextBefore: z.uuid().optional(),
    stretches: z.array(stretch),
    notes: z.array(operatorNote),
    jobs: z.array(job),
    actions: z.array(actionCard).optional().meta({ description: "Actions proposed in it, oldest first" }),
    cursor,
  })
  .meta({ id: "OperatorConversation" });
export type OperatorConversation = z.output<typeof operatorConversation>;

const maxOperatorChars = 10_000;
export const operatorMessageRequest = z
  .object({ text: messageText(maxOperatorChars).meta({ description: `1 to ${maxOperatorChars} characters` }) })
  .meta({ id: "OperatorMessageRequest" });
export const takeRequest = z.object({ force: z.boolean().default(false) }).meta({ id: "TakeRequest" });
export const releaseRequest = z.object({ to: z.enum(["ai", "queue"]) }).meta({ id: "ReleaseRequest" });
export const assignRequest = z
  .object({
    operatorId: z.uuid("must be an operator's id"),
    note: messageText(maxNoteChars)
      .optional()
      .meta({
        description: `1 to ${maxNoteChars} characters for colleagues: kept as a note if the conversation is given away`,
      }),
  })
  .meta({ id: "AssignRequest" });

/** Answer of each change of a conversation. */
export const operatorAnswer = handling.extend({ cursor }).meta({ id: "OperatorAnswer" });
export type OperatorAnswer = z.output<typeof operatorAnswer>;

export const operatorMessageAnswer = z.object({ message, cursor }).meta({ id: "OperatorMessageAnswer" });

const inConversation = { conversationId: z.uuid() };

/** The events of `GET /api/operator/inbox/events`: those of all conversations, with the conversation's id. */
export const inboxEventData = {
  message: conversationEventData.message.extend(inConversation).meta({ id: "InboxMessageEvent" }),
  job: conversationEventData.job.extend(inConversation).meta({ id: "InboxJobEvent" }),
  handling: conversationEventData.handling
    .extend({ ...inConversation, operatorId: z.uuid().optional(), waitingSince: z.iso.datetime().optional() })
    .meta({ id: "InboxHandlingEvent" }),
  notice: conversationEventData.notice.extend(inConversation).meta({ id: "InboxNoticeEvent" }),
  action: conversationEventData.action.extend(inConversation).meta({ id: "InboxActionEvent" }),
  deleted: conversationEventData.deleted.extend(inConversation).meta({ id: "InboxDeletedEvent" }),
  typing: z.object({ ...inConversation, by: z.enum(["user", "operator"]), name: z.string().optional() }).meta({
    id: "InboxTypingEvent",
  }),
  resync: z
    .object({ cursor: z.string().meta({ description: "Read the inbox again; the stream goes on from here" }) })
    .meta({ id: "InboxResyncEvent" }),
  wait: conversationEventData.wait,
} as const;

type InboxEventName = keyof typeof inboxEventData;
export type InboxEvent = {
  [Name in InboxEventName]: { event: Name; data: z.output<(typeof inboxEventData)[Name]>; id?: string };
}[InboxEventName];
