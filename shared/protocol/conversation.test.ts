import { describe, expect, it } from "vitest";
import { historyQuery } from "./conversation.ts";

describe("query for a page of history", () => {
  const id = "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f";

  it("defaults to the newest fifty", () => {
    expect(historyQuery.parse({})).toEqual({ limit: 50 });
  });

  it("accepts a limit up to 200 and a message to start from", () => {
    expect(historyQuery.parse({ limit: "200", before: id })).toEqual({ limit: 200, before: id });
    expect(historyQuery.parse({ limit: "1" })).toEqual({ limit: 1 });
  });

  it.each([
    [{ limit: "0" }, "must be at least 1"],
    [{ limit: "201" }, "must be at most 200"],
    [{ limit: "1.5" }, "must be a whole number"],
    [{ limit: "many" }, "must be a whole number"],
    [{ limit: "-1" }, "must be a whole number"],
    [{ limit: ["1", "2"] }, "must be given once"],
    [{ before: "7" }, "must be a message id"],
    [{ before: [id, id] }, "must be a message id"],
  ])("is refused as %j", (query, expected) => {
    expect(historyQuery.safeParse(query).error?.issues.map(({ message }) => message)).toEqual([expected]);
  });
});
