import { describe, expect, it } from "vitest";
import { toRequest as toMessages } from "../anthropic/to-request.ts";
import { toRequest as toCompletion } from "../compatible/to-request.ts";
import { toRequest as toResponse } from "../openai/to-request.ts";
import { testRequest } from "../provider.testsuite.ts";
import type { ProviderRequest } from "../provider.ts";
import type { ToolTurn } from "./tool.ts";

const parameters = { type: "object", properties: { code: { type: "string" } } };
const tools = [{ name: "track_parcel", description: "Where it is", parameters }];
const call = (written: string, keep?: object) => ({
  name: "track_parcel",
  item: { name: "track_parcel", written, ...(keep && { keep: { ...keep } }) },
});
const results = [
  { text: "on its way", isError: false },
  { text: "no such parcel", isError: true },
];
const signed = { extra_content: { google: { thought_signature: "c2ln" } } };
const turns: ToolTurn[] = [
  { text: "Let me look.", calls: [call('{"code":"P 7"}', signed), call('{"code":')], results },
  { text: "", calls: [call("")], results: [] },
];
const request: ProviderRequest = { ...testRequest, tools, turns };

describe("turns that called tools go back to", () => {
  it("a chat completion with a result for each call, under ids of nine letters and digits that occur once", () => {
    const { messages, tools: offered } = toCompletion(request, "model");
    expect(offered).toEqual([{ type: "function", function: tools[0] }]);
    const turn = messages.slice(-5);
    expect(turn).toMatchObject([
      {
        role: "assistant",
        content: "Let me look.",
        tool_calls: [
          { type: "function", function: { name: "track_parcel", arguments: '{"code":"P 7"}' }, ...signed },
          { function: { arguments: JSON.stringify({ INVALID_JSON: '{"code":' }) } },
        ],
      },
      { role: "tool", content: "on its way" },
      { role: "tool", content: "no such parcel" },
      { role: "assistant", content: null, tool_calls: [{ function: { arguments: "{}" } }] },
      { role: "tool", content: "The call was not carried out." },
    ]);
    const made = turn.flatMap((message) => ("tool_calls" in message ? message.tool_calls.map(({ id }) => id) : []));
    const answered = turn.flatMap((message) => ("tool_call_id" in message ? [message.tool_call_id] : []));
    expect(made).toEqual(answered);
    expect(new Set(made).size).toBe(3);
    for (const id of made) expect(id).toMatch(/^[a-z\d]{9}$/i);
  });

  it("a chat completion with the thoughts that the server wants back", () => {
    const [turn] = turns as [ToolTurn];
    const kept = { ...turn, keep: { fields: { reasoning_content: "A parcel?" } } };
    expect(toCompletion({ ...request, turns: [kept] }, "model").messages.at(-3)).toMatchObject({
      role: "assistant",
      reasoning_content: "A parcel?",
    });
  });

  it("a response with all calls of a turn before their results, and parameters that stay optional", () => {
    const { input, tools: offered } = toResponse(request, "model");
    expect(offered).toMatchObject([{ type: "function", name: "track_parcel", strict: false }]);
    expect((input as { type: string }[]).slice(-7).map(({ type }) => type)).toEqual([
      "message",
      "function_call",
      "function_call",
      "function_call_output",
      "function_call_output",
      "function_call",
      "function_call_output",
    ]);
    expect(JSON.stringify(input)).not.toContain('"id"');
  });

  it("a message with all results in one, and the thoughts first", () => {
    const [turn] = turns as [ToolTurn];
    const blocks = [{ type: "thinking" as const, thinking: "", signature: "c2ln" }];
    const { messages, tools: offered } = toMessages({ ...request, turns: [{ ...turn, keep: { blocks } }] }, "model");
    expect(offered).toMatchObject([{ name: "track_parcel", input_schema: parameters }]);
    expect(messages.slice(-2)).toMatchObject([
      {
        role: "assistant",
        content: [
          blocks[0],
          { type: "text", text: "Let me look." },
          { type: "tool_use", input: { code: "P 7" } },
          { type: "tool_use", input: { INVALID_JSON: '{"code":' } },
        ],
      },
      {
        role: "user",
        content: [
          { type: "tool_result", content: "on its way" },
          { type: "tool_result", content: "no such parcel", is_error: true },
        ],
      },
    ]);
  });

  it("one item with all results, where several calls came in one", () => {
    const item = { name: "parallel", written: '{"tool_uses":[]}' };
    const both = { text: "", calls: [call(""), call("")].map(({ name }) => ({ name, item })), results };
    const { messages } = toCompletion({ ...request, turns: [both] }, "model");
    expect(messages.slice(-2)).toMatchObject([
      { tool_calls: [{ function: { name: "parallel" } }] },
      { role: "tool", content: JSON.stringify(["on its way", "no such parcel"]) },
    ]);
  });

  it.each([
    ["a chat completion", () => toCompletion({ ...request, mayCall: false }, "model").tool_choice, "none"],
    ["a response", () => toResponse({ ...request, mayCall: false }, "model").tool_choice, "none"],
    ["a message", () => toMessages({ ...request, mayCall: false }, "model").tool_choice, { type: "none" }],
  ])("%s without leave to call again", (_api, choice, expected) => {
    expect(choice()).toEqual(expected);
  });
});
