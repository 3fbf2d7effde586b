import net from "node:net";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { ProxyEnvironment } from "../../../shared/config/proxy-environment.ts";
import { startFakeProvider, type FakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { startForwardProxy } from "../../../shared/testing/processes/forward-proxy.ts";
import { Meter } from "./meter.ts";
import {
  ProviderError,
  type Provider,
  type ProviderErrorCode,
  type ProviderEvent,
  type ProviderRequest,
} from "./provider.ts";
import { defaultTimeouts, type Timeouts } from "./timeouts.ts";

export const testRequest: ProviderRequest = {
  assistant: {
    name: "Test",
    description: "Answers tests",
    instructions: "Be brief.",
    maxOutputTokens: 77,
    maxHistoryTokens: 1000,
    state: "own",
    presets: [],
  },
  prompt: [
    { role: "user", text: "Hello" },
    { role: "assistant", text: "Hi! What can I do for you?" },
    { role: "user", text: "My secret question" },
  ],
  conversationTag: "a-conversation",
};

export interface Upstream {
  baseUrl: string;
  apiKey: string;
  timeouts: Timeouts;
  proxy?: ProxyEnvironment;
}

interface SpeakingProviders {
  request?: ProviderRequest;
  /** One that answers the request, in any words of which there are two at least, from beginning to end. */
  whole: () => Provider;
  /** One that says something of its answer, and then nothing more for a long time. */
  halted: () => Provider;
}

/** Behaviour of every provider, wherever its text comes from. */
export function streamingSuite(name: string, { request = testRequest, whole, halted }: SpeakingProviders): void {
  describe(`${name}, as any provider`, () => {
    it("streams non-empty deltas and signs of progress, then one finish, last", async () => {
      const { events, error } = await collect(whole(), { request });
      expect(error).toBeUndefined();
      expect(events.filter((event) => event.type === "delta").length).toBeGreaterThan(0);
      expect(events.slice(0, -1).filter((event) => event.type === "finish")).toEqual([]);
      expect(events.at(-1)?.type).toBe("finish");
      expect(events.filter((event) => event.type === "delta" && event.text === "")).toEqual([]);
    });

    it("reports its name and the model that answered", async () => {
      const provider = whole();
      expect(provider.name).toBe(name);
      expect((await collect(provider, { request })).finish?.model).toMatch(/./);
    });

    it("rejects with the signal's reason when aborted midway", async () => {
      const abort = new AbortController();
      const reason = new Error("the visitor has had enough");
      const { error, text } = await collect(halted(), {
        request,
        signal: abort.signal,
        onDelta: () => abort.abort(reason),
      });
      expect(error).toBe(reason);
      expect(text).not.toBe("");
    });

    it("rejects with the signal's reason when aborted before the start", async () => {
      const reason = new Error("too late");
      const { error, events } = await collect(whole(), { request, signal: AbortSignal.abort(reason) });
      expect(error).toBe(reason);
      expect(events).toEqual([]);
    });

    it("yields nothing after an abort", async () => {
      const abort = new AbortController();
      const { events } = await collect(whole(), { request, signal: abort.signal, onDelta: () => abort.abort() });
      expect(events.filter((event) => event.type !== "progress")).toHaveLength(1);
    });
  });
}

/** Settings of the SDKs that are no settings of ours. */
const sdkSettings = [
  "ANTHROPIC_AUTH_TOKEN",
  "ANTHROPIC_ORGANIZATION_ID",
  "ANTHROPIC_PROFILE",
  "ANTHROPIC_WORKSPACE_ID",
  "OPENAI_ADMIN_KEY",
  "OPENAI_ORG_ID",
  "OPENAI_PROJECT_ID",
];

interface SuiteOptions {
  /** Request made in every test. */
  request?: ProviderRequest;
  /** Fields in which its API tells of its caches. */
  cacheUsage?: readonly ("cachedInputTokens" | "cacheWriteTokens")[];
  /** Events of its API that have no text for the visitor, as JSON, each under what it is. */
  work: Record<string, object>;
  /** The same for what only says that the upstream is alive. */
  alive: Record<string, object>;
}

/**
 * The contract of every provider that calls an upstream: the scripts are said in the wire of the provider, which
 * `make` must point at the base URL given.
 */
export function providerSuite(
  name: string,
  make: (upstream: Upstream) => Provider,
  { request = testRequest, cacheUsage = [], work, alive }: SuiteOptions,
): void {
  const apiKey = "sk-test-1234567890abcdef";
  let fake: FakeProvider;
  const provider = (timeouts: Partial<Timeouts> = {}) =>
    make({ baseUrl: fake.url, apiKey, timeouts: { ...defaultTimeouts, ...timeouts } });
  const ask = (asked: Provider, options: CollectOptions = {}) => collect(asked, { request, ...options });
  const answerTo = (...scripts: Script[]) => {
    fake.next(...scripts);
    return ask(provider());
  };

  beforeEach(async () => {
    fake = await startFakeProvider();
  });
  afterEach(() => fake.close());

  streamingSuite(name, {
    request,
    whole: () => provider(),
    halted() {
      fake.next({ steps: ["So far", { stall: true }] });
      return provider();
    },
  });

  describe(`${name} passes text on unchanged`, () => {
    const difficult = 'Grüße 👋🏽 aus 東京, \\"quoted\\"\r\n\tdata: [DONE]\n\n\u2028\u0000 e\u0301 👩‍👩‍👧 end';

    it("in deltas of any size", async () => {
      const { text, finish } = await answerTo({ steps: Array.from(difficult) });
      expect(text).toBe(difficult);
      expect(finish?.finishReason).toBe("stop");
    });

    it("when every byte arrives alone", async () => {
      expect((await answerTo({ steps: [difficult, "!"], splitAt: "every-byte" })).text).toBe(`${difficult}!`);
    });

    it("when it is split at any byte", async () => {
      const pieceBytes = 97;
      const longerThanTheStream = 10_000;
      const splits = (from: number) => {
        const splitAt: number[] = [];
        for (let at = from; at < longerThanTheStream; at += pieceBytes) splitAt.push(at);
        return splitAt;
      };
      fake.next(...Array.from({ length: pieceBytes }, (_, i): Script => ({ steps: ["ü👋🏽東"], splitAt: splits(i) })));
      const replies = await Promise.all(Array.from({ length: pieceBytes }, () => ask(provider())));
      expect(new Set(replies.map(({ text, finish }) => `${text} ${finish?.finishReason}`))).toEqual(
        new Set(["ü👋🏽東 stop"]),
      );
    });

    it("when it is escaped and characters are split", async () => {
      const { text } = await answerTo({ steps: ["ü👋🏽東", "\\ud83d"], escapes: true, splitAt: "every-byte" });
      expect(text).toBe("ü👋🏽東\\ud83d");
    });

    it.each(["\r\n", "\r"] as const)("when lines end with %j", async (lineEnd) => {
      const { text, error } = await answerTo({ steps: ["one", "two"], lineEnd, splitAt: "every-byte" });
      expect(error).toBeUndefined();
      expect(text).toBe("onetwo");
    });

    it("when the halves of a character arrive in two deltas", async () => {
      expect((await answerTo({ steps: ["👋"[0] ?? "", "👋"[1] ?? ""] })).text).toBe("👋");
    });

    it("with comments in between", async () => {
      const comment = { raw: ": still working\n\n" };
      expect((await answerTo({ steps: [comment, "a", comment, "b", comment] })).text).toBe("ab");
    });

    const long = { ...request, assistant: { ...request.assistant, maxOutputTokens: 100_000 } };

    it("when it is a megabyte in one delta", async () => {
      const delta = "0123456789ü".repeat(100_000);
      fake.next({ steps: [delta] });
      expect((await ask(provider(), { request: long })).text === delta).toBe(true);
    });

    it("when it is a megabyte in many deltas", async () => {
      const steps = Array.from({ length: 2_000 }, (_, i) => `${i} `.padEnd(500, "ü"));
      fake.next({ steps });
      expect((await ask(provider(), { request: long })).text === steps.join("")).toBe(true);
    });

    it("when it is empty", async () => {
      const { events, finish } = await answerTo({ steps: [] });
      expect(events.filter((event) => event.type !== "progress")).toEqual([finish]);
    });

    it("when a hundred calls run at once", async () => {
      fake.next(...Array.from({ length: 100 }, (_, i): Script => ({ steps: [`reply `, `number ${i}`] })));
      const replies = await Promise.all(Array.from({ length: 100 }, () => ask(provider())));
      expect(new Set(replies.map(({ text }) => text)).size).toBe(100);
    });
  });

  describe(`${name} reports`, () => {
    it("the usage", async () => {
      const usage = { inputTokens: 1234, outputTokens: 56 };
      expect((await answerTo({ steps: ["x"], usage })).finish?.usage).toEqual(usage);
    });

    it.skipIf(cacheUsage.length === 0)("how much of the prompt was read from or written to a cache", async () => {
      const usage = { inputTokens: 1234, cachedInputTokens: 1000, cacheWriteTokens: 200, outputTokens: 56 };
      const { finish } = await answerTo({ steps: ["x"], usage });
      expect(finish?.usage).toMatchObject({ inputTokens: 1234, outputTokens: 56 });
      for (const count of cacheUsage) expect(finish?.usage).toHaveProperty(count, usage[count]);
    });

    it("no usage if none was sent", async () => {
      expect((await answerTo({ steps: ["x"], usage: null })).finish).not.toHaveProperty("usage");
    });

    it.each(["stop", "length", "refusal"] as const)("the finish reason %s, with the text so far", async (reason) => {
      const { text, finish } = await answerTo({ steps: ["I can't", " say."], finishReason: reason });
      expect(text).toBe("I can't say.");
      expect(finish?.finishReason).toBe(reason);
    });

    it("the model as the upstream names it", async () => {
      expect((await answerTo({ steps: ["x"], model: "big-1-2026-11" })).finish?.model).toBe("big-1-2026-11");
    });
  });

  describe(`${name} bounds`, () => {
    const endless: Script = { steps: [...Array.from({ length: 40 }, () => "👋".repeat(1000)), { stall: true }] };

    it.each([
      [3_000_000_000, 2_147_483_647],
      [12.4, 13],
    ])("a count of %d tokens to %d, which can be stored", async (count, stored) => {
      const usage = { inputTokens: count, outputTokens: count };
      expect((await answerTo({ steps: ["x"], usage })).finish?.usage).toEqual({
        inputTokens: stored,
        outputTokens: stored,
      });
    });

    it("a negative count to none", async () => {
      const { finish, error } = await answerTo({ steps: ["x"], usage: { inputTokens: -5, outputTokens: -1 } });
      expect(error).toBeUndefined();
      expect(finish).not.toHaveProperty("usage");
    });

    it("a model's name to 200 characters", async () => {
      expect((await answerTo({ steps: ["x"], model: "m".repeat(100_000) })).finish?.model).toBe("m".repeat(200));
    });

    it("an endless reply, in whole characters, and ends the call", async () => {
      fake.next(endless);
      const { text, finish, error } = await ask(provider());
      expect(error).toBeUndefined();
      expect(text).toBe("👋".repeat((256 * 128) / 2));
      expect(finish?.finishReason).toBe("length");
      expect(finish).not.toHaveProperty("usage");
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });
  });

  describe(`${name} ends the upstream call`, () => {
    it.each<[string, Script]>([
      ["before the head of the answer", { before: { stall: true } }],
      ["before the first token", { steps: [{ stall: true }] }],
    ])("within 500 ms of an abort %s", async (_, script) => {
      const abort = new AbortController();
      fake.next(script);
      const collected = ask(provider(), { signal: abort.signal });
      const call = await fake.waitForCall(1);
      const abortedAt = performance.now();
      abort.abort(new Error("stop"));
      expect((await collected).error).toBe(abort.signal.reason);
      const { how, at } = await call.ended;
      expect(how).toBe("disconnected");
      expect(at - abortedAt).toBeLessThan(500);
    });

    it("within 500 ms of an abort between tokens", async () => {
      const abort = new AbortController();
      fake.next({ steps: ["So far", { stall: true }] });
      let abortedAt = Infinity;
      await ask(provider(), {
        signal: abort.signal,
        onDelta() {
          abortedAt = performance.now();
          abort.abort();
        },
      });
      const { how, at } = await (await fake.waitForCall(1)).ended;
      expect(how).toBe("disconnected");
      expect(at - abortedAt).toBeLessThan(500);
    });

    it("when its caller stops reading", async () => {
      fake.next({ steps: ["So far", { stall: true }] });
      for await (const event of provider().stream(request, new AbortController().signal)) {
        if (event.type === "progress") continue;
        expect(event.type).toBe("delta");
        break;
      }
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });
  });

  describe(`${name} counts as a sign of life`, () => {
    const said = (event: object) => ({ raw: `data: ${JSON.stringify(event)}\n\n` });

    it.each(Object.entries(work))("%s: the upstream is at work", async (_, event) => {
      const { events, text, finish } = await answerTo({ steps: [said(event), { waitMs: 20 }, "Yes."] });
      expect(events).toContainEqual({ type: "progress", sign: "work" });
      expect(text).toBe("Yes.");
      expect(finish?.finishReason).toBe("stop");
    });

    it.each(Object.entries(work))("%s, and silence after it is a timeout as after text", async (_, event) => {
      fake.next({ steps: [said(event), { stall: true }] });
      const { error, events } = await ask(provider({ betweenTokensMs: 50 }));
      expect(error).toMatchObject({ name: "ProviderError", code: "timeout", atWork: false });
      expect(events).toContainEqual({ type: "progress", sign: "work" });
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });

    it("all of these, but gives up if no text follows in time", async () => {
      const events = Object.values(work).map(said);
      fake.next({ steps: [...events, { stall: true }] });
      const { error } = await ask(provider({ firstTokenMs: 2000 }));
      expect(error).toMatchObject({ name: "ProviderError", code: "timeout", atWork: true });
    });

    it("no response header", async () => {
      fake.next({ steps: [{ raw: ": comment\n\n" }, { stall: true }] });
      const { events } = await ask(provider({ firstTokenMs: 100 }));
      expect(events).not.toContainEqual({ type: "progress", sign: "work" });
    });

    it.skipIf(Object.keys(alive).length === 0).each(Object.entries(alive))(
      "%s: it is alive, and may go on thinking unseen",
      async (_, event) => {
        fake.next({ steps: [said(event), { waitMs: 1500 }, "Yes."] });
        const { events, text } = await ask(provider({ betweenTokensMs: 1000 }));
        expect(events).toContainEqual({ type: "progress", sign: "alive" });
        expect(text).toBe("Yes.");
      },
    );
  });

  describe(`${name} gives an assistant its own time`, () => {
    it("until the first text", async () => {
      fake.next({ before: { stall: true } });
      const patient = { ...request, assistant: { ...request.assistant, firstTextMs: 50 } };
      expect((await ask(provider(), { request: patient })).error).toMatchObject({ code: "timeout" });
    });
  });

  describe(`${name} times out on a silent upstream and ends the call`, () => {
    it.each<[string, Script]>([
      ["before the head of the answer", { before: { stall: true } }],
      ["before the first token", { steps: [{ stall: true }] }],
    ])("%s", async (_, script) => {
      // The timeout includes the way to the upstream: its clock stands until the call has arrived.
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      onTestFinished(() => void vi.useRealTimers());
      fake.next(script);
      const asked = ask(provider({ firstTokenMs: 50 }));
      const { ended } = await fake.waitForCall(1);
      vi.advanceTimersByTime(50);
      expect((await asked).error).toMatchObject({ name: "ProviderError", code: "timeout", retryable: true });
      expect((await ended).how).toBe("disconnected");
    });

    it("between tokens", async () => {
      fake.next({ steps: ["So far", { stall: true }] });
      const { error } = await ask(provider({ betweenTokensMs: 50 }));
      expect(error).toMatchObject({ name: "ProviderError", code: "timeout", retryable: true });
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });

    it("although it sends comments", async () => {
      const comments = Array.from({ length: 20 }, () => [{ raw: ": busy\n\n" }, { waitMs: 20 }]).flat();
      fake.next({ steps: [...comments, "late"] });
      const { error } = await ask(provider({ firstTokenMs: 100 }));
      expect(error).toMatchObject({ code: "timeout" });
    });
  });

  describe(`${name} maps`, () => {
    it.each<[number, ProviderErrorCode]>([
      [301, "rejected"],
      [400, "rejected"],
      [401, "rejected"],
      [403, "rejected"],
      [404, "rejected"],
      [408, "overloaded"],
      [409, "overloaded"],
      [422, "rejected"],
      [429, "overloaded"],
      [500, "overloaded"],
      [502, "overloaded"],
      [503, "overloaded"],
      [529, "overloaded"],
    ])("HTTP %i to %s", async (status, code) => {
      const { error, events } = await answerTo({ status, body: '{"error":{"message":"no","type":"some_error"}}' });
      expect(events).toEqual([]);
      expect(error).toBeInstanceOf(ProviderError);
      expect(error).toMatchObject({ code, status, retryable: code !== "rejected", retryAfterMs: undefined });
    });

    it("Retry-After in seconds", async () => {
      const { error } = await answerTo({ status: 429, headers: { "retry-after": "7" }, body: "{}" });
      expect(error).toMatchObject({ retryAfterMs: 7_000 });
    });

    it("Retry-After as a date", async () => {
      const date = new Date(Date.now() + 60_000).toUTCString();
      const { error } = await answerTo({ status: 503, headers: { "retry-after": date }, body: "{}" });
      expect((error as ProviderError).retryAfterMs).toBeGreaterThan(50_000);
      expect((error as ProviderError).retryAfterMs).toBeLessThanOrEqual(60_000);
    });

    it("an invalid Retry-After to none", async () => {
      const { error } = await answerTo({ status: 429, headers: { "retry-after": "soon" }, body: "{}" });
      expect(error).toMatchObject({ code: "overloaded", retryAfterMs: undefined });
    });

    it("an error page to the meaning of its status", async () => {
      const { error } = await answerTo({
        status: 502,
        headers: { "content-type": "text/html" },
        body: "<h1>Bad gateway</h1>",
      });
      expect(error).toMatchObject({ code: "overloaded", status: 502 });
    });

    it.each<[string, Script]>([
      ["is long", { steps: [{ raw: "x".repeat(100_000) }, { stall: true }] }],
      ["stalls", { steps: [{ stall: true }] }],
    ])("an error body that %s to what its status says, without waiting for the rest", async (_, script) => {
      fake.next({ status: 500, ...script });
      expect((await ask(provider())).error).toMatchObject({ code: "overloaded", status: 500 });
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });

    it("a web page with status 200 to malformed, without reading it to its end", async () => {
      fake.next({ headers: { "content-type": "text/html" }, steps: [{ raw: "<h1>Welcome</h1>" }, { stall: true }] });
      expect((await ask(provider())).error).toMatchObject({ code: "malformed" });
      expect((await (await fake.waitForCall(1)).ended).how).toBe("disconnected");
    });

    it.each<[string, Script, string]>([
      ["a connection cut before the answer", { before: { cut: true } }, ""],
      ["a connection cut in the middle", { steps: ["So far", { cut: true }] }, "So far"],
    ])("%s to unreachable", async (_, script, text) => {
      const collected = await answerTo(script);
      expect(collected.error).toMatchObject({
        name: "ProviderError",
        code: "unreachable",
        retryable: true,
        unsent: false,
      });
      expect(collected.text).toBe(text);
    });

    it("a closed port to unreachable", async () => {
      const gone = await startFakeProvider();
      await gone.close();
      const { error } = await ask(make({ baseUrl: gone.url, apiKey, timeouts: defaultTimeouts }));
      expect(error).toMatchObject({ name: "ProviderError", code: "unreachable", unsent: true });
    });

    it("a server that accepts and never shakes hands to timeout, after the connect timeout", async () => {
      const silent = net.createServer();
      await new Promise<void>((resolve) => void silent.listen(0, "127.0.0.1", resolve));
      const { port } = silent.address() as net.AddressInfo;
      const baseUrl = `https://127.0.0.1:${port}/v1`;
      const { error } = await ask(make({ baseUrl, apiKey, timeouts: { ...defaultTimeouts, connectMs: 50 } }));
      silent.close();
      expect(error).toMatchObject({ name: "ProviderError", code: "timeout", unsent: true });
    });

    it.each<[string, Script]>([
      ["an end without a finish", { steps: ["So far"], finishReason: null, usage: null, done: false }],
      ["an event that is no JSON", { steps: ["So far", { raw: "data: {oops\n\n" }] }],
      ["an event that is no object", { steps: ["So far", { raw: "data: 42\n\n" }] }],
      ["an event without end", { steps: ["So far", { raw: `data: ${"x".repeat(9 * 1024 * 1024)}` }, { stall: true }] }],
    ])("%s to malformed", async (_, script) => {
      const { error, text, finish } = await answerTo(script);
      expect(error).toMatchObject({ name: "ProviderError", code: "malformed", retryable: true });
      expect(text).toBe("So far");
      expect(finish).toBeUndefined();
    });
  });

  describe(`${name} reports to the meter of a call`, () => {
    const measure = async (script: Script, onDelta?: () => void, signal?: AbortSignal) => {
      const meter = new Meter();
      fake.next(script);
      await ask(provider(), { request: { ...request, meter }, ...(onDelta && { onDelta }), ...(signal && { signal }) });
      return meter;
    };

    it("the usage of a complete reply", async () => {
      const usage = { inputTokens: 12, outputTokens: 3 };
      expect(await measure({ steps: ["Né", "⠿"], usage })).toMatchObject({ begun: true, whole: true, usage });
    });

    it.each(Object.entries(work))("that part of its output is unknown, after %s", async (_, event) => {
      const raw = `data: ${JSON.stringify(event)}\n\n`;
      expect(await measure({ steps: [{ raw }, "Yes."], usage: null })).toMatchObject({ whole: true, bytes: undefined });
    });

    it("that a response began, if it was stopped or cut", async () => {
      const abort = new AbortController();
      const half = { steps: ["So far", { stall: true } as const] };
      expect(await measure(half, () => abort.abort(), abort.signal)).toMatchObject({ begun: true, whole: false });
      expect(await measure({ steps: ["So far", { cut: true }] })).toMatchObject({ begun: true, whole: false });
    });

    it("nothing for a refused or unanswered call", async () => {
      for (const script of [{ status: 503, body: "{}" }, { before: { cut: true } as const }]) {
        expect(await measure(script)).toMatchObject({ begun: false, whole: false, usage: undefined });
      }
    });
  });

  describe(`${name} connects`, () => {
    it("through the proxy of its environment, except to the hosts excluded there", async () => {
      await using proxy = await startForwardProxy();
      const asked = (NO_PROXY?: string) =>
        ask(make({ baseUrl: fake.url, apiKey, timeouts: defaultTimeouts, proxy: { HTTP_PROXY: proxy.url, NO_PROXY } }));
      expect((await asked()).error).toBeUndefined();
      expect(proxy.asked).toEqual([expect.stringContaining(`POST ${fake.url}`)]);
      expect((await asked("127.0.0.1")).error).toBeUndefined();
      expect(proxy.asked).toHaveLength(1);
      expect(fake.calls).toHaveLength(2);
    });

    it("through a tunnel of that proxy for TLS, also when probed", async () => {
      await using proxy = await startForwardProxy();
      const baseUrl = fake.url.replace("http:", "https:");
      const tunnelled = make({ baseUrl, apiKey, timeouts: defaultTimeouts, proxy: { HTTPS_PROXY: proxy.url } });
      const tunnel = `CONNECT ${new URL(baseUrl).host}`;
      // The fake speaks no TLS: there is no more to see than who was asked.
      expect((await ask(tunnelled)).error).toMatchObject({ code: "unreachable" });
      expect(proxy.asked).toEqual([tunnel]);
      await expect(tunnelled.probe?.(new AbortController().signal)).rejects.toMatchObject({ code: "unreachable" });
      expect(proxy.asked).toEqual([tunnel, tunnel]);
    });
  });

  describe(`${name} is isolated`, () => {
    it("from variables that its SDK reads from the environment", async () => {
      for (const setting of sdkSettings) vi.stubEnv(setting, "a-strangers-value");
      for (const sdk of ["OPENAI", "ANTHROPIC"]) {
        vi.stubEnv(`${sdk}_CUSTOM_HEADERS`, "Authorization: a-strangers-value\nX-Api-Key: a-strangers-value\nX-Odd: 1");
        vi.stubEnv(`${sdk}_BASE_URL`, "http://a-strangers-value.test");
        vi.stubEnv(`${sdk}_LOG`, "debug");
      }
      const { error } = await ask(provider());
      vi.unstubAllEnvs();
      expect(error).toBeUndefined();
      const { headers } = (await fake.waitForCall(1)).request;
      expect(JSON.stringify(headers)).not.toContain("a-strangers-value");
      // A provider without a key has none here either.
      for (const field of ["authorization", "x-api-key"]) expect(headers[field] ?? apiKey).toContain(apiKey);
      expect(headers).not.toHaveProperty("x-odd");
    });

    const telling = JSON.stringify({
      error: { message: `Wrong key ${apiKey} for "My secret question"`, type: apiKey, code: `bad:${apiKey}` },
    });

    it.each<[string, Script]>([
      ["an error status", { status: 401, body: telling }],
      ["a status text", { status: 400, headers: { "x-key": apiKey }, body: telling }],
      ["an error page", { status: 500, body: `<p>${apiKey} My secret question</p>` }],
      ["a malformed event", { steps: [{ raw: `data: ${apiKey} My secret question\n\n` }] }],
      ["a malformed answer", { headers: { "content-type": "text/html" }, body: `${apiKey} My secret question` }],
      ["a cut connection", { steps: ["x", { cut: true }] }],
      ["a refused connection", { before: { cut: true } }],
    ])("the key and the conversation, whatever is in %s", async (_, script) => {
      const { error } = await answerTo(script);
      expect(error).toBeInstanceOf(ProviderError);
      const shown = inspect(error, { depth: Infinity });
      expect(shown).not.toContain(apiKey);
      expect(shown).not.toContain("secret question");
    });
  });
}

interface Collected {
  events: ProviderEvent[];
  text: string;
  finish: Extract<ProviderEvent, { type: "finish" }> | undefined;
  error: unknown;
}

/** Reads a reply to its end, good or bad. */
export async function collect(
  provider: Provider,
  { signal = new AbortController().signal, onDelta = () => {}, request = testRequest }: CollectOptions = {},
): Promise<Collected> {
  const events: ProviderEvent[] = [];
  let error: unknown;
  try {
    for await (const event of provider.stream(request, signal)) {
      events.push(event);
      if (event.type === "delta") onDelta(event.text);
    }
  } catch (caught) {
    error = caught;
  }
  const text = events.map((event) => (event.type === "delta" ? event.text : "")).join("");
  return { events, text, finish: events.find((event) => event.type === "finish"), error };
}

interface CollectOptions {
  signal?: AbortSignal;
  onDelta?: (text: string) => void;
  request?: ProviderRequest;
}
