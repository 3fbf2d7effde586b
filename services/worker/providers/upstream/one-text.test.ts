import { describe, expect, it } from "vitest";
import { OneText } from "./one-text.ts";

function put(...deltas: string[]): string {
  const text = new OneText();
  const shown = deltas.map((delta) => text.push(delta)).join("");
  return shown + text.end();
}

describe("cumulative text", () => {
  it.each<[string[], string]>([
    [["ha", "ha"], "haha"],
    [["ha", "ha", "ha", "!"], "hahaha!"],
    [["ha", "haha", "hahaha"], "hahahahahaha"],
    [["ha", "ha ha"], "haha ha"],
    [["1", "10"], "110"],
    [["1", "10", "100"], "110100"],
    [["*", "**", "Note"], "***Note"],
    [["\n", "\n\n", "Hello"], "\n\n\nHello"],
    [["哈", "哈哈"], "哈哈哈"],
    [["好", "好的"], "好好的"],
    [["Hello ", "Hello world", "!"], "Hello Hello world!"],
    [["I will not be late. ", "I will not be late. "], "I will not be late. I will not be late. "],
    [["a", "b", "ab", "c"], "ababc"],
    [["You can ", "pay. ", "You can pay. "], "You can pay. You can pay. "],
  ])("keeps increments that look like repetitions: %j", (deltas, expected) => {
    expect(put(...deltas)).toBe(expected);
  });

  it.each<[string[], string]>([
    [["You", "You can", "You can pay by card.", "You can pay by card."], "You can pay by card."],
    [["I", "I can", "I can help."], "I can help."],
    [["Yes", "Yes, of course."], "Yes, of course."],
    [["", "A", "A", "A list", "A list:\n1.", "A list:\n1. One"], "A list:\n1. One"],
    [["您", "您可以", "您可以刷卡。"], "您可以刷卡。"],
    [["Gr", "Gr\uFFFD", "Grü", "Grüße"], "Grüße"],
    [["12", "12.5", "12.50 E", "12.50 EUR", "12.50 EUR in all"], "12.50 EUR in all"],
  ])("shows what is repeated once: %j", (deltas, expected) => {
    expect(put(...deltas)).toBe(expected);
  });

  it("continues as soon as repetition is proven, before the end", () => {
    const text = new OneText();
    expect([text.push("You"), text.push("You can"), text.push("You can pay")]).toEqual(["You", "", " can pay"]);
  });

  it("holds back a few ambiguous deltas, not an endless repetition", () => {
    const text = new OneText();
    const shown = Array.from({ length: 20 }, () => text.push("ha")).join("");
    expect(shown).toBe("ha".repeat(20));
  });

  it("throws if it contradicts itself", () => {
    const text = new OneText();
    for (const delta of ["You", "You can", "You can pay"]) text.push(delta);
    expect(() => text.push("They")).toThrow("does not repeat");
  });

  it.each<[string[], string, string]>([
    [["You can ", "pay."], "You can pay.", "You can pay."],
    [["You can "], "You can pay.", "You can pay."],
    [["Yes", "Yes"], "Yes", "Yes"],
    [["ha", "ha"], "haha", "haha"],
    [[" Hello."], "Hello.", " Hello."],
    [["One."], "Another.", "One."],
  ])("completes %j with the whole message %j", (deltas, whole, expected) => {
    const text = new OneText();
    const shown = deltas.map((delta) => text.push(delta)).join("");
    expect(shown + text.complete(whole) + text.end()).toBe(expected);
  });
});
