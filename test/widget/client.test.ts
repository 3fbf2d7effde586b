import { afterAll, afterEach, beforeAll, describe, expect, it, type TestContext, vi } from "vitest";
import { createClient, newKey, ServiceError } from "../../packages/client/source/client.ts";
import type { JobProgress } from "../../packages/client/source/reply-assembler.ts";
import { ApiClient } from "../system/harness/api-client.ts";
import { echoOf, endlessReply, heldReply } from "../system/harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";

onSharedProducts("the client", (product) => {
  let front: FaultyProxy;
  const connect = () => connectTo(front);
  const streams = () => streamsOf(front);
  const polls = () => pollsOf(front);
  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
  });
  afterEach(() => {
    front.target = product().client.base;
    front.buffers = undefined;
    front.instead = () => undefined;
    front.seen.length = 0;
  });
  afterAll(() => front[Symbol.asyncDispose]());

  it("sends, follows and reads a conversation", async () => {
    const client = connect();
    const accepted = await client.submit({ message: "Hello" }, { key: newKey() });
    const followed = await followAll(client.follow(accepted));
    expect(followed).toMatchObject({ text: echoOf("Hello"), end: "done" });
    expect(followed.types.slice(0, 1)).toEqual(["status"]);
    expect(await client.history(accepted)).toMatchObject({
      messages: [
        { sender: "user", text: "Hello" },
        { sender: "ai", text: echoOf("Hello") },
      ],
    });
    expect(await client.conversation(accepted)).toMatchObject({ messageCount: 2, activeJobId: null });
    expect((await client.assistants()).map(({ type }) => type)).toContain("default");
    const next = await client.submit({ message: "More", conversationId: accepted.conversationId }, accepted);
    await followAll(client.follow(next));
    const newest = await client.history(next, { limit: 2 });
    expect(newest.messages.map(({ text }) => text)).toEqual(["More", echoOf("More")]);
    const older = await client.history(next, { before: newest.messages[0]?.id });
    expect(older.messages.map(({ text }) => text)).toEqual(["Hello", echoOf("Hello")]);
    await client.deleteConversation(next);
    expect(await errorOf(client.history(next))).toMatchObject({ status: 404, gone: true, passing: false });
  });

  it("sends a message once under one key", async () => {
    const client = connect();
    const key = newKey();
    const [one, other] = await Promise.all([
      client.submit({ message: "Once" }, { key }),
      client.submit({ message: "Once" }, { key }),
    ]);
    expect(other.jobId).toBe(one.jobId);
  });

  it("stops a reply, and reports its text so far", async () => {
    product().provider.answer("Never end", endlessReply());
    const client = connect();
    const accepted = await client.submit({ message: "Never end" });
    const following = client.follow(accepted);
    let text = "";
    for await (const progress of following) {
      // Before the text grows: the first delta has any number of words.
      if (progress.type === "delta" && text === "") await client.cancel(accepted);
      if (progress.type === "delta") text += progress.text;
      if (progress.type === "cancelled") expect(progress.job.reply?.text).toBe(text);
    }
    expect(text).toMatch(/^(tick )+$/);
    expect(await errorOf(client.cancel(accepted))).toMatchObject({
      status: 409,
      code: "already-ended",
      passing: false,
    });
  });

  it("resumes from an earlier page's text, and rejects an impossible one", async () => {
    const [more, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    product().provider.answer("Two pages", {
      steps: ["One é", { until: more.promise }, " two", { until: end.promise }, " three"],
    });
    const client = connect();
    const accepted = await client.submit({ message: "Two pages" });
    const leaving = new AbortController();
    let have = { text: "", id: "" };
    const left = (async () => {
      for await (const progress of client.follow(accepted, { signal: leaving.signal })) {
        if (progress.type === "delta") have = { text: have.text + progress.text, id: progress.id };
        if (have.text === "One é") leaving.abort(new Error("left"));
      }
    })();
    await expect(left).rejects.toThrow("left");
    expect(have.id).toBe("1:6");
    const bad = [
      { ...have, id: "1:5" },
      { ...have, id: "banana" },
      { text: "Other", id: "1:5" },
    ];
    const pages = [have, ...bad].map((from) => {
      const two = Promise.withResolvers<void>();
      const onText = (text: string) => text === "One é two" && two.resolve();
      return { two: two.promise, end: followAll(client.follow(accepted, { from }), onText, from.text) };
    });
    await eventually("all listen", () => streams().length >= 5);
    more.resolve();
    await Promise.all(pages.map(({ two }) => two));
    end.resolve();
    const ends = await Promise.all(pages.map((page) => page.end));
    for (const each of ends) expect(each).toMatchObject({ text: "One é two three", end: "done" });
    expect(ends[0]?.types).not.toContain("reset");
  });

  it("polls slowly while the page is hidden, and streams when it is visible", async () => {
    const { script, release } = heldReply("Half", " whole");
    product().provider.answer("Look away", script);
    const client = connect();
    const accepted = await client.submit({ message: "Look away" });
    await product().provider.called("Look away");
    front.seen.length = 0;
    let quiet = true;
    const following = followAll(client.follow(accepted, { quiet: () => quiet }));
    await eventually("it asked", () => polls().length === 1);
    expect(streams()).toEqual([]);
    quiet = false;
    client.wake();
    await eventually("it listens", () => streams().length === 1);
    release();
    expect(await following).toMatchObject({ text: "Half whole", end: "done" });
  });

  it("merges text from polls and streams in any order", async () => {
    const { script, release } = heldReply("Ein Zug ", "in zwei Teilen");
    product().provider.answer("Switch back and forth", script);
    const client = connect();
    const accepted = await client.submit({ message: "Switch back and forth" });
    await product().provider.called("Switch back and forth");
    let turns = 0;
    const following = followAll(client.follow(accepted, { quiet: () => turns++ % 2 === 0 }));
    await eventually("it asked", () => turns > 1);
    release();
    client.wake();
    expect(await following).toMatchObject({ text: "Ein Zug in zwei Teilen", end: "done" });
  });

  describe("errors", () => {
    it("have the service's text, and say whether a retry may help", async () => {
      const client = connect();
      expect(await errorOf(client.submit({ message: "x".repeat(4001) }))).toMatchObject({
        status: 400,
        words: "Your message must have at most 4000 characters.",
        passing: false,
        gone: false,
      });
      const accepted = await client.submit({ message: "Mine" });
      const other = await client.submit({ message: "Somebody else's" });
      expect(await errorOf(client.conversation({ ...accepted, token: "forged" }))).toMatchObject({
        status: 401,
        gone: true,
      });
      expect(await errorOf(client.conversation({ ...accepted, token: other.token }))).toMatchObject({
        status: 403,
        gone: true,
      });
      expect(await errorOf(client.assistants({ signal: AbortSignal.abort(new Error("enough")) }))).toMatchObject({
        message: "enough",
      });
    });

    it.each([
      ["a limit", { status: 429, headers: { "retry-after": "7" } }, { status: 429, passing: true, retryAfterMs: 7000 }],
      [
        "a date in Retry-After",
        {
          status: 503,
          headers: { "retry-after": "Sun, 22 Nov 2026 10:00:30 GMT", date: "Sun, 22 Nov 2026 10:00:00 GMT" },
        },
        { passing: true, retryAfterMs: 30_000 },
      ],
      [
        "a date that has passed",
        { status: 503, headers: { "retry-after": "Thu, 01 Jan 1970 00:00:00 GMT" } },
        { passing: true, retryAfterMs: 0 },
      ],
      [
        "nonsense for a date",
        { status: 503, headers: { "retry-after": "soon" } },
        { passing: true, retryAfterMs: undefined },
      ],
      ["a proxy's 404", { status: 404, body: "<h1>Not Found</h1>" }, { status: 404, passing: true, gone: false }],
      ["a proxy's 502", { status: 502, body: "<h1>Bad Gateway</h1>" }, { status: 502, passing: true, gone: false }],
      ["a login page", { status: 200, body: "<h1>Pay here</h1>" }, { status: 0, passing: true, gone: false }],
      ["JSON of somebody else", { status: 200, body: "[]" }, { status: 0, passing: true, gone: false }],
      ["null", { status: 200, body: "null" }, { status: 0, passing: true, gone: false }],
      ["no answer", "lost", { status: 0, words: "The service cannot be reached.", passing: true }],
    ] as const)("%s", async (_, instead, expected) => {
      front.instead = () => instead;
      const error = await errorOf(connect().assistants());
      expect(error).toBeInstanceOf(ServiceError);
      expect(error).toMatchObject(expected);
    });

    it("in the middle of a stream are reported", async () => {
      const client = connect();
      product().provider.answer("Be erased", endlessReply());
      const accepted = await client.submit({ message: "Be erased" });
      const said = Promise.withResolvers<void>();
      const following = followAll(client.follow(accepted), () => said.resolve());
      await said.promise;
      await client.deleteConversation(accepted);
      expect(await following).toMatchObject({ text: "", end: "cancelled" });
      expect(await errorOf(followAll(client.follow(accepted)))).toMatchObject({ status: 404, gone: true });
    });
  });

  it("sends the visitor's identity", async () => {
    const identity = `x.${Buffer.from(JSON.stringify({ sub: "visitor-7" })).toString("base64url")}.y`;
    const heads: Headers[] = [];
    const client = createClient({
      server: front.url,
      identity: () => identity,
      fetch: (url, init) => {
        heads.push(new Headers(init?.headers));
        return fetch(url, init);
      },
    });
    await client.assistants();
    expect(heads.map((head) => head.get("x-parley-identity"))).toEqual([identity]);
    expect(client.visitor).toBe("visitor-7");
    expect(createClient({ server: "", identity: "no jws" }).visitor).toBe("no jws");
    expect(connect().visitor).toBeUndefined();
  });
});

