import { describe, expect, it } from "vitest";
import { feedbackRequest } from "./feedback.ts";

function faults(body: unknown): string[] {
  const parsed = feedbackRequest.safeParse(body);
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

describe("feedback on a reply", () => {
  it("is a thumb with an optional comment", () => {
    expect(feedbackRequest.parse({ rating: "up" })).toEqual({ rating: "up" });
    expect(feedbackRequest.parse({ rating: "down", comment: " Not what I asked. \n" })).toEqual({
      rating: "down",
      comment: "Not what I asked.",
    });
    expect(feedbackRequest.parse({ rating: "up", comment: " " }).comment).toBeUndefined();
  });

  it("is withdrawn by null", () => {
    expect(feedbackRequest.parse({ rating: null })).toEqual({ rating: null });
    expect(faults({ rating: null, comment: "" })).toEqual([]);
    expect(faults({ rating: null, comment: "but" })).toEqual(["comment: requires a rating"]);
  });

  it("has a comment of at most 1,000 code points, cleaned like a message", () => {
    expect(faults({ rating: "up", comment: "😀".repeat(1000) })).toEqual([]);
    expect(faults({ rating: "up", comment: "😀".repeat(1001) })).toEqual([
      "comment: must have at most 1000 characters",
    ]);
    expect(faults({ rating: "up", comment: "a\0" })).toEqual(["comment: must not contain U+0000"]);
    expect(faults({ rating: "up", comment: "\ud83d" })).toEqual(["comment: must not contain lone surrogates"]);
  });

  it.each([{}, { rating: "good" }, { rating: 1 }, { rating: ["up"] }, null, [], "up", { rating: "up", comment: 7 }])(
    "is not %j",
    (body) => {
      expect(faults(body)).toHaveLength(1);
    },
  );
});
