import { describe, expect, it } from "vitest";
import type { ChatMessage, ChatState, ReplyMessage } from "./chat-state.ts";
import { eventsBetween } from "./chat-events.ts";

const nothing: ChatState = {
  ready: true,
  conversationId: undefined,
  messages: [],
  actions: [],
  answers: {},
  hasOlder: false,
  busy: false,
  notice: undefined,
  handling: { handledBy: "ai", lines: [] },
  assistant: undefined,
  assistantPending: false,
  consentAsked: false,
  draft: "",
};

describe("chat events for the page", () => {
  it("report each reply's end once", () => {
    const queued = withMessages(reply({ phase: "queued", text: "" }));
    const writing = withMessages(reply({ phase: "writing", text: "So" }));
    const complete = withMessages(reply({ phase: "complete", text: "So." }));
    expect(eventsBetween(nothing, queued)).toEqual([]);
    expect(eventsBetween(queued, writing)).toEqual([]);
    expect(eventsBetween(writing, complete)).toEqual([
      { type: "parley:reply", detail: { id: "1", text: "So.", status: "complete" } },
    ]);
    expect(eventsBetween(complete, withMessages(reply({ phase: "complete", text: "So.", rating: "up" })))).toEqual([]);
  });

  it("do not report earlier messages", () => {
    const complete = withMessages(reply({ phase: "complete", text: "Old." }));
    expect(eventsBetween({ ...nothing, ready: false }, complete)).toEqual([]);
    expect(eventsBetween(nothing, complete)).toEqual([]);
  });

  it("report people, but none whom only the history names", () => {
    const person = (key: string): ChatMessage => ({
      sender: "operator",
      key,
      id: key,
      text: `From ${key}`,
      timestamp: 1,
      operator: { name: "Ada" },
    });
    const before = { ...withMessages(reply({ phase: "complete", text: "So." })), conversationId: "one" };
    const after = (...messages: ChatMessage[]): ChatState => ({ ...before, messages });
    const one = { type: "parley:operator", detail: { id: "one", text: "From one", name: "Ada" } };
    expect(eventsBetween(before, after(...before.messages, person("one")))).toEqual([one]);
    expect(eventsBetween(before, after(person("old"), ...before.messages))).toEqual([]);
    expect(eventsBetween(before, { ...after(person("one")), conversationId: "two" })).toEqual([]);
    const taken: ChatState = { ...before, handling: { handledBy: "operator", operator: { name: "Ada" }, lines: [] } };
    expect(eventsBetween(before, taken)).toEqual([
      { type: "parley:handling", detail: { handledBy: "operator", name: "Ada" } },
    ]);
    expect(eventsBetween(taken, { ...taken, handling: { ...taken.handling, typing: "Ada" } })).toEqual([]);
  });

  it("report errors", () => {
    const writing = withMessages(reply({ phase: "writing", text: "So" }));
    const failed = withMessages(reply({ phase: "failed", text: "", failure: "No." }));
    expect(eventsBetween(writing, failed)).toEqual([
      { type: "parley:error", detail: { reason: "failed", message: "No." } },
    ]);
    const refused = withMessages({
      sender: "user",
      key: "b",
      text: "b",
      timestamp: 1,
      delivery: "refused",
      refusal: "Why.",
    });
    expect(eventsBetween(nothing, refused)).toEqual([
      { type: "parley:error", detail: { reason: "refused", message: "Why." } },
    ]);
    const busy = { ...nothing, notice: { kind: "busy", resumesAt: 1 } } as const;
    expect(eventsBetween(nothing, busy)).toMatchObject([{ detail: { reason: "busy" } }]);
    expect(eventsBetween(busy, { ...busy, notice: { kind: "busy", resumesAt: 2 } })).toEqual([]);
    expect(eventsBetween(busy, { ...nothing, notice: { kind: "offline" } })).toEqual([]);
  });
});

function withMessages(...messages: ChatMessage[]): ChatState {
  return { ...nothing, messages };
}

function reply(more: Pick<ReplyMessage, "phase" | "text"> & Partial<ReplyMessage>): ReplyMessage {
  return { sender: "ai", key: "a", id: "1", timestamp: 1, ...more };
}
