import * as shop from "./shop.ts";

const { ids, times } = shop;

const source = {
  id: ids.source,
  kind: "page",
  url: shop.returnsUrl,
  refreshHours: 24,
  status: "ready",
  documentCounts: { pending: 0, ready: 1, left_out: 0, gone: 0 },
  lookedAt: times.asked,
  dueAt: "2026-12-01T10:00:00.000Z",
  createdAt: times.asked,
};
const added = { id: ids.source, status: "pending" };
const up = { status: "up", latencyMs: 1.2 };
const health = {
  status: "healthy",
  timestamp: times.later,
  uptime: 86_400,
  memory: { rssMb: 142, heapUsedMb: 61 },
  stats: { totalConversations: 1200, totalMessages: 7400, activeConversations: 3 },
  queue: { waiting: 0, active: 2, delayed: 0, failed: 0, workers: 2, paused: false },
  checks: { database: up, queue: up, cache: up, delivery: { status: "up" } },
  providers: ["openai"],
  openCircuits: {},
};

/** Answers about what assistants know, and about the service. */
export const siteAnswers: shop.AnswerExamples = {
  searchKnowledge: {
    "200": {
      passages: [
        {
          id: "17",
          documentId: ids.document,
          sourceId: ids.source,
          title: "Returns",
          url: shop.returnsUrl,
          heading: "Returns",
          text: shop.quotedText,
          language: "en",
          rank: 1,
          why: [{ term: "send", words: ["send"] }],
        },
      ],
      tookMs: 3.4,
    },
  },
  listUnanswered: {
    "200": {
      questions: [
        {
          id: "a3f1".repeat(16),
          sample: "Do you engrave teapots?",
          count: 3,
          lastAt: times.later,
          messages: [{ conversationId: ids.conversation, messageId: ids.question }],
        },
      ],
    },
  },
  listSources: { "200": { sources: [source], counts: { pending: 0, running: 0, ready: 1, failed: 0 } } },
  addSource: { "201": added },
  addSources: { "201": { sources: [added] } },
  readSource: {
    "200": {
      ...source,
      documents: [
        {
          id: ids.document,
          url: shop.returnsUrl,
          title: "Returns",
          language: "en",
          status: "ready",
          passages: 4,
          share: 0.8,
          fetchedAt: times.asked,
        },
      ],
    },
  },
  refreshSource: { "200": added },
  readProviders: {
    "200": {
      default: "openai",
      providers: [
        {
          name: "openai",
          model: "model-of-the-settings",
          available: true,
          capabilities: { streaming: true, threads: true },
        },
      ],
    },
  },
  readAssistants: {
    "200": {
      assistants: [
        {
          type: "default",
          name: "Teapot help",
          description: "Answers questions about teapots and orders",
          provider: "openai",
          suggestions: ["Where is my order?"],
          people: true,
          knowledge: true,
        },
      ],
    },
  },
  readOrigin: { "200": { origin: "https://shop.example.com", allowed: true } },
  readHealth: {
    "200": health,
    "503": {
      ...health,
      status: "unhealthy",
      checks: { ...health.checks, database: { status: "down" } },
    },
  },
  readDescription: { "200": { openapi: "3.1.1", info: { title: "Parley", version: "1.0.0" }, paths: {} } },
};
