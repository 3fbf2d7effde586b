import { describe, expect, it } from "vitest";
import { z } from "zod";
import { inputMessage } from "./input-messages.ts";

const schema = z.object({
  message: z.string(),
  short: z.string().min(2).max(3).optional(),
  list: z
    .array(z.strictObject({ sender: z.enum(["user", "ai"]), count: z.int().min(0).max(9) }))
    .max(2)
    .optional(),
  labels: z.record(z.string().max(3), z.string()).optional(),
  day: z.iso.date().optional(),
  step: z.number().multipleOf(5).optional(),
  own: z.string("must be a name").optional(),
});

describe("input message", () => {
  it.each([
    [{}, "message: is required"],
    [{ message: null }, "message: must be text, not null"],
    [{ message: 7 }, "message: must be text, not a number"],
    [{ message: ["a"] }, "message: must be text, not a list"],
    [{ message: "", short: "a" }, "short: must have at least 2 characters"],
    [{ message: "", short: "abcd" }, "short: must have at most 3 characters"],
    [{ message: "", list: {} }, "list: must be a list, not an object"],
    [{ message: "", list: [{ sender: "bot", count: 1 }] }, 'list.0.sender: must be "user" or "ai"'],
    [{ message: "", list: [{ sender: "ai", count: 1.5 }] }, "list.0.count: must be a whole number, not a fraction"],
    [{ message: "", list: [{ sender: "ai", count: 10 }] }, "list.0.count: must be at most 9"],
    [{ message: "", list: [{ sender: "ai", count: 1, no: 1 }] }, 'list.0: has unknown fields: "no"'],
    [{ message: "", list: [0, 0, 0] }, "list: must have at most 2 entries"],
    [
      { message: "", labels: { long_name: "" } },
      "labels.long_name: has an invalid name: must have at most 3 characters",
    ],
    [{ message: "", day: "today" }, "day: must be a valid date"],
    [{ message: "", step: 7 }, "step: must be a multiple of 5"],
    [{ message: "", own: 7 }, "own: must be a name"],
  ])("says what is allowed for %j", (input, said) => {
    const issues = schema.safeParse(input, { error: inputMessage }).error?.issues ?? [];
    expect(issues.map(({ path, message }) => `${path.join(".")}: ${message}`)).toContain(said);
  });

  it("never repeats a value", () => {
    const { error } = schema.safeParse(
      { message: "", short: "secret", day: "secret", list: "secret" },
      { error: inputMessage },
    );
    expect(JSON.stringify(error?.issues.map(({ message }) => message))).not.toContain("secret");
  });
});
