import * as shop from "./shop.ts";

const { ids, times, startCursor: cursor, metadata } = shop;

const owner = { id: ids.operator, name: shop.operator.name };
const mia = { ...owner, role: "operator", online: true, email: "mia@example.com", twoFactor: true };
const canned = { shortcut: "thanks", text: "Thank you for your patience." };
const note = {
  id: ids.other,
  operator: shop.operator.name,
  text: "The parcel was sent back: see the ticket.",
  createdAt: times.later,
};
const taken = { "200": { ...shop.byOperator, cursor } };
const given = { "200": { ...shop.byAssistant, cursor } };

const shared = {
  id: ids.conversation,
  handledBy: "operator",
  operator: owner,
  channel: "widget",
  assistantType: "default",
  verifiedVisitor: false,
  metadata,
  activeJobId: null,
  updatedAt: times.answered,
};
const entry = { ...shared, lastMessage: shop.question, unseen: true, unread: 1 };

const figures = {
  messages: 40,
  byAssistant: 33,
  byPeople: 5,
  apologies: 1,
  unanswered: 1,
  waitP50: 0.9,
  waitP95: 2.4,
  handoffs: 6,
  handoffsByReason: { asked: 6 },
  handoffsMet: 5,
  firstReplyP50: 48,
  firstReplyP95: 170,
  ratingsAsked: 5,
  good: 3,
  bad: 1,
  up: 9,
  down: 2,
  costUsd: 0.31,
};
const suggestion = { id: ids.other, status: "writing" };

/** Answers to people who answer beside the AI. */
export const deskAnswers: shop.AnswerExamples = {
  readMe: { "200": mia },
  readOperators: { "200": { operators: [mia] } },
  readCannedReplies: { "200": { replies: [canned] } },
  putCannedReply: { "200": canned },
  readReport: {
    "200": {
      from: "2026-11-30",
      to: "2026-11-30",
      zone: "Europe/Berlin",
      total: figures,
      days: [{ ...figures, day: "2026-11-30" }],
    },
  },
  readInbox: { "200": { conversations: [entry], cursor, counts: { waiting: 0, mine: 1, all: 12, closed: 100 } } },
  searchConversations: {
    "200": { conversations: [{ ...entry, match: { excerpt: shop.question.text } }] },
  },
  readConversationAsOperator: {
    "200": {
      ...shared,
      emailLeft: false,
      messages: shop.messages,
      stretches: [{ no: 1, handledBy: "ai", beganAt: times.asked }],
      notes: [note],
      jobs: [
        {
          jobId: ids.job,
          messageId: ids.question,
          status: "completed",
          handledBy: "ai",
          assistantType: "default",
          provider: "openai",
          attempt: 1,
          createdAt: times.asked,
          startedAt: times.begun,
          finishedAt: times.answered,
          passages: 1,
          costUsd: shop.endedJob.usage.costUsd,
        },
      ],
      cursor,
    },
  },
  addNote: { "201": note },
  markSeen: taken,
  sayLook: { "200": { others: [{ id: ids.colleague, name: "Jonas" }] } },
  blockVisitor: taken,
  unblockVisitor: taken,
  takeConversation: taken,
  assignConversation: taken,
  releaseConversation: given,
  closeConversation: given,
  sayAsOperator: {
    "201": {
      message: {
        id: ids.other,
        text: "I am looking at your order now.",
        sender: "operator",
        operator: shop.operator,
        timestamp: Date.parse(times.later),
      },
      cursor,
    },
  },
  suggestReply: { "201": suggestion },
  readSuggestion: {
    "200": { ...suggestion, status: "done", text: shop.endedJob.reply.text, sources: [shop.citation] },
  },
  readJobAsOperator: {
    "200": {
      ...shop.endedJob,
      passages: [{ no: 1, title: "Returns", url: shop.returnsUrl, heading: "Returns", cited: true, removed: false }],
    },
  },
  readTimelineAsOperator: { "200": shop.jobTimeline },
};
