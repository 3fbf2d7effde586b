import { describe, expect, it } from "vitest";
import { stepsWithTools } from "./fake-tool-calls.ts";

const parameters = { type: "object", required: ["order"] };
const completions = [{ type: "function", function: { name: "order_status", parameters } }];
const user = (text: string) => ({ role: "user", text });

describe("a fake model with tools", () => {
  it.each([
    ["chat completions", completions],
    ["responses", [{ type: "function", name: "order_status", parameters }]],
    ["messages", [{ name: "order_status", input_schema: parameters }]],
  ])("calls the one that is meant, of the API of %s", (_api, tools) => {
    const steps = stepsWithTools({ body: { tools }, messages: [user("Order 1041?"), user("Where is my order 1042?")] });
    expect(steps).toEqual([{ call: { name: "order_status", arguments: '{"order":"1042"}' } }]);
  });

  it("calls the one that more words mean, with the number of an earlier message, and none of a page", () => {
    const tools = ["order_status", "cancel_order"].map((name) => ({
      type: "function",
      function: { name, parameters },
    }));
    const page = user('Passages.\n<passages>\n{"text":"Since 2019"}\n</passages>');
    for (const words of ["Cancel it", "Cancel my order", "キャンセルしてください"]) {
      const messages = [user("Where is my order 1042?"), page, user(words)];
      expect(stepsWithTools({ body: { tools }, messages })).toMatchObject([{ call: { name: "cancel_order" } }]);
      expect(JSON.stringify(stepsWithTools({ body: { tools }, messages }))).toContain("1042");
    }
  });

  it.each([
    ['Data of the site.\n<result>\n"Order 1042: sent"\n</result>', "Order 1042: sent"],
    ["Nothing has been done yet. Say that they can confirm it below.", "Please confirm it below."],
    ["The visitor said no. Nothing was done.", "All right, I leave it as it is."],
    ['The visitor said yes, but it could not be done.\n<result>\n"It is sent."\n</result>', "It is sent."],
    ["The visitor said yes, and it was done.", "It is done."],
  ])("says what it was told: %s", (text, said) => {
    const messages = [user("Where is my order 1042?"), { role: "tool", text }];
    expect(stepsWithTools({ body: { tools: completions }, messages })).toEqual([said]);
  });

  it("answers as ever without a word, a number or a choice for it", () => {
    const tools = completions;
    expect(stepsWithTools({ body: { tools }, messages: [user("Hello 5")] })).toBeUndefined();
    expect(stepsWithTools({ body: { tools }, messages: [user("Where is my order?")] })).toBeUndefined();
    expect(stepsWithTools({ body: { tools, tool_choice: "none" }, messages: [user("My order 7")] })).toBeUndefined();
    expect(stepsWithTools({ body: {}, messages: [user("My order 7")] })).toBeUndefined();
  });
});
