import * as shop from "./shop.ts";

const { ids, times, startCursor: cursor, token, metadata } = shop;

const submitted = {
  jobId: ids.job,
  status: "queued",
  conversationId: ids.conversation,
  sessionId: ids.conversation,
  messageId: ids.question,
  token,
  cursor,
  ...shop.byAssistant,
  links: {
    job: `/api/jobs/${ids.job}`,
    events: `/api/jobs/${ids.job}/events`,
    conversation: `/api/conversations/${ids.conversation}`,
  },
};
const cancelledError = { code: "cancelled", message: "The answer was stopped." };

/** Answers to visitors, and to whoever embeds the chat. */
export const visitorAnswers: shop.AnswerExamples = {
  sendMessage: {
    "200": {
      ...submitted,
      status: "completed",
      message: shop.endedJob.reply.text,
      reply: shop.endedJob.reply.text,
      sources: [shop.citation],
      provider: "openai",
    },
    "202": submitted,
  },
  answerAction: { "200": { ...submitted, status: "completed" }, "202": submitted },
  readJob: { "200": shop.endedJob },
  stopJob: {
    "200": { ...shop.queuedJob, status: "cancelled", error: cancelledError, finishedAt: times.begun },
    "202": { ...shop.queuedJob, status: "active", attempt: 1, startedAt: times.begun },
  },
  readTimeline: { "200": shop.jobTimeline },
  readHistory: {
    "200": { sessionId: ids.conversation, messages: shop.messages, cursor, ...shop.byAssistant },
  },
  readConversation: {
    "200": {
      id: ids.conversation,
      sessionId: ids.conversation,
      assistantType: "default",
      provider: "openai",
      threadId: null,
      createdAt: times.asked,
      updatedAt: times.answered,
      messageCount: 2,
      activeJobId: null,
      metadata,
      cursor,
      ...shop.byAssistant,
      messages: shop.messages,
    },
  },
  exportConversation: { "200": exported() },
  listConversations: {
    "200": {
      conversations: [
        {
          id: ids.conversation,
          assistantType: "default",
          createdAt: times.asked,
          updatedAt: times.answered,
          messageCount: 2,
          preview: shop.endedJob.reply.text,
        },
      ],
    },
  },
  askForPerson: {
    "200": {
      handledBy: "waiting",
      expected: { state: "now", emailAsked: false },
      cursor,
      notice: { code: "waiting", text: "A person will be with you soon." },
    },
  },
  backToAssistant: { "200": { ...shop.byAssistant, cursor } },
  openByMail: { "200": { conversationId: ids.conversation, assistantType: "default", token } },
  callMcp: {
    "200": { jsonrpc: "2.0", id: 1, result: { content: [{ type: "text", text: shop.quotedText }] } },
  },
};

function exported() {
  const said = { operator: null, imported: false, fallback: false, replaces: null, feedback: null };
  const { text } = shop.endedJob.reply;
  return {
    exportedAt: times.later,
    conversation: {
      id: ids.conversation,
      assistantType: "default",
      provider: null,
      metadata,
      thread: null,
      verifiedVisitor: false,
      handledBy: "ai",
      email: null,
      stretchRatings: [],
      actions: [],
      messageCount: 2,
      createdAt: times.asked,
      updatedAt: times.answered,
    },
    messages: [
      {
        ...said,
        id: ids.question,
        turn: 1,
        sender: "user",
        text: shop.question.text,
        createdAt: times.asked,
        finishReason: null,
        sources: null,
      },
      {
        ...said,
        id: ids.reply,
        turn: 1,
        sender: "ai",
        text,
        createdAt: times.answered,
        finishReason: "stop",
        sources: [shop.citation],
      },
    ],
    jobs: [],
  };
}
