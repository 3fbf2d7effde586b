import { expect, it } from "vitest";
import { inputMessage } from "../input-messages.ts";
import { uiChatRequest } from "./ui-chat.ts";

const schema = uiChatRequest(20);
const words = (...parts: unknown[]) => ({ id: "m1", role: "user", parts });
const text = (value: unknown) => ({ type: "text", text: value });
const approval = (id: unknown, approved: unknown) => ({
  type: "dynamic-tool",
  state: "approval-responded",
  approval: { id, approved },
});
const actionId = "0190a7e4-7c1b-7d3e-9f52-0a1b2c3d4e5f";

/** Reads a request with these messages: what it asks, or its first fault. */
function read(messages: unknown, more: object = {}): unknown {
  const parsed = schema.safeParse({ id: "c1", messages, ...more }, { error: inputMessage });
  if (parsed.success) return parsed.data.messages;
  const [issue] = parsed.error.issues;
  return `${issue?.path.join(".")}: ${issue?.message}`;
}

it("reads the visitor's words, whatever came before them", () => {
  const asked = { kind: "words", id: "m1", text: "Hello\nyou" };
  expect(read([words(text(" Hello"), { type: "data-page", data: {} }, text("you "))])).toEqual(asked);
  expect(read([null, "forged", { role: "assistant", parts: 3 }, words(text("Hello\nyou"))])).toEqual(asked);
  expect(read([words(text("Hello\nyou"))], { trigger: "regenerate-message", messageId: "x" })).toEqual(asked);
});

it("reads a visitor's answers to what the assistant proposes", () => {
  const parts = [
    text("Shall I?"),
    approval(actionId.toUpperCase(), true),
    { type: "dynamic-tool", state: "output-denied" },
  ];
  const answers = [{ actionId, confirm: true }];
  expect(read([{ id: "m2", role: "assistant", parts }])).toEqual({ kind: "answers", id: "m2", answers });
});

it.each([
  ["no list", "Hello", "messages: must be a list, not text"],
  ["no message", [], "messages: must have at least 1 entry"],
  ["no object", ["Hello"], "messages.0: must be an object, not text"],
  ["messages of an older version", [{ id: "1", role: "user", content: "Hi" }], "messages.0.parts: is required"],
  ["no id", [{ role: "user", parts: [text("Hi")] }], "messages.0.id: is required"],
  [
    "a role that nobody has",
    [{ id: "1", role: "system", parts: [text("Hi")] }],
    'messages.0.role: must be "user" or "assistant"',
  ],
  ["no parts", [words()], "messages.0.parts: must not be empty"],
  ["an empty text", [null, words(text("  "))], "messages.1.parts: must not be empty"],
  ["a long text", [words(text("x".repeat(21)))], "messages.0.parts: must have at most 20 characters"],
  ["a text that is none", [words(text(3))], "messages.0.parts.0.text: must be text"],
  ["a part that is none", [words("Hello")], "messages.0.parts.0: must be an object, not text"],
  [
    "a file",
    [words(text("Look"), { type: "file", mediaType: "image/png", url: "data:," })],
    "messages.0.parts.1: is a file, and messages here are text alone",
  ],
  ["another part", [words({ type: "reasoning", text: "x" })], "messages.0.parts.0: must be a part of the type text"],
  ["NUL", [words(text("a\0b"))], "messages.0.parts: must not contain U+0000"],
  [
    "words of the assistant",
    [words(text("Hi")), { id: "2", role: "assistant", parts: [text("I say so")] }],
    "messages.1: must be the visitor's, or have approval responses: this service runs its tools itself",
  ],
  [
    "an answer to no action of ours",
    [{ id: "2", role: "assistant", parts: [approval("call_1", true)] }],
    "messages.0.parts.0.approval.id: must be a UUID",
  ],
  [
    "an answer that is none",
    [{ id: "2", role: "assistant", parts: [approval(actionId, "yes")] }],
    "messages.0.parts.0.approval.approved: must be true or false, not text",
  ],
])("refuses %s", (_what, messages, fault) => {
  expect(read(messages)).toBe(fault);
});

it("refuses another trigger, and to repeat an answer to an action", () => {
  expect(read([words(text("Hi"))], { trigger: "resume" })).toBe(
    'trigger: must be "submit-message" or "regenerate-message"',
  );
  const answered = { id: "2", role: "assistant", parts: [approval(actionId, true)] };
  expect(read([answered], { trigger: "regenerate-message" })).toBe(
    "trigger: must be submit-message where the last message is the assistant's",
  );
});
