import { describe, expect, it } from "vitest";
import { completeSentences } from "./sentences.ts";

describe("sentences", () => {
  it.each([
    ["en", "One is done. Two is n", ["One is done."]],
    ["en", "One! Two? Three", ["One!", "Two?"]],
    ["en", "A list:\n- one\n- tw", ["A list:", "- one"]],
    ["en", "", []],
    ["de", "Das kostet 3.50 Euro. Und d", ["Das kostet 3.50 Euro."]],
    ["ja", "これは一つ目です。二つ目は", ["これは一つ目です。"]],
    ["ar", "هل هذا سؤال؟ نعم هو", ["هل هذا سؤال؟"]],
  ])("in %s: of %j only what is complete", (tag, text, sentences) => {
    expect(completeSentences(text, tag, false)).toEqual(sentences);
  });

  it("are all complete at the end", () => {
    expect(completeSentences("One. Two", "en", true)).toEqual(["One.", "Two"]);
  });
});