onSharedProducts("the client, behind a proxy", (product) => {
  // Each is behind a proxy of its own, and mostly waits for pauses of the client.
  describe.concurrent("side by side", () => {
    it("polls a reply where responses cannot be read while they arrive, as in React Native", async ({
      onTestFinished,
    }) => {
      const { connect, streams } = await openFront(product().client.base, onTestFinished);
      const { script, release } = heldReply("It grows", " and ends.");
      product().provider.answer("Ask from a phone", script);
      vi.stubGlobal("Response", { prototype: {} });
      const client = connect();
      vi.unstubAllGlobals();
      const texts: string[] = [];
      for await (const progress of client.follow(await client.submit({ message: "Ask from a phone" }))) {
        if (progress.type !== "delta") continue;
        texts.push(progress.text);
        release();
      }
      expect(texts.join("")).toBe("It grows and ends.");
      expect(texts.length).toBeGreaterThan(1);
      expect(streams()).toEqual([]);
    });

    it("polls at once where an answer has no stream, whatever gives it", async ({ onTestFinished }) => {
      const { front, streams } = await openFront(product().client.base, onTestFinished);
      const client = createClient({
        server: front.url,
        fetch: async (...request) => Object.defineProperty(await fetch(...request), "body", { value: undefined }),
      });
      const followed = await followAll(client.follow(await client.submit({ message: "Without a body" })));
      expect(followed).toMatchObject({ text: echoOf("Without a body"), end: "done" });
      expect(streams()).toHaveLength(1);
    });

    it(
      "resumes from the same byte when the API is killed in mid-reply and restarts",
      { timeout: 40_000 },
      async ({ onTestFinished }) => {
        const { front, connect, streams } = await openFront(product().client.base, onTestFinished);
        // Started before, so that neither pauses between tries nor the provider's silence grow on a slow machine.
        const [api, next] = await Promise.all([product().startApi(), product().startApi()]);
        front.target = api.url;
        const { script, release } = heldReply("Erst 漢字 😀", " und dann der Rest.");
        product().provider.answer("Survive", script);
        const client = connect();
        const accepted = await client.submit({ message: "Survive" });
        const said = Promise.withResolvers<void>();
        const following = followAll(client.follow(accepted), (text) => text === "Erst 漢字 😀" && said.resolve());
        await said.promise;
        front.seen.length = 0;
        await api.kill();
        await eventually("it has noticed", () => streams().length > 0);
        release();
        front.target = next.url;
        const { text, types, end } = await following;
        expect(end).toBe("done");
        expect(text).toBe("Erst 漢字 😀 und dann der Rest.");
        expect(types).toContain("trouble");
        expect(types).not.toContain("reset");
        expect(streams().at(-1)?.lastEventId).toBe(`1:${Buffer.byteLength("Erst 漢字 😀")}`);
      },
    );

    it(
      "polls where a proxy buffers streams, and polls the next job from its start",
      { timeout: 60_000 },
      async ({ onTestFinished }) => {
        const { front, connect, streams, polls } = await openFront(product().client.base, onTestFinished);
        const { script, release } = heldReply("Slowly but", " surely.");
        product().provider.answer("Behind a proxy", script);
        const client = connect();
        front.buffers = "all";
        const accepted = await client.submit({ message: "Behind a proxy" });
        const stored = async () => (await new ApiClient(front.target).job(accepted)).partial === "Slowly but";
        await eventually("its text can be read", stored);
        const said = Promise.withResolvers<void>();
        const following = followAll(client.follow(accepted), (text) => text === "Slowly but" && said.resolve());
        await said.promise;
        // The first silence is enough: not one byte has come.
        expect([streams().length, polls().length]).toEqual([1, 1]);
        release();
        expect(await following).toMatchObject({ text: "Slowly but surely.", end: "done" });
        expect((await following).types).not.toContain("reset");

        front.seen.length = 0;
        const next = await client.submit(
          { message: "Again behind it", conversationId: accepted.conversationId },
          accepted,
        );
        expect(await followAll(client.follow(next))).toMatchObject({ text: echoOf("Again behind it"), end: "done" });
        expect(streams()).toEqual([]);
      },
    );

    it(
      "polls where a proxy passes the first bytes of a stream, and buffers the rest",
      { timeout: 60_000 },
      async ({ onTestFinished }) => {
        const { front, connect, streams } = await openFront(product().client.base, onTestFinished);
        const { script, release } = heldReply("Late but", " whole.");
        product().provider.answer("Half a stream", script);
        const client = connect();
        front.buffers = "rest";
        const accepted = await client.submit({ message: "Half a stream" });
        const said = Promise.withResolvers<void>();
        const following = followAll(client.follow(accepted), (text) => text === "Late but" && said.resolve());
        await said.promise;
        expect(streams()).toHaveLength(1);
        release();
        expect(await following).toMatchObject({ text: "Late but whole.", end: "done" });
        expect(streams()).toHaveLength(1);
        expect((await following).types).not.toContain("reset");
      },
    );

    it.for([
      ["refuses", { status: 403, body: "<h1>Forbidden</h1>" }],
      ["breaks", "cut"],
      ["answers something else to", { status: 200, body: "<h1>Welcome</h1>" }],
    ] as const)(
      "polls where a proxy %s event streams",
      { timeout: 60_000 },
      async ([how, instead], { onTestFinished }) => {
        const { front, connect, streams, polls } = await openFront(product().client.base, onTestFinished);
        const { script, release } = heldReply("Still", " there.");
        product().provider.answer(`It ${how}`, script);
        const client = connect();
        front.instead = ({ path }) => (path.endsWith("/events") ? instead : undefined);
        const accepted = await client.submit({ message: `It ${how}` });
        const said = Promise.withResolvers<void>();
        const following = followAll(client.follow(accepted), (text) => text === "Still" && said.resolve());
        await said.promise;
        await eventually("it asks no more for streams", () => streams().length === 4 && polls().length >= 4, 30_000);
        release();
        expect(await following).toMatchObject({ text: "Still there.", end: "done" });
        expect(streams()).toHaveLength(4);
      },
    );

    it("reconnects after a `wait` event, even if its response does not end", { timeout: 40_000 }, async () => {
      const { script, release } = heldReply("One", " place.");
      product().provider.answer("One at a time", script);
      const narrow = await product().startApi({ RATE_LIMIT_MAX_STREAMS: "1" });
      const accepted = await new ApiClient(narrow.url).submit("One at a time");
      const occupier = await new ApiClient(narrow.url).events(accepted);
      const client = createClient({
        server: narrow.url,
        fetch: async (...request) => {
          const response = await fetch(...request);
          const endless = new TransformStream({ flush: () => new Promise<never>(() => undefined) });
          return new Response(response.body?.pipeThrough(endless) ?? null, response);
        },
      });
      const told: JobProgress[] = [];
      for await (const progress of client.follow(accepted)) {
        told.push(progress);
        if (progress.type === "trouble") await occupier.close();
        if (progress.type === "delta") release();
      }
      const trouble = told.find((progress) => progress.type === "trouble");
      expect(trouble).toMatchObject({ error: { status: 0, passing: true }, failures: 1 });
      expect(trouble?.error.retryAfterMs).toBeGreaterThanOrEqual(2000);
      expect(trouble?.error.retryAfterMs).toBeLessThan(5000);
      expect(trouble?.pauseMs).toBe(trouble?.error.retryAfterMs);
      expect(told.at(-1)).toMatchObject({ type: "done", job: { reply: { text: "One place." } } });
    });

    it("keeps a stream that is silent because nothing happens", { timeout: 60_000 }, async ({ onTestFinished }) => {
      const { front, connect, streams, polls } = await openFront(product().client.base, onTestFinished);
      const { script, release } = heldReply("Let me think", " … done.");
      product().provider.answer("Think for long", script);
      const client = connect();
      const accepted = await client.submit({ message: "Think for long" });
      front.seen.length = 0;
      const said = Promise.withResolvers<void>();
      const following = followAll(client.follow(accepted), (text) => text === "Let me think" && said.resolve());
      await said.promise;
      const before = polls().length;
      // After a silence of five seconds, or of eight if the last event was that the job is queued.
      await eventually("it was asked beside the stream", () => polls().length > before, 30_000);
      release();
      expect(await following).toMatchObject({ text: "Let me think … done.", end: "done" });
      expect(streams()).toHaveLength(1);
      expect((await following).types).not.toContain("reset");
      expect((await following).types).not.toContain("trouble");
    });

    it("closes its stream when the page becomes hidden in mid-reply, and polls from the same byte", async ({
      onTestFinished,
    }) => {
      const { front, streams, polls } = await openFront(product().client.base, onTestFinished);
      const { script, release } = heldReply("Half 漢字", " whole");
      product().provider.answer("Look away later", script);
      const open = new Set<AbortSignal>();
      const client = createClient({
        server: front.url,
        fetch: (url, init) => {
          const address = url instanceof Request ? url.url : url.toString();
          if (address.endsWith("/events") && init?.signal) open.add(init.signal);
          return fetch(url, init);
        },
      });
      const accepted = await client.submit({ message: "Look away later" });
      let quiet = false;
      const told: JobProgress[] = [];
      const following = (async () => {
        for await (const progress of client.follow(accepted, { quiet: () => quiet })) told.push(progress);
      })();
      await eventually("its text streams", () => told.some(({ type }) => type === "delta"));
      front.seen.length = 0;
      quiet = true;
      client.wake();
      await eventually("it asked", () => polls().length === 1);
      expect([...open].map(({ aborted }) => aborted)).toEqual([true]);
      release();
      client.wake();
      await following;
      expect(told.flatMap((progress) => (progress.type === "delta" ? [progress.text] : [])).join("")).toBe(
        "Half 漢字 whole",
      );
      expect(told.map(({ type }) => type)).not.toContain("trouble");
      expect(told.map(({ type }) => type)).not.toContain("reset");
      expect(streams()).toEqual([]);
    });
  });
});

