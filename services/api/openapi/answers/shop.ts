/** Parts of several answers: a day in a shop for teapots. */

/** JSON of an answer by operation and status. A test validates each by the schema that describes the answer. */
export type AnswerExamples = Record<string, Record<string, object>>;

export const ids = {
  conversation: "0190a7e4-7c1b-7d3e-9f52-0a1b2c3d4e5f",
  question: "0190a7e4-7c1c-7a10-8b1d-3c5e7f901234",
  job: "0190a7e4-7c1d-7b21-9c2e-4d6f8a012345",
  reply: "0190a7e4-9a3e-7c32-8d3f-5e7a9b123456",
  action: "0190a7e4-9a3f-7d43-9e4a-6f8bac234567",
  operator: "0190a001-1111-7e54-8f5b-7a9cbd345678",
  colleague: "0190a001-2222-7f65-9a6c-8badce456789",
  source: "0190a002-3333-7a76-8b7d-9cbedf56789a",
  document: "0190a002-4444-7b87-9c8e-adcfe06789ab",
  other: "0190a7e5-5555-7c98-8d9f-bed0f1789abc",
};

export const times = {
  asked: "2026-11-30T10:00:00.000Z",
  begun: "2026-11-30T10:00:00.040Z",
  answered: "2026-11-30T10:00:03.200Z",
  later: "2026-11-30T10:05:00.000Z",
};

export const startCursor = "4-0d6f3a52";
export const token = "token-of-the-conversation";
export const metadata = { page: "/orders" };
export const operator = { name: "Mia" };
export const byAssistant = { handledBy: "ai" };
export const byOperator = { handledBy: "operator", operator };

const replyText = "You may send a teapot back for 30 days.";
export const quotedText = "You may send things back for 30 days.";
export const returnsUrl = "https://example.com/help/returns";
export const citation = { n: 1, title: "Returns", url: returnsUrl, quote: quotedText, start: 0, end: replyText.length };

export const question = {
  id: ids.question,
  text: "Can I send a teapot back?",
  sender: "user",
  timestamp: Date.parse(times.asked),
};
const written = { id: ids.reply, text: replyText, sender: "ai", timestamp: Date.parse(times.answered) };
const ending = { finishReason: "stop", sources: [citation] };
export const messages = [question, { ...written, ...ending }];

export const queuedJob = {
  jobId: ids.job,
  conversationId: ids.conversation,
  messageId: ids.question,
  status: "queued",
  attempt: 0,
  createdAt: times.asked,
};
export const endedJob = {
  ...queuedJob,
  status: "completed",
  attempt: 1,
  reply: { ...written, fallback: false, ...ending },
  handledBy: "ai",
  provider: "openai",
  usage: { inputTokens: 812, outputTokens: 14, costUsd: 0.0004 },
  startedAt: times.begun,
  finishedAt: times.answered,
};
export const jobTimeline = {
  jobId: ids.job,
  status: "completed",
  events: [
    { at: times.asked, event: "accepted" },
    { at: times.asked, event: "queued" },
    { at: times.begun, event: "started", attempt: 1 },
    { at: times.answered, event: "stored", attempt: 1 },
    { at: times.answered, event: "ended" },
  ],
};
