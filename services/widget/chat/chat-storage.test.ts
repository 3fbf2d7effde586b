import { describe, expect, it } from "vitest";
import { type Entry, openMemory } from "./chat-storage.ts";
import type { KeyValueStorage } from "./environment.ts";

const entry = (n: number): Entry => ({ key: `k${n}`, id: `id${n}`, text: `text ${n}`, order: n, timestamp: 1 });

/** As browsers have it, with so much room. */
class Kept implements KeyValueStorage {
  readonly map = new Map<string, string>();
  room = Number.POSITIVE_INFINITY;
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
    if (used + key.length + value.length > this.room) throw new Error("full");
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
    const storage = new Kept();
    const memory = openMemory(storage, ["https://a", "b", ""]);
    memory.set("draft", "half");
    memory.set("out/k1", entry(1));
    memory.set("erase/c", { conversationId: "c", token: "t" });
    const next = openMemory(storage, ["https://a", "b", ""]);
    expect(next.get("draft")).toBe("half");
    expect(next.list("out/")).toEqual([entry(1)]);
    expect(next.list("erase/")).toEqual([{ conversationId: "c", token: "t" }]);
    for (const parts of [
      ["https://a", "b", "c"],
      ["https://a", "b/"],
      ["https://a/b", ""],
      ["https://a", "", "b"],
    ]) {
      const other = openMemory(storage, parts);
      expect([other.get("draft"), other.list("out/")]).toEqual([undefined, []]);
    }
    next.set("out/k1", undefined);
    expect(memory.get("out/k1")).toBeUndefined();
    expect(next.concerns(`${next.name}out/k1`)).toBe(true);
    expect(next.concerns(null)).toBe(true);
    expect(next.concerns(`${next.name}draft`)).toBe(false);
    expect(next.concerns("somebody else's")).toBe(false);
  });

  it("lasts for the page when storage is absent or denied", () => {
    const storage = new Kept();
    storage.denied = true;
    for (const kept of [undefined, storage]) {
      const memory = openMemory(kept, ["x"]);
      memory.set("out/k1", entry(1));
      memory.set("out/k2", entry(2));
      memory.set("out/k1", undefined);
      expect(memory.list("out/")).toEqual([entry(2)]);
      expect(memory.get("out/k1")).toBeUndefined();
    }
    storage.denied = false;
    const memory = openMemory(storage, ["y"]);
    memory.set("out/k1", entry(1));
    storage.denied = true;
    memory.set("out/k2", entry(2));
    expect(memory.list("out/")).toEqual([entry(2)]);
    storage.denied = false;
    expect(memory.list("out/")).toHaveLength(2);
  });

  it("drops the newest page of the conversation for a message when both do not fit", () => {
    const storage = new Kept();
    const memory = openMemory(storage, ["x"]);
    const items = [
      { sender: "user", key: "k", id: "k", text: "x".repeat(500), timestamp: 1, delivery: "sent" },
    ] as const;
    memory.set("tail", { conversationId: "c", items });
    storage.room = 700;
    memory.set("out/k1", entry(1));
    const next = openMemory(storage, ["x"]);
    expect(next.list("out/")).toEqual([entry(1)]);
    expect(next.get("tail")).toBeUndefined();
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
    const storage = new Kept();
    const memory = openMemory(storage, ["x"]);
    storage.setItem(memory.name + key, json);
    expect(memory.get(key)).toBeUndefined();
    expect(storage.map.size).toBe(0);
  });
});
