import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { startFakeProvider, type FakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { ProviderError, type PromptMessage, type Provider, type ProviderErrorCode, type Threads } from "./provider.ts";
import { collect, testRequest, type Upstream } from "./provider.testsuite.ts";
import { defaultTimeouts, type Timeouts } from "./timeouts.ts";

/** Longer than any API takes in one call, and than it lists in one page. */
const longConversation = conversation(230);

/** The contract of every provider that keeps conversations: `open` must point it at the base URL given. */
export function threadsSuite(name: string, open: (upstream: Upstream) => Provider): void {
  const apiKey = "sk-test-1234567890abcdef";
  const never = new AbortController().signal;
  let fake: FakeProvider;
  const provider = (timeouts: Partial<Timeouts> = {}) =>
    open({ baseUrl: fake.url, apiKey, timeouts: { ...defaultTimeouts, ...timeouts } });
  const threads = (timeouts: Partial<Timeouts> = {}): Threads => {
    const made = provider(timeouts).threads;
    if (!made) throw new Error(`${name} keeps no threads`);
    return made;
  };
  const make = async (turns: readonly PromptMessage[]): Promise<string> => {
    const id = await threads().create(never);
    await threads().fill(id, turns, never);
    return id;
  };
  const held = (threadId: string) => fake.threads.items(threadId).map(({ role, text }) => ({ role, text }));

  beforeEach(async () => {
    fake = await startFakeProvider();
  });
  afterEach(() => fake.close());

  describe(`thread of ${name}`, () => {
    it.each<[string, PromptMessage[]]>([
      ["nothing yet", []],
      ["a few turns", conversation(4)],
      ["a long conversation", longConversation],
    ])("is made to hold %s", async (_, turns) => {
      const id = await make(turns);
      expect(fake.threads.created).toEqual([id]);
      expect(held(id)).toEqual(turns);
    });

    it("is continued with the last message only and then contains the reply", async () => {
      const prompt = [...testRequest.prompt];
      const threadId = await make(prompt.slice(0, -1));
      fake.next({ steps: ["It is", " blue."] });
      expect((await collect(provider(), { request: { ...testRequest, threadId } })).text).toBe("It is blue.");

      const shown = fake.calls[0]?.request.messages.map(({ role, text }) => ({ role, text }));
      expect(shown).toEqual([{ role: "system", text: testRequest.assistant.instructions }, ...prompt]);
      const body = JSON.stringify(fake.calls[0]?.request.body);
      expect(body).toContain(prompt.at(-1)?.text);
      expect(body).not.toContain(prompt[0]?.text);
      expect(held(threadId)).toEqual([...prompt, { role: "assistant", text: "It is blue." }]);
    });

    it("is not answered in once it is gone", async () => {
      const threadId = await make([]);
      await threads().delete(threadId, never);
      const { error } = await collect(provider(), { request: { ...testRequest, threadId } });
      expect(error).toMatchObject({ name: "ProviderError", code: "rejected", status: 404 });
    });

    it("is deleted with all of its content", async () => {
      const id = await make(longConversation);
      await threads().delete(id, never);
      expect(fake.threads.deleted).toEqual([id]);
      expect(held(id)).toEqual([]);
    });

    it("counts as deleted if it is already gone", async () => {
      const id = await make(conversation(2));
      await threads().delete(id, never);
      await expect(threads().delete(id, never)).resolves.toBeUndefined();
      expect(fake.threads.deleted).toEqual([id]);
    });

    it("is created empty, so a thread whose id is lost has no content", async () => {
      const id = await threads().create(never);
      expect(held(id)).toEqual([]);
      for (const { request } of fake.threads.calls) expect(JSON.stringify(request.body ?? {})).not.toContain("turn");
    });

    it("is deleted even if it was only partly filled", async () => {
      const id = await threads().create(never);
      fake.threads.next({}, { status: 500 });
      await expect(threads().fill(id, longConversation, never)).rejects.toMatchObject({ status: 500 });
      expect(held(id)).not.toEqual([]);
      await threads().delete(id, never);
      expect(held(id)).toEqual([]);
    });
  });

  describe.each<[string, (kept: Threads, signal: AbortSignal) => Promise<unknown>]>([
    ["making", (kept, signal) => kept.create(signal)],
    ["filling", (kept, signal) => kept.fill("thread_x", conversation(2), signal)],
    ["deleting", (kept, signal) => kept.delete("thread_x", signal)],
  ])(`%s a thread of ${name}`, (_, call) => {
    it.each<[number, ProviderErrorCode]>([
      [400, "rejected"],
      [401, "rejected"],
      [429, "overloaded"],
      [500, "overloaded"],
      [529, "overloaded"],
    ])("maps HTTP %i to %s", async (status, code) => {
      fake.threads.next({ status, headers: { "retry-after": "7" } });
      const error = await failure(call(threads(), never));
      expect(error).toMatchObject({ name: "ProviderError", code, status, retryAfterMs: 7_000 });
    });

    it("maps a cut connection to unreachable", async () => {
      fake.threads.next({ before: { cut: true } });
      expect(await failure(call(threads(), never))).toMatchObject({ name: "ProviderError", code: "unreachable" });
    });

    it.each<[string, Script]>([
      ["cannot be read", { headers: { "content-type": "application/json" }, body: "{oops" }],
      ["is a web page", { headers: { "content-type": "text/html" }, body: "<h1>Welcome</h1>" }],
      ["is about something else", { body: "[42]" }],
    ])("maps an answer that %s to malformed", async (__, script) => {
      fake.threads.next(script);
      expect(await failure(call(threads(), never))).toMatchObject({ name: "ProviderError", code: "malformed" });
    });

    it("times out on a silent upstream and ends the call", async () => {
      // The timeout includes the way to the upstream: its clock stands until the call has arrived.
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      onTestFinished(() => void vi.useRealTimers());
      fake.threads.next({ before: { stall: true } });
      const failed = failure(call(threads({ wholeAnswerMs: 50 }), never));
      const { ended } = await fake.threads.waitForCall(1);
      vi.advanceTimersByTime(50);
      expect(await failed).toMatchObject({ name: "ProviderError", code: "timeout" });
      expect((await ended).how).toBe("disconnected");
    });

    it("ends within 500 ms of an abort, with its reason", async () => {
      const abort = new AbortController();
      fake.threads.next({ before: { stall: true } });
      const failed = failure(call(threads(), abort.signal));
      const { ended } = await fake.threads.waitForCall(1);
      const abortedAt = performance.now();
      abort.abort(new Error("never mind"));
      expect(await failed).toBe(abort.signal.reason);
      const { how, at } = await ended;
      expect(how).toBe("disconnected");
      expect(at - abortedAt).toBeLessThan(500);
    });

    it("is not started after an abort", async () => {
      const reason = new Error("too late");
      expect(await failure(call(threads(), AbortSignal.abort(reason)))).toBe(reason);
      expect(fake.threads.calls).toEqual([]);
    });

    it("leaks neither the key nor the conversation", async () => {
      const body = JSON.stringify({ error: { message: `Wrong key ${apiKey} for "turn 1"`, type: apiKey } });
      fake.threads.next({ status: 401, body });
      const error = await failure(call(threads(), never));
      expect(error).toBeInstanceOf(ProviderError);
      const shown = inspect(error, { depth: Infinity });
      expect(shown).not.toContain(apiKey);
      expect(shown).not.toContain("turn 1");
    });
  });
}

/** Error that a call rejects with; nothing if it does not. */
function failure(call: Promise<unknown>): Promise<unknown> {
  return call.then(() => undefined).catch((error: unknown) => error);
}

function conversation(turns: number): PromptMessage[] {
  return Array.from({ length: turns }, (_, i) => ({ role: i % 2 === 0 ? "user" : "assistant", text: `turn ${i} 👋` }));
}
