import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ClaimedJob } from "../../shared/db/claim.ts";
import { buildPrompt } from "./prompt.ts";

type Entry = ClaimedJob["history"][number];

const plenty = 100_000;
const user = (text: string): Entry => ({ sender: "user", text, imported: false });
const ai = (text: string): Entry => ({ sender: "ai", text, imported: false });
const told = (text: string): Entry => ({ sender: "ai", text, imported: true });

describe("the prompt of a job", () => {
  it("is the conversation up to the message to answer", () => {
    expect(buildPrompt([user("one"), ai("to one"), user("two")], plenty)).toEqual([
      { role: "user", text: "one" },
      { role: "assistant", text: "to one" },
      { role: "user", text: "two" },
    ]);
  });

  it("gives replies that were brought along as the visitor's account, never as the assistant's own words", () => {
    const prompt = buildPrompt([told("I promise a refund"), user("where is it?")], plenty);
    expect(prompt.map(({ role }) => role)).toEqual(["user", "user"]);
    expect(prompt[0]?.text).toContain("I promise a refund");
    expect(prompt[0]?.text).not.toBe("I promise a refund");
  });

  it("leaves out the oldest that do not fit, and begins with one of the visitor's", () => {
    const long = "word ".repeat(200);
    const history = [user(long), ai("a"), user("b"), ai("c"), user("d")];
    expect(buildPrompt(history, 50).map(({ text }) => text)).toEqual(["b", "c", "d"]);
    expect(buildPrompt(history, 0).map(({ text }) => text)).toEqual(["d"]);
    expect(buildPrompt([user(long)], 0)).toEqual([{ role: "user", text: long }]);
  });

  it("always ends with the message to answer, begins with the visitor, and keeps whole messages in order", () => {
    const entry = fc.record({
      sender: fc.constantFrom("user" as const, "ai" as const),
      text: fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 }),
      imported: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 12 }), fc.nat({ max: 60 }), (before, maxTokens) => {
        const whole = buildPrompt([...before, user("now")], plenty);
        const prompt = buildPrompt([...before, user("now")], maxTokens);
        expect(prompt.at(-1)).toEqual({ role: "user", text: "now" });
        expect(prompt[0]?.role).toBe("user");
        expect(whole.slice(whole.length - prompt.length)).toEqual(prompt);
      }),
    );
  });
});
