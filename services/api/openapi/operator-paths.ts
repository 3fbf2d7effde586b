import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject } from "zod-openapi";
import { historyQuery } from "../../../shared/protocol/conversation.ts";
import { timeline } from "../../../shared/protocol/job.ts";
import { operatorJob } from "../../../shared/protocol/knowledge/retrieved-passage.ts";
import {
  colleague,
  inbox,
  inboxEventData,
  inboxQuery,
  lookAnswer,
  lookRequest,
  operatorNote,
  noteRequest,
  operatorAnswer,
  operatorConversation,
  operatorList,
  presenceRequest,
  seenRequest,
} from "../../../shared/protocol/operator.ts";
import { cannedReplies, cannedReply, cannedReplyRequest } from "../../../shared/protocol/people/canned-replies.ts";
import { report, reportQuery } from "../../../shared/protocol/people/report.ts";
import { foundPage, searchQuery } from "../../../shared/protocol/people/search.ts";
import { idempotencyKey } from "../../../shared/protocol/submit.ts";
import { conversationStream, fromCursor } from "./conversation-paths.ts";
import { jobStream } from "./message-paths.ts";
import * as part from "./parts.ts";

/** Paths of the operators' side of the API. */
export function operatorPaths(): ZodOpenApiPathsObject {
  return {
    "/api/operator/me": { get: readMe },
    "/api/operator/operators": { get: readOperators },
    "/api/operator/presence": { put: setPresence },
    "/api/operator/canned-replies": { get: readCannedReplies },
    "/api/operator/canned-replies/{shortcut}": { put: putCannedReply, delete: removeCannedReply },
    "/api/operator/reports": { get: readReport },
    "/api/operator/inbox": { get: readInbox },
    "/api/operator/inbox/events": { get: followInbox },
    "/api/operator/search": { get: searchSite },
    "/api/operator/conversations/{id}": { get: readConversation },
    "/api/operator/conversations/{id}/events": { get: followConversation },
    "/api/operator/conversations/{id}/notes": { post: addNote },
    "/api/operator/conversations/{id}/seen": { post: markSeen },
    "/api/operator/conversations/{id}/look": { post: sayLook },
    "/api/operator/conversations/{id}/typing": { post: sayTyping },
    "/api/operator/conversations/{id}/block": {
      post: change("blockVisitor", "Refuse further messages of a visitor: all of theirs, if they are verified"),
    },
    "/api/operator/conversations/{id}/unblock": {
      post: change("unblockVisitor", "Take a visitor's messages again"),
    },
    "/api/operator/jobs/{jobId}": { get: readJob },
    "/api/operator/jobs/{jobId}/events": { get: followJob },
    "/api/operator/jobs/{jobId}/timeline": { get: readTimeline },
  };
}

const common = { tags: ["Desk"], security: part.asOperatorOfApi };
const problems = part.problems(...part.operatorProblems);
const problemsOfChange = part.problems(...part.operatorProblems, ...part.bodyProblems);

const readMe: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readMe",
  summary: "The operator behind these credentials",
  responses: { "200": part.json("With the role that the credentials give", colleague), ...problems },
};

const readOperators: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readOperators",
  summary: "All operators of the site, by name",
  responses: { "200": part.json("Operators, and who is there", operatorList), ...problems },
};

const setPresence: ZodOpenApiOperationObject = {
  ...common,
  operationId: "setPresence",
  summary: "Say that you are there, or away",
  description: "`online` holds for 150 s: say it again once a minute. While anybody is there, visitors are told so.",
  requestBody: { required: true, content: { "application/json": { schema: presenceRequest } } },
  responses: { "204": part.empty("Noted"), ...problemsOfChange },
};

const readCannedReplies: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readCannedReplies",
  summary: "Texts that operators send often, by shortcut",
  responses: { "200": part.json("All of the site", cannedReplies), ...problems },
};

const ofShortcut = {
  path: z.object({
    shortcut: z.string().meta({ description: "1 to 40 letters, digits, - or _; lower and upper case are the same" }),
  }),
};

const putCannedReply: ZodOpenApiOperationObject = {
  ...common,
  operationId: "putCannedReply",
  summary: "Add a canned reply, or replace its text",
  requestParams: ofShortcut,
  requestBody: { required: true, content: { "application/json": { schema: cannedReplyRequest } } },
  responses: { "200": part.json("As it is stored", cannedReply), ...problemsOfChange },
};

const removeCannedReply: ZodOpenApiOperationObject = {
  ...common,
  operationId: "removeCannedReply",
  summary: "Remove a canned reply",
  requestParams: ofShortcut,
  responses: { "204": part.empty("It is gone, or was not there"), ...problems },
};

const readReport: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readReport",
  summary: "What happened in a span of days",
  description:
    "Counted from what is stored, by day and for the whole: messages and who answered them, waits, handoffs and how soon a person wrote, " +
    "ratings, cost. A year at most. `format=csv` gives a line for each day.",
  requestParams: { query: reportQuery },
  responses: {
    "200": {
      description: "The report",
      content: { "application/json": { schema: report }, "text/csv": { schema: z.string() } },
    },
    ...problems,
  },
};

const readInbox: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readInbox",
  summary: "Conversations of the site",
  description:
    "`waiting`: visitors who wait for a person, the longest wait first; `mine`: those this operator has; `all`; `closed`. The " +
    "newest first, but for `waiting`. What comes while a list is read page by page is on the stream, from the `cursor` of the " +
    "first page on.",
  requestParams: { query: inboxQuery },
  responses: { "200": part.json("One page", inbox), ...problems },
};

