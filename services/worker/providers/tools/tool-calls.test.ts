import { describe, expect, it } from "vitest";
import { createFromEvent as fromCompletion } from "../compatible/from-event.ts";
import { createFromEvent as fromMessage } from "../anthropic/from-event.ts";
import { createFromEvent as fromResponse } from "../openai/from-event.ts";
import { ProviderError, type ProviderEvent } from "../provider.ts";
import { testRequest } from "../provider.testsuite.ts";
import { Reply, type ReplyPart } from "../upstream/reply.ts";
import type { ToolCall } from "./tool.ts";

const names = ["track_parcel", "opening_times", "find_size"];
const tools = names.map((name) => ({ name, description: name, parameters: { type: "object" } }));
const parcel = '{"code":"P 7"}';
const other = '{"code":"P 8"}';

type Api = "completions" | "responses" | "messages";

/** Reads a stream, event by event, as a provider does. */
function read(api: Api, events: readonly unknown[], offered = tools): { text: string; events: ProviderEvent[] } {
  const toPart = mapperOf(api);
  const reply = new Reply("model", toPart, { request: { ...testRequest, tools: offered } });
  let text = "";
  for (const event of events) {
    const added = reply.add([typeof event === "string" ? event : JSON.stringify(event)]);
    text += added.text;
    if (added.fault) throw added.fault;
  }
  const ended = reply.finish();
  for (const event of ended) if (event.type === "delta") text += event.text;
  return { text, events: ended };
}

function mapperOf(api: Api): (data: string) => ReplyPart {
  if (api === "completions") return fromCompletion().toPart;
  return api === "responses" ? fromResponse("key") : fromMessage("key");
}

function callsIn({ events }: { events: ProviderEvent[] }): readonly ToolCall[] {
  return events.flatMap((event) => (event.type === "calls" ? event.calls : []));
}

function told(calls: readonly ToolCall[]): [string, unknown][] {
  return calls.map(({ name, arguments: args }) => [name, args]);
}

interface Delta {
  content?: string | null;
  tool_calls?: unknown;
  [field: string]: unknown;
}

/** Events of a chat completion with these deltas, ended as usual. */
function completion(deltas: readonly Delta[], reason: string | null = "tool_calls"): unknown[] {
  const events = deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] }));
  return [...events, { choices: [{ index: 0, delta: {}, finish_reason: reason }] }, "[DONE]"];
}

function calling(...pieces: unknown[]): Delta {
  return { tool_calls: pieces };
}

function piece(args: string | object | null, more: object = {}) {
  const { name, ...rest } = more as { name?: string };
  return { function: { ...(name !== undefined && { name }), arguments: args }, ...rest };
}

const one: [string, unknown][] = [["track_parcel", { code: "P 7" }]];
const two: [string, unknown][] = [...one, ["track_parcel", { code: "P 8" }]];

