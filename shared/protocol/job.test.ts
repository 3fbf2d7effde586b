import { describe, expect, it } from "vitest";
import { jobErrors, jobView } from "./job.ts";

describe("message for a visitor about a failed job", () => {
  it("is a whole sentence for every code", () => {
    for (const message of Object.values(jobErrors)) expect(message).toMatch(/^[A-Z].*\.$/);
  });
});

describe("view of a job", () => {
  it("requires the common fields and accepts only known error codes", () => {
    const id = "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f";
    const queued = {
      jobId: id,
      conversationId: id,
      messageId: id,
      status: "queued",
      attempt: 0,
      createdAt: "2026-01-01T00:00:00.000Z",
    };
    expect(jobView.parse(queued)).toEqual(queued);
    const failed = { ...queued, status: "failed", error: { code: "deadline", message: jobErrors.deadline } };
    expect(jobView.parse(failed)).toEqual(failed);
    expect(jobView.safeParse({ ...failed, error: { code: "ECONNREFUSED", message: "x" } }).success).toBe(false);
  });
});
