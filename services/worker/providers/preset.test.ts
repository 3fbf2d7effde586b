import { describe, expect, it } from "vitest";
import type { Preset } from "../../../shared/assistants/assistants.ts";
import { choosePreset, createPresetProvider } from "./preset.ts";
import type { ProviderRequest } from "./provider.ts";
import { collect, streamingSuite, testRequest } from "./provider.testsuite.ts";

const anHourMs = 3_600_000;

function ask(message: string, ...presets: Preset[]): ProviderRequest {
  return {
    ...testRequest,
    assistant: { ...testRequest.assistant, presets },
    prompt: [{ role: "user", text: message }],
  };
}

function reply(text: string, ...keywords: string[]): Preset {
  return { keywords, reply: text };
}

const otherwise: Preset = { keywords: [], reply: "Could you tell me more?", default: true };

streamingSuite("preset", {
  request: ask("Hello", otherwise),
  whole: () => createPresetProvider({ wordMs: 0 }),
  halted: () => createPresetProvider({ wordMs: anHourMs }),
});

describe("preset provider", () => {
  it.each([
    "One.",
    "  Two  spaces, kept \n",
    "**Markdown:**\n\n1. first\n2. second\n\n`code`",
    "Family 👩‍👩‍👧 and 👋🏽, done! 🎉",
    "返品は三十日以内に承ります。送料は無料です。",
    "🎉",
    " ",
  ])("streams exactly the reply %j", async (text) => {
    const { text: streamed, finish } = await collect(createPresetProvider({ wordMs: 0 }), {
      request: ask("Hello", { ...otherwise, reply: text }),
    });
    expect(streamed).toBe(text);
    expect(finish).toMatchObject({ finishReason: "stop", usage: { inputTokens: 0, outputTokens: 0 } });
  });

  it.each([
    ["It is on its way! 📦", ["It ", "is ", "on ", "its ", "way! 📦"]],
    ["送料は無料です。", ["送料", "は", "無料", "です。"]],
  ])("streams %j word by word", async (text, words) => {
    const { events } = await collect(createPresetProvider({ wordMs: 0 }), {
      request: ask("Hello", { ...otherwise, reply: text }),
    });
    expect(events.map((event) => (event.type === "delta" ? event.text : event.type))).toEqual([...words, "finish"]);
  });

  it("pauses between words", async () => {
    const began = performance.now();
    await collect(createPresetProvider({ wordMs: 10 }), {
      request: ask("Hello", { ...otherwise, reply: "one two three" }),
    });
    // Timers of 10 ms may fire a millisecond early.
    expect(performance.now() - began).toBeGreaterThanOrEqual(18);
  });

  it("answers the last message only", async () => {
    const request = ask("My refund?", reply("Orders!", "order"), reply("Refunds!", "refund"), otherwise);
    const prompt = [{ role: "user", text: "My order?" } as const, ...request.prompt];
    expect((await collect(createPresetProvider({ wordMs: 0 }), { request: { ...request, prompt } })).text).toBe(
      "Refunds!",
    );
  });
});

describe("choice of a preset", () => {
  it("is the default without a keyword in the message", () => {
    expect(choose("What about tomatoes?", reply("Orders!", "order"))).toBe(otherwise.reply);
    expect(choose("", reply("Orders!", "order"))).toBe(otherwise.reply);
  });

  it("does not depend on the position of the default", () => {
    expect(choosePreset([otherwise, reply("Orders!", "order")], "my order").reply).toBe("Orders!");
  });

  it.each([
    ["my order", "order"],
    ["MY ORDER!", "order"],
    ["(order)", "order"],
    ["order", "Order"],
    ["Where is my\n  order?", "where is my order"],
    ["Where’s it?", "where's it"],
    ["What is C++?", "c++"],
    ["ÜBERWEISUNG?", "überweisung"],
    ["nai\u0308ve", "naïve"],
    ["где мой ЗАКАЗ?", "заказ"],
    ["返品したいです", "返品"],
    ["ﾛｸﾞｲﾝできない", "ログイン"],
    ["APIキーを教えて", "api"],
    ["배송은 언제 오나요", "배송"],
    ["ผมอยากคืนสินค้าครับ", "คืนสินค้า"],
    ["yes 👍", "👍"],
  ])("for %j is the one with the keyword %j", (message, keyword) => {
    expect(choose(message, reply("Found", keyword))).toBe("Found");
  });

  it.each([
    ["I want to reorder", "order"],
    ["border", "order"],
    ["orders", "order"],
    ["order_id", "order"],
    ["ordér", "orde"],
    ["where my order is", "where is my order"],
    ["заказы", "заказ"],
    ["anything", " "],
    ["abc", "a.c"],
  ])("for %j is not the one with the keyword %j", (message, keyword) => {
    expect(choose(message, reply("Found", keyword))).toBe(otherwise.reply);
  });

  it("prefers the longest keyword", () => {
    expect(choose("return my order", reply("Orders!", "order"), reply("Returns!", "return"))).toBe("Returns!");
    expect(choose("order status", reply("Orders!", "order"), reply("Status!", "order status"))).toBe("Status!");
  });

  it("prefers more keywords if they are longer together", () => {
    const message = "hello, refund or exchange";
    expect(choose(message, reply("Hi!", "hello"), reply("Returns!", "refund", "exchange"))).toBe("Returns!");
    expect(choose("to be or not", reply("Two", "to", "be"), reply("One", "not"))).toBe("Two");
  });

  it("takes the first in the file on a tie", () => {
    expect(choose("left or best", reply("First", "left"), reply("Second", "best"))).toBe("First");
    expect(choose("left or best", reply("Second", "best"), reply("First", "left"))).toBe("Second");
  });

  it("takes a weak preset only if no other has a keyword in the message", () => {
    const hello: Preset = { ...reply("Hi!", "good afternoon"), weak: true };
    expect(choose("Good afternoon, a refund!", hello, reply("Returns!", "refund"))).toBe("Returns!");
    expect(choose("Good afternoon!", hello, reply("Returns!", "refund"))).toBe("Hi!");
  });

  it("takes no fallback preset unless there are no others", () => {
    const busy: Preset = { ...reply("Busy!"), fallback: true };
    const german: Preset = { ...reply("Viel los!", "bitte"), fallback: true };
    expect(choose("bitte", busy, german)).toBe(otherwise.reply);
    expect(choosePreset([{ ...busy, default: true }, german], "bitte").reply).toBe("Viel los!");
    expect(choosePreset([{ ...busy, default: true }, german], "please").reply).toBe("Busy!");
  });

  it("throws without a default", () => {
    expect(() => choosePreset([reply("Orders!", "order")], "tomatoes")).toThrow(RangeError);
  });
});

function choose(message: string, ...presets: Preset[]): string {
  return choosePreset([...presets, otherwise], message).reply;
}