describe("calls in a chat completion", () => {
  const track = { name: "track_parcel" };
  const kinds: [string, readonly Delta[], [string, unknown][]][] = [
    ["in one piece, without an index", [calling(piece(parcel, { ...track, id: "a" }))], one],
    [
      "in pieces, with empty ids behind the first",
      [
        calling(piece("", { ...track, index: 0, id: "a" })),
        calling(piece('{"code":', { index: 0, id: "", name: "" })),
        calling(piece('"P 7"}', { index: 0, id: "" })),
      ],
      one,
    ],
    [
      "with id and name in every piece",
      ['{"code"', ':"P 7"}', ""].map((text) => calling(piece(text, { ...track, index: 0, id: "0" }))),
      one,
    ],
    [
      "with another id in every piece",
      ["", '{"code"', ':"P 7"}'].map((text, at) =>
        calling(piece(text, { index: 0, id: `${at}`, ...(at === 0 && track) })),
      ),
      one,
    ],
    [
      "with another index in every piece",
      ["", '{"code"', ':"P 7"}'].map((text, at) =>
        calling(piece(text, { index: at, ...(at === 0 && { ...track, id: "a" }) })),
      ),
      one,
    ],
    [
      "with the name in two pieces",
      [calling(piece("", { name: "track_", index: 0 })), calling(piece(parcel, { name: "parcel", index: 0 }))],
      one,
    ],
    [
      "twice over",
      [calling(piece(parcel, { ...track, index: 0, id: "a" })), calling(piece(parcel, { index: 0 }))],
      one,
    ],
    [
      "with all so far in every piece",
      ['{"co', '{"code":"P', parcel].map((text) => calling(piece(text, { ...track, index: 0, id: "a" }))),
      one,
    ],
    ["with arguments as an object", [calling(piece({ code: "P 7" }, track))], one],
    ["with arguments as JSON within JSON", [calling(piece(JSON.stringify(parcel), track))], one],
    [
      "in the older field",
      [{ function_call: { ...track, arguments: "" } }, { function_call: { arguments: parcel } }],
      one,
    ],
    ["side by side", [calling(piece(parcel, { ...track, id: "a" }), piece(other, { ...track, id: "b" }))], two],
    [
      "of one index",
      [calling(piece(parcel, { ...track, index: 0, id: "a" })), calling(piece(other, { ...track, index: 0, id: "b" }))],
      two,
    ],
    [
      "of one index, in pieces and without ids",
      [
        calling(piece("", { ...track, index: 0 })),
        calling(piece(parcel, { index: 0 })),
        calling(piece("", { ...track, index: 0 })),
        calling(piece(other, { index: 0 })),
      ],
      two,
    ],
    [
      "in turn, by their index",
      [
        calling(piece("", { ...track, index: 0 }), piece("", { ...track, index: 1 })),
        calling(piece('{"code":"P 8"', { index: 1 })),
        calling(piece('{"code":"P 7"', { index: 0 })),
        calling(piece("}", { index: 0 }), piece("}", { index: 1 })),
      ],
      two,
    ],
    ["without arguments", [calling(piece("", { name: "opening_times", id: "a", index: 0 }))], [["opening_times", {}]]],
    ["with null for arguments", [calling(piece(null, { name: "opening_times" }))], [["opening_times", {}]]],
    ["with a prefix and a count", [calling(piece(parcel, { name: "functions.track_parcel:0" }))], one],
    [
      "in OpenAI's wrapper",
      [
        calling(
          piece(
            JSON.stringify({
              tool_uses: [
                { recipient_name: "functions.track_parcel", parameters: { code: "P 7" } },
                { recipient_name: "functions.opening_times", parameters: {} },
              ],
            }),
            { name: "multi_tool_use.parallel" },
          ),
        ),
      ],
      [...one, ["opening_times", {}]],
    ],
    ["that are no JSON", [calling(piece('{"code":', track))], [["track_parcel", undefined]]],
    ["that are a list", [calling(piece("[1]", track))], [["track_parcel", undefined]]],
  ];

  it.each(kinds)("are read %s", (_kind, deltas, expected) => {
    expect(told(callsIn(read("completions", completion(deltas))))).toEqual(expected);
  });

  it("are those of the deltas, where a whole message repeats them", () => {
    const [event] = completion([calling(piece(parcel, track))]) as [{ choices: [{ delta: Delta }] }];
    const message = event.choices[0].delta;
    const repeated = { choices: [{ index: 0, delta: {}, message, finish_reason: "stop" }] };
    expect(told(callsIn(read("completions", [event, repeated, "[DONE]"])))).toEqual(one);
  });

  it("are read from an answer that was not streamed", () => {
    const message = { role: "assistant", content: null, ...calling(piece(parcel, track)) };
    const whole = { object: "chat.completion", choices: [{ index: 0, message, finish_reason: "tool_calls" }] };
    expect(told(callsIn(read("completions", [whole])))).toEqual(one);
  });

  it.each(["", "Let me look."])("are none in an answer that was cut after %j", (content) => {
    const cut = completion(
      [{ content }, calling(piece(parcel, track)), calling(piece("", { name: "find_size" }))],
      "length",
    );
    if (content === "") expect(() => read("completions", cut)).not.toThrow();
    expect(callsIn(read("completions", cut))).toEqual([]);
  });

  it("are none if no tool was offered", () => {
    const answer = read("completions", completion([{ content: "Words" }, calling(piece(parcel, track))]), []);
    expect(answer).toMatchObject({ text: "Words", events: [{ type: "finish" }] });
  });

  it("keep what the server wants back on them, and the thoughts before them", () => {
    const signed = { extra_content: { google: { thought_signature: "c2ln" } } };
    const deltas = [
      { reasoning_content: "Which" },
      { reasoning_content: " parcel?" },
      calling(piece(parcel, { ...track, ...signed })),
    ];
    const found = read("completions", completion(deltas)).events.find((event) => event.type === "calls");
    expect(found).toMatchObject({
      keep: { fields: { reasoning_content: "Which parcel?" } },
      calls: [{ item: { keep: signed } }],
    });
  });

  it.each([
    "<|tool_calls_section_begin|><|tool_call_begin|>functions.track_parcel:0",
    '<tool_call>{"name": "track_parcel"}</tool_call>',
    '[TOOL_CALLS][{"name":"track_parcel"}]',
    "<function=track_parcel>",
  ])("that came as text are neither shown nor made: %s", (leak) => {
    const deltas = [{ content: "One moment. " }, ...(leak.match(/.{1,5}/g) ?? []).map((content) => ({ content }))];
    const toPart = mapperOf("completions");
    const reply = new Reply("model", toPart, { request: { ...testRequest, tools } });
    const shown = completion(deltas, "stop").map((event) => reply.add([JSON.stringify(event)]).text);
    expect(shown.join("").trim()).toBe("One moment.");
    expect(() => reply.finish()).toThrow(expect.objectContaining({ misusedTools: true }));
  });

  it("look like calls in code, and are text there", () => {
    const content = "Write `<tool_call>` before it.";
    expect(read("completions", completion([{ content }], "stop")).text).toBe(content);
  });

  it("that the server itself refuses are no outage", () => {
    const error = { message: "the call does not match", type: "invalid_request_error", code: "tool_use_failed" };
    expect(() => read("completions", [{ error }])).toThrow(
      expect.objectContaining({ code: "malformed", misusedTools: true, retryable: true }),
    );
    expect(() => read("completions", [{ error: { ...error, code: "other" } }])).toThrow(ProviderError);
  });
});