const connectTo = (front: FaultyProxy) => createClient({ server: `${front.url}/` });
const streamsOf = (front: FaultyProxy) => front.seen.filter(({ path }) => path.endsWith("/events"));
const pollsOf = (front: FaultyProxy) =>
  front.seen.filter(({ method, path }) => method === "GET" && /^\/api\/jobs\/[^/]+$/.test(path));

/** A proxy for one test alone. */
async function openFront(target: string, onTestFinished: TestContext["onTestFinished"]) {
  const front = await startFaultyProxy(target);
  onTestFinished(() => front[Symbol.asyncDispose]());
  return {
    front,
    connect: () => connectTo(front),
    streams: () => streamsOf(front),
    polls: () => pollsOf(front),
  };
}

interface Followed {
  text: string;
  types: JobProgress["type"][];
  end: JobProgress["type"] | undefined;
}

/** Puts the text together as a page does. */
async function followAll(
  following: AsyncIterable<JobProgress>,
  onText?: (text: string) => void,
  begin = "",
): Promise<Followed> {
  const followed: Followed = { text: begin, types: [], end: undefined };
  for await (const progress of following) {
    followed.types.push(progress.type);
    if (progress.type === "reset") followed.text = "";
    if (progress.type === "delta") followed.text += progress.text;
    if (progress.type === "delta") onText?.(followed.text);
    if (!("job" in progress)) continue;
    expect(followed.text).toBe(progress.job.reply?.text ?? "");
    followed.end = progress.type;
  }
  return followed;
}

async function errorOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}
