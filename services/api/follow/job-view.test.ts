import { describe, expect, it } from "vitest";
import type { JobRow } from "../../../shared/db/jobs/read-job.ts";
import { jobErrors, jobStatus, jobView } from "../../../shared/protocol/job.ts";
import { hasEnded, toJobView } from "./job-view.ts";

const id = "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f";
const at = Date.UTC(2026, 10, 22);

const queued: JobRow = {
  id,
  conversationId: id,
  messageId: id,
  status: "queued",
  attempt: 0,
  assistantType: "default",
  provider: null,
  threadId: null,
  handledBy: null,
  errorCode: null,
  inputTokens: null,
  outputTokens: null,
  costUsd: null,
  createdAt: at,
  startedAt: null,
  finishedAt: null,
  conversationDeleted: false,
  siteId: "default",
  visitorHash: null,
  trace: null,
  replyAttempt: null,
  replyId: null,
  replyText: null,
  replyFinishReason: null,
  replyFallback: null,
  replyAt: null,
  replySources: null,
  notedSources: null,
  actions: null,
};
const source = { n: 1, title: "Returns", url: "", quote: "Thirty days.", start: 0, end: 9 };
const completed: JobRow = {
  ...queued,
  status: "completed",
  attempt: 2,
  provider: "openai",
  inputTokens: 3,
  outputTokens: 5,
  costUsd: 0.25,
  startedAt: at + 1.5,
  finishedAt: at + 1000,
  replyAttempt: 2,
  replyId: id,
  replyText: "An answer.",
  replyFinishReason: "length",
  replyFallback: true,
  replyAt: at + 1000.75,
  replySources: [source],
};

describe("job view", () => {
  it("has few fields while the job is queued", () => {
    const shown = { jobId: id, conversationId: id, messageId: id, attempt: 0, createdAt: "2026-11-22T00:00:00.000Z" };
    expect(toJobView(queued)).toEqual({ ...shown, status: "queued" });
    expect(toJobView(queued, { position: 0 })).toEqual({ ...shown, status: "queued", position: 0 });
    expect(toJobView({ ...queued, status: "active" }, { partial: "" })).toEqual({
      ...shown,
      status: "active",
      partial: "",
    });
  });

  it("contains the reply once completed", () => {
    expect(toJobView(completed)).toEqual({
      jobId: id,
      conversationId: id,
      messageId: id,
      status: "completed",
      attempt: 2,
      reply: {
        id,
        text: "An answer.",
        sender: "ai",
        timestamp: at + 1000,
        fallback: true,
        finishReason: "length",
        sources: [source],
      },
      provider: "openai",
      assistantId: "default",
      threadId: null,
      usage: { inputTokens: 3, outputTokens: 5, costUsd: 0.25 },
      createdAt: "2026-11-22T00:00:00.000Z",
      startedAt: "2026-11-22T00:00:00.001Z",
      finishedAt: "2026-11-22T00:00:01.000Z",
    });
  });

  it("contains a sentence fit for visitors when failed, and no internal reason", () => {
    const { error, reply } = toJobView({ ...queued, status: "failed", errorCode: "provider_unavailable" });
    expect(error).toEqual({ code: "provider_unavailable", message: jobErrors.provider_unavailable });
    expect(reply).toBeUndefined();
  });

  it("contains error and reply when cancelled midway", () => {
    const row: JobRow = { ...completed, status: "cancelled", errorCode: "cancelled", replyFinishReason: "cancelled" };
    expect(toJobView(row)).toMatchObject({
      status: "cancelled",
      error: { code: "cancelled" },
      reply: { text: "An answer.", finishReason: "cancelled" },
    });
  });

  it("omits usage if only part of it is known", () => {
    expect(toJobView({ ...completed, outputTokens: null }).usage).toBeUndefined();
  });

  it("matches the published schema", () => {
    for (const row of [queued, completed]) expect(jobView.strict().parse(toJobView(row))).toEqual(toJobView(row));
  });
});

describe("end of a job", () => {
  it("is completed, failed or cancelled", () => {
    expect(jobStatus.options.filter(hasEnded)).toEqual(["completed", "failed", "cancelled"]);
  });
});
