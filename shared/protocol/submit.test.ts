import fc from "fast-check";
import { inputMessage } from "./input-messages.ts";
import { describe, expect, it } from "vitest";
import { submitRequest } from "./submit.ts";

const maxChars = 10;
const request = submitRequest(maxChars);
const uuid = "0190a7e4-7c1b-4d3e-9f52-0a1b2c3d4e5f";

/** The paths and messages of what is wrong with a body; empty when nothing is. */
function faults(body: unknown): string[] {
  const parsed = request.safeParse(body, { error: inputMessage });
  return parsed.success ? [] : parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
}

/** UTF-16 as a careless client may send it: anything, with what needs care much more often than by chance. */
const anyText = fc
  .array(fc.constantFrom("a", " ", "\n", "é", "漢", "🙂", "\0", "\ud83d", "\ude00", "\u200b", "\ufeff", "\u00a0"), {
    maxLength: 16,
  })
  .map((parts) => parts.join(""));

describe("message", () => {
  it("is trimmed", () => {
    expect(request.parse({ message: " \t\r\n Hello \u00a0\ufeff" }).message).toBe("Hello");
  });

  it("is limited in code points, after trimming", () => {
    expect(faults({ message: "🙂".repeat(maxChars) })).toEqual([]);
    expect(faults({ message: `   ${"x".repeat(maxChars)}   ` })).toEqual([]);
    expect(faults({ message: "🙂".repeat(maxChars + 1) })).toEqual(["message: must have at most 10 characters"]);
    expect(faults({ message: "x".repeat(maxChars + 1) })).toEqual(["message: must have at most 10 characters"]);
  });

  it.each([
    [{}, "message: is required"],
    [{ message: 7 }, "message: must be text, not a number"],
    [{ message: "" }, "message: must not be empty"],
    [{ message: " \n\t " }, "message: must not be empty"],
    [{ message: "\u200b\u2800 \u3164" }, "message: must not be empty: no character of it is visible"],
    [{ message: "a\0b" }, "message: must not contain U+0000"],
    [{ message: "a\ud83d" }, "message: must not contain lone surrogates"],
    [{ message: "\ude00a" }, "message: must not contain lone surrogates"],
  ])("is refused as %j", (body, expected) => {
    const found = faults(body);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(expected);
  });

  it("is accepted exactly if it can be stored and is neither empty nor too long", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const trimmed = text.trim();
        const count = Array.from(trimmed).length;
        const shows = /[aé漢🙂😀]/u.test(trimmed);
        const fit = !text.includes("\0") && text.isWellFormed() && shows && count <= maxChars;
        const parsed = request.safeParse({ message: text });
        expect(parsed.data).toEqual(fit ? { message: trimmed } : undefined);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("request body", () => {
  it("is an object", () => {
    for (const body of [undefined, null, [], "Hello", 7]) expect(faults(body)).toHaveLength(1);
  });

  it("is rejected with every fault named", () => {
    expect(faults({ message: "", conversationId: "7", history: "none" })).toHaveLength(3);
  });

  it("may have unknown fields, which are dropped", () => {
    expect(request.parse({ message: "Hello", extra: true })).toEqual({ message: "Hello" });
  });
});

describe("conversation id", () => {
  it("has two names and one canonical form", () => {
    expect(request.parse({ message: "a", sessionId: uuid.toUpperCase() }).sessionId).toBe(uuid);
    expect(faults({ message: "a", conversationId: uuid, sessionId: uuid.toUpperCase() })).toEqual([]);
  });

  it("must be equal under both names", () => {
    const other = uuid.replace("5f", "60");
    expect(faults({ message: "a", conversationId: uuid, sessionId: other })).toEqual([
      "sessionId: must equal conversationId: both name the same conversation",
    ]);
  });

  it.each(["", "7", `${uuid} `, `{${uuid}}`, uuid.replaceAll("-", "")])("is not %j", (id) => {
    expect(faults({ message: "a", conversationId: id })).toEqual(["conversationId: must be a UUID"]);
  });
});

describe("fields for new conversations only", () => {
  const history = [{ text: "Hello", sender: "user", timestamp: 1 }];

  it.each([
    ["history", history],
    ["threadId", "thread_1"],
  ])("%s is refused for one that exists, under either name", (field, value) => {
    expect(faults({ message: "a", [field]: value })).toEqual([]);
    for (const name of ["conversationId", "sessionId"]) {
      const expected = [`${field}: is allowed for new conversations only`];
      expect(faults({ message: "a", [field]: value, [name]: uuid })).toEqual(expected);
    }
  });

  it("include a history of at most fifty turns, each a whole message", () => {
    const turn = { text: " Hello ", sender: "ai", timestamp: 1_700_000_000_000 };
    const fifty = Array.from({ length: 50 }, () => turn);
    expect(request.parse({ message: "a", history: fifty }).history?.[49]).toEqual({ ...turn, text: "Hello" });
    expect(faults({ message: "a", history: [...fifty, turn] })).toHaveLength(1);
    for (const fault of [
      { text: "" },
      { text: "\u200b" },
      { text: "a\0" },
      { sender: "system" },
      { timestamp: -1 },
      { timestamp: 1.5 },
      { timestamp: 8_640_000_000_000_001 },
      { timestamp: "2026-01-01" },
      { id: "1" },
    ]) {
      expect(faults({ message: "a", history: [{ ...turn, ...fault }] })[0]).toContain("history.0");
    }
    expect(new Date(8_640_000_000_000_000).getTime()).toBe(8_640_000_000_000_000);
    expect(faults({ message: "a", history: [{ ...turn, timestamp: 8_640_000_000_000_000 }] })).toEqual([]);
  });
});

describe("oversized field", () => {
  const many = 50_000;

  it.each([
    [
      "history of nothing",
      { history: Array.from({ length: many }, () => ({})) },
      "history: must have at most 50 messages",
    ],
    [
      "history of numbers",
      { history: Array.from({ length: many }, () => 1) },
      "history: must have at most 50 messages",
    ],
    [
      "metadata of many entries",
      { metadata: Object.fromEntries(Array.from({ length: many }, (_, index) => [`k${index}`, 1])) },
      "metadata: must have at most 2048 bytes as JSON",
    ],
  ])("is one fault, and no item is looked at: %s", (_, fields, expected) => {
    let reads = 0;
    const watched = Object.fromEntries(
      Object.entries<object>(fields).map(([name, value]) => [
        name,
        new Proxy(value, {
          get: (target, key, receiver) => {
            if (typeof key === "string" && key !== "length" && key !== "constructor") reads += 1;
            return Reflect.get(target, key, receiver) as unknown;
          },
        }),
      ]),
    );
    expect(faults({ message: "a", ...watched })).toEqual([expected]);
    expect(reads).toBe(0);
  });
});

describe("metadata", () => {
  it("is a flat object of short strings", () => {
    expect(request.parse({ message: "a", metadata: { page: "/a", locale: "" } }).metadata).toEqual({
      page: "/a",
      locale: "",
    });
    for (const metadata of [
      { a: 1 },
      { a: null },
      { a: { b: "c" } },
      { a: ["b"] },
      [],
      "a",
      { ["k".repeat(65)]: "v" },
      { k: "v".repeat(1025) },
      { k: "\0" },
      { k: "\ud83d" },
      { "\ude00": "v" },
    ]) {
      expect(faults({ message: "a", metadata }), JSON.stringify(metadata)).not.toEqual([]);
    }
  });

  it("is limited to 2 KB, as UTF-8 bytes of its JSON", () => {
    // With what stands around the two: {"k":"","l":""}.
    const most = { k: "x".repeat(1024), l: "x".repeat(2048 - 1024 - 15) };
    expect(faults({ message: "a", metadata: most })).toEqual([]);
    expect(faults({ message: "a", metadata: { ...most, l: `${most.l}x` } })).toEqual([
      "metadata: must have at most 2048 bytes as JSON",
    ]);
    expect(faults({ message: "a", metadata: { k: "漢".repeat(681) } })).toHaveLength(1);
    expect(faults({ message: "a", metadata: { k: "漢".repeat(680) } })).toEqual([]);
  });

  it("is stored as sent, whatever its keys", () => {
    const metadata: unknown = JSON.parse('{"constructor":"a","toString":"b","0":"c"}');
    expect(request.parse({ message: "a", metadata }).metadata).toEqual(metadata);
  });

  it("changes no other field if a key is called __proto__", () => {
    const metadata: unknown = JSON.parse('{"__proto__":"a","page":"/b"}');
    const parsed = request.safeParse({ message: "a", metadata });
    expect(Object.getPrototypeOf(parsed.data?.metadata ?? {})).toBe(Object.prototype);
    expect(parsed.data?.metadata?.["page"]).toBe("/b");
  });
});
