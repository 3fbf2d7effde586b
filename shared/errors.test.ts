import { describe, expect, it } from "vitest";
import { Problem } from "./errors.ts";

describe("problem", () => {
  it("has the status and title of its code, and advice", () => {
    const problem = new Problem("already-ended", "The job has ended: there is nothing to cancel.");
    expect(problem).toBeInstanceOf(Error);
    expect(problem).toMatchObject({
      name: "Problem",
      code: "already-ended",
      status: 409,
      title: "The job has already ended",
      message: "The job has ended: there is nothing to cancel.",
      errors: undefined,
      retryAfterSeconds: undefined,
    });
  });

  it("carries input errors, a retry time and a cause", () => {
    const cause = new Error("ECONNREFUSED");
    const errors = [{ path: "message", message: "must not be empty" }];
    const problem = new Problem("backlog", "Try again.", { errors, retryAfterSeconds: 10, cause });
    expect(problem).toMatchObject({ status: 503, errors, retryAfterSeconds: 10, cause });
  });
});
