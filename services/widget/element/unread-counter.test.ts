import { describe, expect, it } from "vitest";
import type { ChatState, ReplyMessage } from "../chat/chat-state.ts";
import { openSafeStorage } from "./safe-storage.ts";
import { UnreadCounter } from "./unread-counter.ts";

describe("unread replies", () => {
  it("are those since the visitor last looked", () => {
    const unread = open();
    unread.markSeen(chat("1", "2"));
    expect(unread.count(chat("1", "2"))).toBe(0);
    expect(unread.count(chat("1", "2", "3", "4"))).toBe(2);
    unread.markSeen(chat("1", "2", "3", "4"));
    expect(unread.count(chat("1", "2", "3", "4"))).toBe(0);
  });

  it("start at zero and count all later ones", () => {
    const unread = open();
    expect(unread.count(chat("1"))).toBe(0);
    expect(unread.count(chat("1", "2"))).toBe(1);
  });

  it("are those after the one seen last, also once that one was replaced elsewhere", () => {
    const unread = open();
    unread.markSeen(chat("1", "2", "3"));
    expect(unread.count(chat("1", "2", "4"))).toBe(1);
    expect(unread.count(chat("1", "2"))).toBe(0);
  });

  it("count from the start of a conversation never looked at", () => {
    const unread = open();
    unread.markSeen(chat());
    expect(unread.count(chat("1"))).toBe(1);
  });

  it("are counted once a reply is complete and the chat is known", () => {
    const unread = open();
    unread.markSeen(chat("1"));
    const writing: ReplyMessage = { sender: "ai", key: "2", text: "So", timestamp: 1, phase: "writing" };
    expect(unread.count({ ...chat("1"), messages: [...chat("1").messages, writing] })).toBe(0);
    expect(unread.count({ ...chat("1", "2"), ready: false })).toBe(0);
  });

  it("survive page changes where storage allows", () => {
    const kept = new Map<string, string>();
    const storage = {
      getItem: (key: string) => kept.get(key) ?? null,
      setItem: (key: string, value: string) => kept.set(key, value),
    };
    open(storage).markSeen(chat("1"));
    expect(open(storage).count(chat("1", "2"))).toBe(1);
  });
});

type Kept = Pick<Storage, "getItem" | "setItem">;

function open(storage?: { getItem: Kept["getItem"]; setItem: (key: string, value: string) => unknown }): UnreadCounter {
  const memory = openSafeStorage(() => {
    if (storage === undefined) throw new DOMException("denied", "SecurityError");
    return storage as Storage;
  });
  return new UnreadCounter(memory, "https://chat.example", undefined);
}

function chat(...ids: string[]): ChatState {
  const messages = ids.map((id): ReplyMessage => ({
    sender: "ai",
    key: id,
    id,
    text: "So.",
    timestamp: 1,
    phase: "complete",
  }));
  return {
    ready: true,
    conversationId: "c",
    messages,
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
}
