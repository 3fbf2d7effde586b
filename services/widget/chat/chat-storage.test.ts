import { describe, expect, it } from "vitest";
import { type OutboxEntry, openChatStorage } from "./chat-storage.ts";
import type { KeyValueStorage } from "./environment.ts";

const entry = (n: number): OutboxEntry => ({ key: `k${n}`, id: `id${n}`, text: `text ${n}`, order: n, timestamp: 1 });

/** As browsers have it, with so much room. */
class BoundedStorage implements KeyValueStorage {
  readonly map = new Map<string, string>();
  capacity = Number.POSITIVE_INFINITY;
  denied = false;

  get length(): number {
    return this.#open().size;
  }

  key(index: number): string | null {
    return [...this.#open().keys()][index] ?? null;
  }

  getItem(key: string): string | null {
    return this.#open().get(key) ?? null;
  }

  setItem(key: string, value: string): void {
    const others = [...this.#open()].filter(([other]) => other !== key);
    const used = others.reduce((sum, [other, text]) => sum + other.length + text.length, 0);
    if (used + key.length + value.length > this.capacity) throw new Error("full");
    this.map.set(key, value);
  }

  removeItem(key: string): void {
    this.#open().delete(key);
  }

  #open(): Map<string, string> {
    if (this.denied) throw new Error("denied");
    return this.map;
  }
}

describe("chat memory", () => {
  it("is available to the next page of the same chat only", () => {
    const storage = new BoundedStorage();
    const chatStorage = openChatStorage(storage, ["https://a", "b", ""]);
    chatStorage.set("draft", "half");
    chatStorage.set("out/k1", entry(1));
    chatStorage.set("erase/c", { conversationId: "c", token: "t" });
    const next = openChatStorage(storage, ["https://a", "b", ""]);
    expect(next.get("draft")).toBe("half");
    expect(next.list("out/")).toEqual([entry(1)]);
    expect(next.list("erase/")).toEqual([{ conversationId: "c", token: "t" }]);
    for (const parts of [
      ["https://a", "b", "c"],
      ["https://a", "b/"],
      ["https://a/b", ""],
      ["https://a", "", "b"],
    ]) {
      const other = openChatStorage(storage, parts);
      expect([other.get("draft"), other.list("out/")]).toEqual([undefined, []]);
    }
    next.set("out/k1", undefined);
    expect(chatStorage.get("out/k1")).toBeUndefined();
    expect(next.isShared(`${next.name}out/k1`)).toBe(true);
    expect(next.isShared(null)).toBe(true);
    expect(next.isShared(`${next.name}draft`)).toBe(false);
    expect(next.isShared("somebody else's")).toBe(false);
  });

  it("lasts for the page when storage is absent or denied", () => {
    const storage = new BoundedStorage();
    storage.denied = true;
    for (const kept of [undefined, storage]) {
      const chatStorage = openChatStorage(kept, ["x"]);
      chatStorage.set("out/k1", entry(1));
      chatStorage.set("out/k2", entry(2));
      chatStorage.set("out/k1", undefined);
      expect(chatStorage.list("out/")).toEqual([entry(2)]);
      expect(chatStorage.get("out/k1")).toBeUndefined();
    }
    storage.denied = false;
    const chatStorage = openChatStorage(storage, ["y"]);
    chatStorage.set("out/k1", entry(1));
    storage.denied = true;
    chatStorage.set("out/k2", entry(2));
    expect(chatStorage.list("out/")).toEqual([entry(1), entry(2)]);
    storage.denied = false;
    expect(chatStorage.list("out/")).toHaveLength(2);
  });

  it("drops the newest page of the conversation for a message when both do not fit", () => {
    const storage = new BoundedStorage();
    const chatStorage = openChatStorage(storage, ["x"]);
    const items = [
      { sender: "user", key: "k", id: "k", text: "x".repeat(500), timestamp: 1, delivery: "sent" },
    ] as const;
    chatStorage.set("tail", { conversationId: "c", items });
    storage.capacity = 700;
    chatStorage.set("out/k1", entry(1));
    const next = openChatStorage(storage, ["x"]);
    expect(next.list("out/")).toEqual([entry(1)]);
    expect(next.get("tail")).toBeUndefined();
  });

  it("is kept in memory where the storage keeps nothing, or lists nothing", () => {
    const nothing = {
      length: 0,
      key: () => null,
      getItem: () => null,
      setItem: () => undefined,
      removeItem: () => undefined,
    };
    const values = new Map<string, string>();
    const unlisted = {
      getItem: (key: string) => values.get(key) ?? null,
      setItem: (key: string, value: string) => void values.set(key, value),
      removeItem: (key: string) => void values.delete(key),
    };
    for (const storage of [nothing, unlisted as BoundedStorage]) {
      const chatStorage = openChatStorage(storage, ["x"]);
      chatStorage.set("out/k1", entry(1));
      chatStorage.set("draft", "half");
      expect([chatStorage.get("draft"), chatStorage.list("out/")]).toEqual(["half", [entry(1)]]);
      chatStorage.set("out/k1", undefined);
      expect(chatStorage.list("out/")).toEqual([]);
    }
  });

  it("is restored after other code cleared the storage, without what this chat removed in any tab", () => {
    const storage = new BoundedStorage();
    const [one, other] = [openChatStorage(storage, ["x"]), openChatStorage(storage, ["x"])];
    for (const n of [1, 2, 3]) one.set(`out/k${n}`, entry(n));
    one.set("draft", "half");
    expect(other.list("out/")).toHaveLength(3);
    other.set("out/k2", undefined);
    expect(one.list("out/")).toEqual([entry(1), entry(3)]);
    storage.map.clear();
    one.set("out/k3", undefined);
    expect(one.list("out/")).toEqual([entry(1)]);
    expect(one.get("draft")).toBe("half");
    expect(openChatStorage(storage, ["x"]).list("out/")).toEqual([entry(1)]);
  });

  it("is restored where another tab has written first after the storage was cleared", () => {
    const storage = new BoundedStorage();
    const chatStorage = openChatStorage(storage, ["x"]);
    chatStorage.set("conversation", { conversationId: "c", token: "t" });
    storage.map.clear();
    openChatStorage(storage, ["x"]).set("draft", "new");
    expect(chatStorage.get("conversation")).toEqual({ conversationId: "c", token: "t" });
    expect(chatStorage.get("draft")).toBe("new");
  });

  it.each([
    ["conversation", "7"],
    ["conversation", '{"token":"t"}'],
    ["conversation", '{"conversationId":"c","token":"no\\nheader"}'],
    ["conversation", '{"conversationId":"c","token":7}'],
    ["tail", '{"conversationId":"c","items":[7]}'],
    ["tail", '{"conversationId":"c","items":[{"key":"k","text":"t","delivery":"flying"}]}'],
    ["draft", "{}"],
    ["draft", "unquoted"],
    ["out/k1", "[]"],
    ["out/k1", '{"key":"k1","id":"i","text":"one","order":1,"request":{"message":"another"}}'],
    ["out/k1", '{"key":"k1","id":"i","text":"one","order":null}'],
    ["erase/c", "null"],
  ] as const)("is dropped where it is corrupt: %s as %s", (key, json) => {
    const storage = new BoundedStorage();
    const chatStorage = openChatStorage(storage, ["x"]);
    storage.setItem(chatStorage.name + key, json);
    expect(chatStorage.get(key)).toBeUndefined();
    expect(storage.map.size).toBe(0);
  });
});