describe("calls in a response", () => {
  const item = { id: "fc_1", type: "function_call", call_id: "call_0", name: "track_parcel" };
  const head = { type: "response.output_item.added", output_index: 1, item: { ...item, arguments: "" } };
  const of = { output_index: 1, item_id: "fc_1" };
  const delta = { type: "response.function_call_arguments.delta", ...of, delta: parcel };
  const done = { type: "response.function_call_arguments.done", ...of, arguments: parcel };
  const end = { type: "response.output_item.done", output_index: 1, item: { ...item, arguments: parcel } };
  const completed = (output: unknown[]) => ({ type: "response.completed", response: { status: "completed", output } });

  it.each([
    ["in deltas, and whole again", [head, delta, done, end, completed([end.item])]],
    ["in deltas alone", [head, delta, completed([])]],
    ["at the end of the arguments", [head, done, completed([])]],
    ["at the end of the item", [end, completed([])]],
    ["at the end of the response", [completed([{ type: "reasoning", id: "rs" }, end.item])]],
  ])("are read %s", (_kind, events) => {
    expect(told(callsIn(read("responses", events)))).toEqual(one);
  });

  it("are none in a response that was cut", () => {
    const incomplete = { status: "incomplete", incomplete_details: { reason: "max_output_tokens" } };
    const events = [head, delta, { type: "response.incomplete", response: { ...incomplete, output: [end.item] } }];
    expect(callsIn(read("responses", events))).toEqual([]);
  });
});

describe("calls in a message", () => {
  const block = { type: "tool_use", id: "tool_1", name: "track_parcel", input: {} };
  const start = (content: object, index = 0) => ({ type: "content_block_start", index, content_block: content });
  const input = (json: string, index = 0) => ({
    type: "content_block_delta",
    index,
    delta: { type: "input_json_delta", partial_json: json },
  });
  const stop = (index = 0) => ({ type: "content_block_stop", index });
  const ended = (reason = "tool_use") => [
    { type: "message_delta", delta: { stop_reason: reason } },
    { type: "message_stop" },
  ];

  it.each([
    ["in pieces", [start(block), input(""), input('{"code"'), input(':"P 7"}'), stop(), ...ended()], one],
    ["with their input in the head", [start({ ...block, input: { code: "P 7" } }), stop(), ...ended()], one],
    [
      "without input",
      [start({ ...block, name: "opening_times" }), input(""), stop(), ...ended()],
      [["opening_times", {}]],
    ],
    [
      "beside those that the API has carried out itself",
      [
        start({ ...block, type: "mcp_tool_use" }),
        input(other),
        stop(),
        start({ ...block, type: "server_tool_use" }, 1),
        input(other, 1),
        stop(1),
        start(block, 2),
        input(parcel, 2),
        stop(2),
        ...ended(),
      ],
      one,
    ],
  ] as [string, unknown[], [string, unknown][]][])("are read %s", (_kind, events, expected) => {
    expect(told(callsIn(read("messages", events)))).toEqual(expected);
  });

  it("are read from an answer that was not streamed", () => {
    const content = [
      { type: "text", text: "Wait." },
      { ...block, input: { code: "P 7" } },
    ];
    expect(told(callsIn(read("messages", [{ type: "message", content, stop_reason: "tool_use" }])))).toEqual(one);
  });

  it("are none in a message that was cut, whatever could be made of half an input", () => {
    const text = { type: "text", text: "Wait." };
    const cut = [start(text), stop(), start(block, 1), input('{"code":"P 7"', 1), stop(1), ...ended("max_tokens")];
    expect(callsIn(read("messages", cut))).toEqual([]);
  });

  it("keep the thoughts before them, with their signatures", () => {
    const thinks = (delta: object) => ({ type: "content_block_delta", index: 0, delta });
    const events = [
      start({ type: "thinking", thinking: "" }),
      thinks({ type: "thinking_delta", thinking: "A parcel" }),
      thinks({ type: "signature_delta", signature: "c2ln" }),
      stop(),
      start(block, 1),
      input(parcel, 1),
      stop(1),
      ...ended(),
    ];
    const found = read("messages", events).events.find((event) => event.type === "calls");
    expect(found).toMatchObject({
      keep: { blocks: [{ type: "thinking", thinking: "A parcel", signature: "c2ln" }] },
    });
  });
});
