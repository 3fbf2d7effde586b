import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { assistantsPath, readAssistants } from "./assistants.ts";
import { ConfigError } from "../config/config.ts";
import { listIn, wordLists, textIn } from "./localized-text.ts";

const shipped = path.join(import.meta.dirname, "../..", assistantsPath);

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "parley-assistants-"));
});
afterAll(() => rm(folder, { recursive: true }));

describe("shipped assistants", () => {
  it("are valid: one for customers, one for technical questions", async () => {
    const assistants = await readAssistants(shipped);
    expect([...assistants.keys()]).toEqual(["default", "technical"]);
  });

  it("leave provider and model to the configuration", async () => {
    for (const assistant of (await readAssistants(shipped)).values()) {
      expect(assistant.provider).toBeUndefined();
      expect(assistant.model).toBeUndefined();
    }
  });

  it("have something to say at the start, and no keyword twice", async () => {
    for (const { greeting, suggestions, presets } of (await readAssistants(shipped)).values()) {
      expect(textIn(greeting ?? "", "en")).toMatch(/\w/);
      expect(listIn(suggestions ?? [], "en")).not.toHaveLength(0);
      for (const flag of [true, undefined]) {
        const lists = presets.filter(({ fallback }) => fallback === flag).flatMap((each) => wordLists(each.keywords));
        const keywords = lists.flatMap(([language, words]) => words.map((word) => `${language} ${word}`));
        expect(keywords).toEqual([...new Set(keywords)]);
      }
    }
  });

  it("apologise in eight languages when no provider answers, in English for other languages", async () => {
    for (const { presets } of (await readAssistants(shipped)).values()) {
      const busy = presets.filter(({ fallback }) => fallback);
      expect(busy.map(({ reply }) => Object.keys(reply))).toEqual([["en", "de", "fr", "es", "pt", "ja", "zh", "ar"]]);
      // Languages of one script are told by their words.
      expect(Object.keys(busy[0]?.keywords ?? {})).toEqual(["en", "de", "fr", "es", "pt"]);
    }
  });
});