const searchSite: ZodOpenApiOperationObject = {
  ...common,
  operationId: "searchConversations",
  summary: "Search all conversations of the site",
  description:
    "By a text, an id, or for trouble, the newest first, 50 at once. An id finds its conversation alone. A text is looked for in the " +
    "newest 200,000 messages, and without a `filter` on the first page in the metadata of the newest 50,000 conversations, too. With " +
    "both, the reply to the message that has the text, or the message itself, meets the filter.",
  requestParams: { query: searchQuery },
  responses: { "200": part.json("One page", foundPage), ...problems },
};

const inboxStream = z.string().meta({
  description:
    "Server-sent events of all conversations, as on a conversation's stream, with `conversationId`; their ids are cursors of the " +
    "log of all conversations. At least once, in order. `typing` has no id and may be lost. `resync`: the cursor cannot be " +
    "honoured, read the inbox again. Heartbeats and `wait` are as on a job's stream",
  ...part.eventsOf(inboxEventData),
  example:
    'id: 412-9c1f03ab\nevent: job\ndata: {"jobId":"…","status":"completed","conversationId":"…","seq":4,"at":"…"}\n\n',
});

const followInbox: ZodOpenApiOperationObject = {
  ...common,
  operationId: "followInbox",
  summary: "Follow all conversations of the site as it happens",
  requestParams: {
    header: fromCursor.header,
    query: fromCursor.query.extend({
      after: z
        .string()
        .optional()
        .meta({ description: "The `cursor` of the inbox, to go on from there; absent: from now" }),
    }),
  },
  responses: { "200": stream(inboxStream), ...problems },
};

const ofConversation = { path: z.object({ id: part.conversationId }) };

const readConversation: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readConversationAsOperator",
  summary: "A conversation with its newest 50 messages, its notes, jobs and history",
  description: "All of one moment, that of its `cursor`. Each reading is logged with the operator's name.",
  requestParams: { ...ofConversation, query: historyQuery },
  responses: { "200": part.json("The conversation", operatorConversation), ...problems },
};

const followConversation: ZodOpenApiOperationObject = {
  ...common,
  operationId: "followConversationAsOperator",
  summary: "Follow a conversation as it happens",
  requestParams: { ...ofConversation, ...fromCursor },
  responses: {
    "200": stream(conversationStream),
    "204": part.empty("The last id is `end`: there is nothing more to come"),
    ...problems,
  },
};

const addNote: ZodOpenApiOperationObject = {
  ...common,
  operationId: "addNote",
  summary: "Leave a note for colleagues",
  description: "It reaches neither the visitor nor the assistant, and is erased with the conversation.",
  requestParams: { ...ofConversation, header: z.object({ "Idempotency-Key": idempotencyKey }) },
  requestBody: { required: true, content: { "application/json": { schema: noteRequest } } },
  responses: { "201": part.json("The note", operatorNote), ...problemsOfChange },
};

const markSeen: ZodOpenApiOperationObject = {
  ...change("markSeen", "Note that the visitor's messages were seen"),
  requestBody: { required: false, content: { "application/json": { schema: seenRequest } } },
};

const sayLook: ZodOpenApiOperationObject = {
  ...common,
  operationId: "sayLook",
  summary: "Show colleagues that you look at a conversation, and see who else does",
  description: "It holds for 25 s: say it again every ten seconds. No line of the audit tells of it.",
  requestParams: ofConversation,
  requestBody: { required: true, content: { "application/json": { schema: lookRequest } } },
  responses: { "200": part.json("Who else looks at it", lookAnswer), ...problemsOfChange },
};

/** Describes a change that takes no body. */
function change(operationId: string, summary: string): ZodOpenApiOperationObject {
  return {
    ...common,
    operationId,
    summary,
    requestParams: ofConversation,
    responses: {
      "200": part.json("It is so now, or has been", operatorAnswer),
      ...part.problems(...part.operatorProblems, "origin-not-allowed"),
    },
  };
}

const sayTyping: ZodOpenApiOperationObject = {
  ...common,
  operationId: "sayTypingAsOperator",
  summary: "Show the visitor that you are typing",
  description: "It holds for 6 s, and may be lost. More than one in 3 s changes nothing.",
  requestParams: ofConversation,
  responses: {
    "204": part.empty("Said, or said just now"),
    ...part.problems(...part.operatorProblems, "origin-not-allowed"),
  },
};

const ofJob = { path: z.object({ jobId: part.jobId }) };

const readJob: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readJobAsOperator",
  summary: "How a job stands, and the passages that its reply was made from",
  requestParams: { ...ofJob, header: z.object({ Prefer: part.preferWait }) },
  responses: { "200": part.json("The job", operatorJob, "Retry-After", "Preference-Applied"), ...problems },
};

const followJob: ZodOpenApiOperationObject = {
  ...common,
  operationId: "followJobAsOperator",
  summary: "Follow a job as it happens",
  requestParams: { ...ofJob, header: fromCursor.header },
  responses: {
    "200": stream(jobStream),
    "204": part.empty("The last id is `end`: there is nothing more to come"),
    ...problems,
  },
};

const readTimeline: ZodOpenApiOperationObject = {
  ...common,
  operationId: "readTimelineAsOperator",
  summary: "What happened to a job, and when",
  requestParams: ofJob,
  responses: { "200": part.json("Its timeline", timeline), ...problems },
};

function stream(schema: z.ZodType) {
  return { description: "The stream", headers: part.headers(), content: { "text/event-stream": { schema } } };
}
