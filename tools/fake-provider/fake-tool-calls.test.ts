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

  it("says what it was told", () => {
    const text = 'Data of the site.\n<result>\n"Order 1042: sent"\n</result>';
    const messages = [user("Where is my order 1042?"), { role: "tool", text }];
    expect(stepsWithTools({ body: { tools: completions }, messages })).toEqual([
      "This is what I found: Order 1042: sent",
    ]);
  });

  it("answers as ever without a word, a number or a choice for it", () => {
    const tools = completions;
    expect(stepsWithTools({ body: { tools }, messages: [user("Hello 5")] })).toBeUndefined();
    expect(stepsWithTools({ body: { tools }, messages: [user("Where is my order?")] })).toBeUndefined();
    expect(stepsWithTools({ body: { tools, tool_choice: "none" }, messages: [user("My order 7")] })).toBeUndefined();
    expect(stepsWithTools({ body: {}, messages: [user("My order 7")] })).toBeUndefined();
  });
});