describe("assistants file", () => {
  const usual = { default: true, reply: "How can I help?" };
  const busy = { fallback: true, reply: "Please try again in a minute." };
  const assistant = { name: "Shop", description: "Sells", instructions: "Be kind.", presets: [usual, busy] };

  it("gets defaults for omitted fields", async () => {
    const assistants = await read({ assistants: { default: assistant } });
    expect(assistants.get("default")).toEqual({
      ...assistant,
      maxOutputTokens: 1024,
      maxHistoryTokens: 32_000,
      state: "own",
      presets: [
        { ...usual, keywords: [] },
        { ...busy, keywords: [] },
      ],
    });
  });

  it("normalises link hosts as browsers do", async () => {
    const allowedLinkHosts = ["Example.COM", "*.Example.com", "bücher.example", "localhost"];
    const assistants = await read(withDefault({ allowedLinkHosts }));
    expect(assistants.get("default")?.allowedLinkHosts).toEqual([
      "example.com",
      "*.example.com",
      "xn--bcher-kva.example",
      "localhost",
    ]);
  });

  it.each(["", "*", "*.", "https://example.com", "example.com/a", "example.com:443", "a.*.com", "*.*.com", "a b"])(
    "has no links to %j",
    async (host) => {
      const error = await refusal(read(withDefault({ allowedLinkHosts: [host] })));
      expect(error.message).toContain("assistants.default.allowedLinkHosts.0: expected a host");
    },
  );

  it.each<[string, unknown, string, RegExp]>([
    ["nothing", {}, "assistants", /is required/],
    ["no default assistant", { assistants: { shop: assistant } }, "assistants", /named "default"/],
    ["a field missing", withDefault({ instructions: undefined }), "assistants.default.instructions", /is required/],
    ["a field misspelt", withDefault({ instruction: "x" }), "assistants.default", /"instruction"/],
    ["an unknown provider", withDefault({ provider: "oracle" }), "assistants.default.provider", /"preset"/],
    ["too many tokens", withDefault({ maxOutputTokens: 1e9 }), "assistants.default.maxOutputTokens", /at most 100000/],
    ["an unknown fallback", withDefault({ fallback: ["oracle"] }), "assistants.default.fallback.0", /"preset"/],
    [
      "an empty keyword",
      withPreset({ keywords: ["a", ""] }),
      "assistants.default.presets.2.keywords.1",
      /at least 1 character$/,
    ],
    ["an empty reply", withPreset({ reply: " \n" }), "assistants.default.presets.2.reply", /expected text/],
    ["two default presets", withPreset({ default: true }), "assistants.default.presets", /exactly one preset/],
    ["no default preset", withDefault({ presets: [{ reply: "x" }] }), "assistants.default.presets", /exactly one/],
    ["nothing for when all fail", withDefault({ presets: [usual] }), "assistants.default.presets", /"fallback": true/],
    ["an excuse as default", withPreset({ default: true, fallback: true }), "presets.2", /not both/],
    [
      "no text at all as name",
      withDefault({ name: 7 }),
      "assistants.default.name",
      /expected text, or texts by language/,
    ],
    ["no languages", withDefault({ greeting: {} }), "assistants.default.greeting", /at least one language/],
    ["an unreadable tag", withDefault({ greeting: { "de de": "x" } }), "default.greeting", /language tag like "de"/],
    ["an empty text", withDefault({ greeting: { de: "" } }), "assistants.default.greeting.de", /expected text/],
    ["a language twice", withDefault({ greeting: { "de-at": "x", "de-AT": "y" } }), "greeting.de-AT", /de-AT once/],
    ["a notice that is no text", withDefault({ aiNotice: true }), "default.aiNotice", /texts by language, or false/],
    ["an empty notice", withDefault({ aiNotice: { de: " " } }), "default.aiNotice.de", /expected text/],
    ["an agreement that is no choice", withDefault({ consent: "yes" }), "default.consent", /true or false/],
    ["a picture that is no address", withDefault({ avatarUrl: "/face.png" }), "default.avatarUrl", /like https:/],
    ["a picture of no web", withDefault({ avatarUrl: "data:image/png;base64," }), "default.avatarUrl", /like https:/],
    ["an address of no web", withDefault({ privacyUrl: "ftp://a.example" }), "default.privacyUrl", /like https:/],
    ["an empty suggestion", withDefault({ suggestions: ["a", ""] }), "default.suggestions.1", /expected text/],
    ["too many suggestions", withDefault({ suggestions: { de: "abcdefg".split("") } }), "suggestions.de", /at most 6/],
    ["a type that is no word", { assistants: { default: assistant, "My Bot": assistant } }, "My Bot", /lower-case/],
  ])("with %s is refused, naming file, path and what was expected", async (_, content, where, expected) => {
    const error = await refusal(read(content));
    expect(error.message).toContain(path.join(folder, "assistants.json"));
    expect(error.message).toContain(where);
    expect(error.message).toMatch(expected);
  });

  it("is rejected with all of its faults at once", async () => {
    const error = await refusal(read(withDefault({ name: "", description: 7 })));
    expect(error.message).toContain("2 fault(s)");
    expect(error.message).toContain("assistants.default.name");
    expect(error.message).toContain("assistants.default.description");
  });

  it("is rejected with its path if it is not JSON", async () => {
    const error = await refusal(read('{ "assistants": '));
    expect(error.message).toMatch(/assistants\.json: expected JSON/);
  });

  it("is rejected with its path if it is missing", async () => {
    const error = await refusal(readAssistants(path.join(folder, "none.json")));
    expect(error.message).toMatch(/none\.json: cannot be read \(ENOENT\)/);
  });

  function withDefault(changes: object) {
    return { assistants: { default: { ...assistant, ...changes } } };
  }

  function withPreset(changes: object) {
    return withDefault({ presets: [usual, busy, { reply: "x", ...changes }] });
  }
});

async function read(content: unknown) {
  const file = path.join(folder, "assistants.json");
  await writeFile(file, typeof content === "string" ? content : JSON.stringify(content));
  return readAssistants(file);
}

async function refusal(work: Promise<unknown>): Promise<ConfigError> {
  const error = await work.catch((caught: unknown) => caught);
  if (!(error instanceof ConfigError)) throw new Error(`expected a ConfigError, got ${String(error)}`);
  return error;
}
