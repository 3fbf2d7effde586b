import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { openTcpGate, type TcpGate } from "../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "../system/harness/api-client.ts";
import { echoOf, endlessReply, heldReply, messageOf } from "../system/harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, type SeenRequest, startFaultyProxy } from "./faulty-proxy.ts";

const identitySecret = "a secret that a site shares with its Parley";

interface StoredConversation {
  conversationId: string;
  token: string;
}

onEachBackend("the chat", { env: { IDENTITY_SECRET: identitySecret } }, (product) => {
  let front: FaultyProxy;
  let gate: TcpGate;
  let pages: ChatPage[] = [];
  const open = (browser = new FakeBrowser(), options: ConstructorParameters<typeof ChatPage>[2] = {}) => {
    const page = new ChatPage(browser, gate.url, options);
    pages.push(page);
    return page;
  };
  /** Wherever it is now. */
  const service = () => new ApiClient(front.url);
  const posts = () => front.seen.filter(({ method, path }) => method === "POST" && path === "/api/chat");
  /** Messages that were sent, each once, however often it had to be tried. */
  const sent = () => [...new Map(posts().map((post) => [post.key, bodyOf(post)["message"]])).values()];
  /** Keeps messages on their way until they are let through: a fast service accepts them before a test can look. */
  const holdPosts = () => {
    const accepting = Promise.withResolvers<void>();
    front.hold = ({ method, path }) => (method === "POST" && path === "/api/chat" ? accepting.promise : undefined);
    return accepting;
  };
  /** Only the mark without content is left, by which tabs tell an erasure from a page that clears its storage. */
  const keepsNothing = (browser: FakeBrowser) =>
    [...browser.stored.keys()].every((key) => key.startsWith("parley.mark "));
  const known = (browser: FakeBrowser) => browser.read("/conversation") as StoredConversation;
  const answersTo = (message: string) => product().provider.calls.filter((call) => messageOf(call) === message);
  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
    gate = await openTcpGate(front.url);
  });
  afterEach(async () => {
    for (const page of pages) page.chat.close();
    pages = [];
    front.instead = () => undefined;
    front.hold = () => undefined;
    front.buffers = undefined;
    front.seen.length = 0;
    await gate.reopen().catch(() => undefined);
  });
  afterAll(async () => {
    await gate[Symbol.asyncDispose]();
    await front[Symbol.asyncDispose]();
  });

  it("shows a message at once, and its reply while it is written", async () => {
    const { script, release } = heldReply("One two", " three.");
    product().provider.answer("Count", script);
    const accepting = holdPosts();
    const page = open();
    expect(page.chat.state).toMatchObject({ ready: true, messages: [], busy: false });
    page.chat.send("  Count ");
    expect(page.lines).toEqual(["> Count (waiting)"]);
    await page.until("it is sent", () => page.lines[0] === "> Count (sending)");
    accepting.resolve();
    await page.untilLines("> Count", "< One two (writing)");
    expect(page.chat.state.busy).toBe(true);
    release();
    const { messages, busy } = await page.untilLines("> Count", "< One two three.");
    expect(busy).toBe(false);
    expect(new Set(messages.map(({ key }) => key)).size).toBe(2);
    expect(messages.every(({ id }) => id !== undefined)).toBe(true);
    expect(page.chat.state.assistant?.type).toBe("default");
  });

  it("sends messages typed together in order, the second after the first is accepted", async () => {
    const page = open();
    for (const text of ["one", "two", "three"]) page.chat.send(text);
    page.chat.send(" \n ");
    await page.untilLines(
      "> one",
      `< ${echoOf("one")}`,
      "> two",
      `< ${echoOf("two")}`,
      "> three",
      `< ${echoOf("three")}`,
    );
    expect(sent()).toEqual(["one", "two", "three"]);
  });

  it("is restored on the next page, with the same texts and ids", async () => {
    const browser = new FakeBrowser();
    const first = open(browser);
    first.chat.send("Remember me");
    const { messages } = await first.untilLines("> Remember me", `< ${echoOf("Remember me")}`);
    first.chat.close();
    const second = open(browser);
    // At once, before any answer of the service.
    expect(second.lines).toEqual(first.lines);
    expect(second.chat.state.ready).toBe(false);
    await second.until("it is ready", ({ ready }) => ready);
    expect(second.lines).toEqual(first.lines);
    expect(second.chat.state.messages.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    browser.stored.delete([...browser.stored.keys()].find((key) => key.endsWith("/tail")) ?? "");
    second.chat.close();
    const third = open(browser);
    await third.untilLines(...first.lines);
  });

  describe("loses no text", () => {
    it("when the API is killed in mid-reply and restarted", { timeout: 40_000 }, async () => {
      // Started before, so that neither pauses between tries nor the provider's silence grow on a slow machine.
      const [api, next] = [product().apis.at(-1), await product().startApi()];
      const { script, release } = heldReply("Vorher 漢字", " und nachher.");
      product().provider.answer("Survive", script);
      const page = open();
      page.chat.send("Survive");
      await page.untilLines("> Survive", "< Vorher 漢字 (writing)");
      await api?.kill();
      page.chat.send("And this?");
      await page.untilNotice("unreachable");
      release();
      front.target = next.url;
      await page.untilLines("> Survive", "< Vorher 漢字 und nachher.", "> And this?", `< ${echoOf("And this?")}`);
      expect(page.chat.state.notice).toBeUndefined();
      expect(page.takenBack("Survive")).toEqual([]);
    });

    it("when three messages are typed offline", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      await page.until("it is ready", ({ ready, assistant }) => ready && assistant !== undefined);
      await gate.shut();
      browser.setOnline(false);
      for (const text of ["first", "second", "third"]) page.chat.send(text);
      await page.untilNotice("offline");
      expect(page.lines.map((line) => line.replace("sending", "waiting"))).toEqual([
        "> first (waiting)",
        "> second (waiting)",
        "> third (waiting)",
      ]);
      await gate.reopen();
      browser.setOnline(true);
      await page.untilLines(
        "> first",
        `< ${echoOf("first")}`,
        "> second",
        `< ${echoOf("second")}`,
        "> third",
        `< ${echoOf("third")}`,
      );
      expect(page.chat.state.notice).toBeUndefined();
      expect(sent()).toEqual(["first", "second", "third"]);
    });

    it("when the page is reloaded offline while the browser claims to be online", async () => {
      const browser = new FakeBrowser();
      await gate.shut();
      const page = open(browser);
      page.chat.send("typed before");
      await page.untilNotice("unreachable");
      page.chat.close();
      const next = open(browser);
      expect(next.lines[0]).toMatch(/^> typed before/);
      next.chat.send("typed after");
      await gate.reopen();
      await next.untilLines(
        "> typed before",
        `< ${echoOf("typed before")}`,
        "> typed after",
        `< ${echoOf("typed after")}`,
      );
    });

    it("when the page is reloaded in mid-reply: it continues from the same byte", async () => {
      const [more, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      product().provider.answer("Reload me", {
        steps: ["Erst é", { until: more.promise }, " dann 😀", { until: end.promise }, "."],
      });
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Reload me");
      await page.untilLines("> Reload me", "< Erst é (writing)");
      page.tab.show(false);
      page.chat.close();
      front.seen.length = 0;
      const next = open(browser);
      // At once, before anything was asked.
      expect(next.lines).toEqual(["> Reload me", "< Erst é (writing)"]);
      await eventually("it listens", () => front.seen.some(({ path }) => path.endsWith("/events")));
      more.resolve();
      await next.untilLines("> Reload me", "< Erst é dann 😀 (writing)");
      end.resolve();
      await next.untilLines("> Reload me", "< Erst é dann 😀.");
      const [listening] = front.seen.filter(({ path }) => path.endsWith("/events"));
      expect(listening?.lastEventId).toBe(`1:${Buffer.byteLength("Erst é")}`);
      expect(next.textsOf("Reload me")[0]).toBe("Erst é");
      expect(next.takenBack("Reload me")).toEqual([]);
    });

    it("when the page is reloaded in mid-reply, and no text of it was stored", async () => {
      const { script, release } = heldReply("Erst", " dann.");
      product().provider.answer("Reload all", script);
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Reload all");
      page.chat.send("And the next");
      await page.untilLines("> Reload all", "< Erst (writing)", "> And the next", "<  (queued)");
      page.chat.close();
      for (const key of browser.stored.keys()) if (key.endsWith("/tail")) browser.stored.delete(key);
      const next = open(browser);
      await next.untilLines("> Reload all", "< Erst (writing)", "> And the next");
      release();
      await next.untilLines("> Reload all", "< Erst dann.", "> And the next", `< ${echoOf("And the next")}`);
    });

    it("when the answer to a POST is lost: it is retried under the same key, even by the next page", async () => {
      const browser = new FakeBrowser();
      front.instead = ({ method }) => (method === "POST" ? "lost" : undefined);
      const page = open(browser);
      page.chat.send("Only once, please");
      await page.untilNotice("unreachable");
      page.chat.close();
      front.instead = () => undefined;
      const next = open(browser);
      await next.untilLines("> Only once, please", `< ${echoOf("Only once, please")}`);
      expect(posts().length).toBeGreaterThanOrEqual(2);
      expect(new Set(posts().map(({ key, body }) => `${key} ${body}`)).size).toBe(1);
      expect(answersTo("Only once, please")).toHaveLength(1);
    });

    it("when the answer to a later POST is lost, and the history arrives before the retry", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Before");
      await page.untilLines("> Before", `< ${echoOf("Before")}`);
      let holding = true;
      front.instead = ({ method }) => (method === "POST" && holding ? "lost" : undefined);
      page.chat.send("Twice?");
      await page.untilNotice("unreachable");
      page.chat.close();
      const next = open(browser);
      await next.until("the history has come", ({ ready }) => ready);
      holding = false;
      await next.untilLines("> Before", `< ${echoOf("Before")}`, "> Twice?", `< ${echoOf("Twice?")}`);
      expect(answersTo("Twice?")).toHaveLength(1);
    });

    it("when a proxy buffers event streams", { timeout: 30_000 }, async () => {
      front.buffers = "all";
      const { script, release } = heldReply("It polls", " by itself.");
      product().provider.answer("Through a proxy", script);
      const page = open();
      page.chat.send("Through a proxy");
      await page.untilLines("> Through a proxy", "< It polls (writing)");
      release();
      await page.untilLines("> Through a proxy", "< It polls by itself.");
    });

    it("when there are too many messages: it shows the delay, and continues with the next reply", async () => {
      const { script, release } = heldReply("Slowly", ".");
      product().provider.answer("message 1", script);
      const page = open();
      for (let n = 1; n <= 6; n++) page.chat.send(`message ${n}`);
      const { notice } = await page.untilNotice("limited");
      const untilResumed = () => (notice?.kind === "limited" ? notice.resumesAt - Date.now() : 0);
      expect(untilResumed()).toBeGreaterThan(3000);
      expect(untilResumed()).toBeLessThan(7000);
      expect(page.lines.at(-1)).toBe("> message 6 (waiting)");
      const tries = () => posts().filter((post) => bodyOf(post)["message"] === "message 6").length;
      expect(tries()).toBe(1);
      release();
      await eventually("it is sent before the delay is over", () => tries() > 1, untilResumed());
      await page.until("all are answered", ({ messages, busy }) => messages.length === 12 && !busy);
      expect(page.lines.at(-1)).toBe(`< ${echoOf("message 6")}`);
      await page.untilNotice(undefined);
    });

    it.each([
      ["busy", { status: 503, headers: { "retry-after": "2" }, body: '{"type":"/problems/backlog"}' }],
      ["limited", { status: 429, headers: { "retry-after": "2" }, body: "<h1>Too Many Requests</h1>" }],
    ])(
      "when the service or its proxy says that it is %s: it shows the delay, and continues then",
      async (kind, refusal) => {
        const page = open();
        await page.until("it is ready", ({ ready }) => ready);
        const began = performance.now();
        front.instead = ({ method }) => (method === "POST" && posts().length === 1 ? refusal : undefined);
        page.chat.send("Patience");
        const { notice } = await page.untilNotice(kind);
        expect((notice as { resumesAt: number }).resumesAt - Date.now()).toBeGreaterThan(1500);
        await page.untilLines("> Patience", `< ${echoOf("Patience")}`);
        expect(posts()).toHaveLength(2);
        expect(performance.now() - began).toBeGreaterThan(1900);
        expect(page.chat.state.notice).toBeUndefined();
      },
    );

    it("when its conversation was deleted: waiting messages begin a new one", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Are you there?");
      await page.untilLines("> Are you there?", `< ${echoOf("Are you there?")}`);
      const { conversationId, token } = known(browser);
      await service().deleteConversation({ conversationId, token });
      page.chat.send("And now?");
      page.chat.send("And then?");
      const state = await page.untilLines(
        "> And now?",
        `< ${echoOf("And now?")}`,
        "> And then?",
        `< ${echoOf("And then?")}`,
      );
      expect(state.notice).toEqual({ kind: "restarted" });
      expect(state.conversationId).not.toBe(conversationId);
      page.chat.send("Good.");
      expect(page.chat.state.notice).toBeUndefined();
    });

    it("when its conversation is deleted in mid-reply", async () => {
      product().provider.answer("Talk on", endlessReply());
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Talk on");
      await page.until("it talks", ({ messages }) => messages.at(-1)?.text !== "" && messages.length === 2);
      await service().deleteConversation(known(browser));
      expect(await page.untilNotice("restarted")).toMatchObject({
        messages: [],
        busy: false,
        conversationId: undefined,
      });
      page.chat.send("Again");
      await page.untilLines("> Again", `< ${echoOf("Again")}`);
    });

    it("when its token is refused", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Mine");
      await page.untilLines("> Mine", `< ${echoOf("Mine")}`);
      page.chat.close();
      const key = [...browser.stored.keys()].find((each) => each.endsWith("/conversation")) ?? "";
      browser.stored.set(key, JSON.stringify({ ...known(browser), token: "an.old.one" }));
      const next = open(browser);
      next.chat.send("Still there?");
      await next.untilLines("> Still there?", `< ${echoOf("Still there?")}`);
      expect(next.chat.state.notice).toEqual({ kind: "restarted" });
    });

    it("when a first message was accepted into a conversation deleted since", async () => {
      const browser = new FakeBrowser();
      front.instead = ({ method }) => (method === "POST" ? "lost" : undefined);
      const page = open(browser);
      page.chat.send("Deleted elsewhere");
      await page.untilNotice("unreachable");
      const direct = new ApiClient(front.target);
      const again = await direct.post(bodyOf(posts()[0]), { key: posts()[0]?.key });
      await direct.deleteConversation(again.body as StoredConversation);
      front.instead = () => undefined;
      await page.untilLines("> Deleted elsewhere", `< ${echoOf("Deleted elsewhere")}`);
      expect(new Set(posts().map(({ key }) => key)).size).toBe(2);
    });

    it.each(["denied", "full"] as const)("during the life of the page, when storage is %s", async (how) => {
      const browser = new FakeBrowser();
      browser.storageIs = how;
      const page = open(browser);
      page.chat.setDraft("half a th");
      page.chat.send("Without memory");
      page.chat.send("And again");
      const lines = ["> Without memory", `< ${echoOf("Without memory")}`, "> And again", `< ${echoOf("And again")}`];
      const { draft } = await page.untilLines(...lines);
      expect(draft).toBe("half a th");
      page.tab.show(false);
      page.tab.show(true);
      await page.untilLines(...lines);
      expect(browser.stored.size).toBe(0);
    });

    it("without storage, channel and lock", async () => {
      const browser = new FakeBrowser();
      const page = open(browser, { tab: browser.openTab({ without: ["storage", "channel", "locks"] }) });
      page.chat.send("With nothing");
      await page.untilLines("> With nothing", `< ${echoOf("With nothing")}`);
    });

    it("when storage fills up during use", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("There was room");
      await page.untilLines("> There was room", `< ${echoOf("There was room")}`);
      browser.storageIs = "full";
      page.chat.send("Now there is none");
      await page.untilLines(
        "> There was room",
        `< ${echoOf("There was room")}`,
        "> Now there is none",
        `< ${echoOf("Now there is none")}`,
      );
      page.chat.close();
      browser.storageIs = "well";
      const next = open(browser);
      await next.untilLines(...page.lines);
    });

    it("when the stored data is corrupt", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Before the damage");
      await page.untilLines("> Before the damage", `< ${echoOf("Before the damage")}`);
      page.chat.setDraft("kept");
      page.chat.close();
      for (const damage of ["", "null", "[]", "7", '{"items":[null],"conversationId":"x"}', '{"items":{}}', "{"]) {
        for (const key of browser.stored.keys()) if (key.endsWith("/tail")) browser.stored.set(key, damage);
        const prefix =
          [...browser.stored.keys()].find((key) => key.endsWith("/conversation"))?.replace(/conversation$/, "") ?? "";
        browser.stored.set(`${prefix}tail`, damage);
        browser.stored.set(`${prefix}out/${damage}`, damage);
        browser.stored.set(`${prefix}erase/x`, damage);
        const next = open(browser);
        await next.until("it is read", ({ ready }) => ready);
        expect(next.lines).toEqual(page.lines);
        next.chat.close();
        expect([...browser.stored.keys()].filter((key) => /\/(out|erase)\//.test(key))).toEqual([]);
      }
      for (const damage of ["{", "null", '{"conversationId":7}', '{"conversationId":"x","token":"a\\nb"}']) {
        for (const key of browser.stored.keys()) if (key.endsWith("/conversation")) browser.stored.set(key, damage);
        const next = open(browser);
        expect(next.chat.state).toMatchObject({ ready: true, messages: [], draft: "kept" });
        next.chat.close();
      }
    });

    it("when the client's clock is wrong, and jumps", async () => {
      const browser = new FakeBrowser();
      browser.clockOffMs = 400 * 86_400_000;
      const page = open(browser);
      page.chat.send("From the future");
      browser.clockOffMs = -400 * 86_400_000;
      page.chat.send("From the past");
      const lines = [
        "> From the future",
        `< ${echoOf("From the future")}`,
        "> From the past",
        `< ${echoOf("From the past")}`,
      ];
      await page.untilLines(...lines);
      page.chat.close();
      const next = open(browser);
      await next.until("it is read", ({ ready }) => ready);
      await next.untilLines(...lines);
    });
  });

  describe("in two tabs", () => {
    it("shows the same state, live", async () => {
      const browser = new FakeBrowser();
      const [one, other] = [open(browser), open(browser)];
      const { script, release } = heldReply("Both", " see it.");
      product().provider.answer("Hello from one", script);
      one.chat.send("Hello from one");
      await Promise.all([one, other].map((page) => page.untilLines("> Hello from one", "< Both (writing)")));
      release();
      await Promise.all([one, other].map((page) => page.untilLines("> Hello from one", "< Both see it.")));
      other.chat.send("Hello from the other");
      const all = [
        "> Hello from one",
        "< Both see it.",
        "> Hello from the other",
        `< ${echoOf("Hello from the other")}`,
      ];
      await Promise.all([one, other].map((page) => page.untilLines(...all)));
      expect(one.chat.state.conversationId).toBe(other.chat.state.conversationId);
    });

    it.each([
      ["with locks", []],
      ["without locks", ["locks"]],
      ["without a channel", ["channel"]],
    ] as const)("sends each message once and in order, %s", async (_, without) => {
      const browser = new FakeBrowser();
      const tab = () => browser.openTab({ without: [...without] });
      const first = open(browser, { tab: tab() });
      first.chat.send("To begin with");
      await first.untilLines("> To begin with", `< ${echoOf("To begin with")}`);
      await gate.shut();
      const texts = ["a", "b", "c", "d"].map((letter) => `${letter} of ${_}`);
      const other = open(browser, { tab: tab() });
      for (const [index, text] of texts.entries()) (index % 2 === 0 ? first : other).chat.send(text);
      await gate.reopen();
      browser.setOnline(true);
      const lines = ["To begin with", ...texts].flatMap((text) => [`> ${text}`, `< ${echoOf(text)}`]);
      await Promise.all([first, other].map((page) => page.untilLines(...lines)));
      for (const text of texts) expect(answersTo(text)).toHaveLength(1);
      if (without.length === 0) expect(sent()).toEqual(["To begin with", ...texts]);
    });

    it("continues sending when the sending tab is closed", async () => {
      const browser = new FakeBrowser();
      await gate.shut();
      const [one, other] = [open(browser), open(browser)];
      one.chat.send("Left behind");
      await one.untilNotice("unreachable");
      await other.until("the other shows it", ({ messages }) => messages.length === 1);
      expect((await other.untilNotice("unreachable")).messages).toHaveLength(1);
      one.chat.close();
      await gate.reopen();
      await other.untilLines("> Left behind", `< ${echoOf("Left behind")}`);
    });

    it("starts anew in both, and is deleted in both", async () => {
      const browser = new FakeBrowser();
      const [one, other] = [open(browser), open(browser)];
      one.chat.send("First conversation");
      await Promise.all(
        [one, other].map((page) => page.untilLines("> First conversation", `< ${echoOf("First conversation")}`)),
      );
      const first = known(browser);
      one.chat.startNew();
      await Promise.all([one, other].map((page) => page.untilLines()));
      other.chat.send("Second conversation");
      await Promise.all(
        [one, other].map((page) => page.untilLines("> Second conversation", `< ${echoOf("Second conversation")}`)),
      );
      const second = known(browser);
      expect(second.conversationId).not.toBe(first.conversationId);
      one.chat.deleteData();
      expect(one.lines).toEqual([]);
      await other.untilLines();
      await eventually(
        "it is deleted",
        async () =>
          (await service().request(`/api/conversations/${second.conversationId}`, { token: second.token })).status ===
          404,
      );
      expect((await service().history(first)).messages).toHaveLength(2);
      expect([...browser.stored.values()].join()).not.toContain('conversation"');
    });

    it("makes one conversation when both send the first message at once", async () => {
      const browser = new FakeBrowser();
      const both = [open(browser), open(browser)];
      for (const [index, page] of both.entries()) page.chat.send(`Me first ${index}`);
      const lines = [0, 1].map((index) => `> Me first ${index}|< ${echoOf(`Me first ${index}`)}`);
      const inSomeOrder = (page: ChatPage) =>
        JSON.stringify([page.lines.slice(0, 2).join("|"), page.lines.slice(2).join("|")].toSorted()) ===
        JSON.stringify(lines);
      for (const page of both) await page.until("both are answered", () => inSomeOrder(page));
      expect(both[0]?.lines).toEqual(both[1]?.lines);
    });

    it("does not store a conversation again that another tab deleted while this one slept", async () => {
      const browser = new FakeBrowser();
      const sleeper = browser.openTab({ without: ["channel"] });
      const one = open(browser, { tab: sleeper });
      one.chat.send("Delete me while I sleep");
      await one.untilLines("> Delete me while I sleep", `< ${echoOf("Delete me while I sleep")}`);
      sleeper.sleep();
      const other = open(browser);
      other.chat.deleteData();
      sleeper.show(false);
      one.chat.close();
      expect([...browser.stored.values()].join()).not.toContain("Delete me");
    });

    it("uses the newer token received by another tab", async () => {
      const browser = new FakeBrowser();
      const one = open(browser);
      one.chat.send("Renew me");
      await one.untilLines("> Renew me", `< ${echoOf("Renew me")}`);
      const { conversationId, token } = known(browser);
      one.chat.close();
      const key = [...browser.stored.keys()].find((each) => each.endsWith("/conversation")) ?? "";
      browser.stored.set(key, JSON.stringify({ conversationId, token: "an.old.one" }));
      // Nobody tells it: the storage of another process is not always up to date.
      const tab = browser.openTab({ without: ["channel"] });
      tab.listen = () => () => undefined;
      await gate.shut();
      const late = open(browser, { tab });
      browser.stored.set(key, JSON.stringify({ conversationId, token }));
      await gate.reopen();
      late.chat.send("Did it work?");
      await late.untilLines("> Renew me", `< ${echoOf("Renew me")}`, "> Did it work?", `< ${echoOf("Did it work?")}`);
      expect(late.chat.state.notice).toBeUndefined();
    });

    it("holds no connection in a hidden tab", async () => {
      const browser = new FakeBrowser();
      const { script, release } = heldReply("Seen", " at last.");
      product().provider.answer("Hide", script);
      const hidden = browser.openTab();
      hidden.shown = false;
      const behind = open(browser, { tab: hidden });
      await behind.until("it is ready", ({ ready }) => ready);
      const shown = open(browser);
      shown.chat.send("Hide");
      await shown.untilLines("> Hide", "< Seen (writing)");
      await behind.until("it knows", ({ messages }) => messages.length === 2);
      expect(front.seen.filter(({ path }) => path.endsWith("/events"))).toHaveLength(1);
      release();
      await Promise.all([shown, behind].map((page) => page.untilLines("> Hide", "< Seen at last.")));
      expect(front.seen.filter(({ path }) => path.endsWith("/events"))).toHaveLength(1);
    });
  });

  describe("actions", () => {
    it("stops a reply, and keeps its text across a reload", async () => {
      product().provider.answer("Never end", endlessReply());
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Never end");
      await page.until("it talks", ({ messages }) => messages.at(-1)?.text.startsWith("tick tick") ?? false);
      page.chat.stop();
      page.chat.stop();
      await page.until("it has stopped", ({ busy }) => !busy);
      expect(page.lines[1]).toMatch(/^< (tick )+\(stopped\)|^< (tick )+ \(stopped\)/);
      page.chat.close();
      const next = open(browser);
      await next.until("it is read", ({ ready }) => ready);
      expect(next.lines).toEqual(page.lines);
    });

    it("marks a stopped reply in the history, where nothing of it is stored in the browser, and tries it again", async () => {
      product().provider.answer("Stop me", endlessReply());
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Stop me");
      await page.until("it talks", ({ messages }) => messages.at(-1)?.text.startsWith("tick tick") ?? false);
      page.chat.stop();
      const { messages } = await page.until("it has stopped", ({ busy }) => !busy);
      page.chat.close();
      for (const key of browser.stored.keys()) if (key.endsWith("tail")) browser.stored.delete(key);
      const next = open(browser);
      await next.until("it is read", ({ ready }) => ready);
      expect(next.chat.state.messages[1]).toMatchObject({ phase: "stopped", text: messages[1]?.text });
      const { key } = next.chat.state.messages[1] ?? { key: "" };
      next.chat.tryAgain(key);
      // A second click sends nothing more.
      next.chat.tryAgain(key);
      expect(next.lines).toHaveLength(3);
      // The stopped one gives way to the new one, and what it said is not shown to the model.
      await next.untilLines("> Stop me", `< ${echoOf("Stop me")}`);
      next.chat.tryAgain(key);
      expect(next.lines).toHaveLength(2);
      expect(sent()).toEqual(["Stop me", "Stop me"]);
      expect(JSON.stringify(answersTo("Stop me").at(-1)?.request.messages)).not.toContain("tick");
    });

    it("does not show a visitor what the page asks for wrongly", async () => {
      const page = open(new FakeBrowser(), { assistant: "nobody" });
      page.chat.send("Hello?");
      await page.untilLines("> Hello? (refused)");
      expect(page.chat.state.messages[0]).toMatchObject({
        refusal: "Your message could not be sent.",
        problem: "invalid-request",
      });
    });

    it("returns a refused message for editing, and retries it under another key", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      const long = "x".repeat(4001);
      page.chat.send(long);
      page.chat.send("Short");
      await page.untilLines("> Short", `< ${echoOf("Short")}`, `> ${long} (refused)`);
      const refused = page.chat.state.messages.find(({ text }) => text === long);
      expect(refused).toMatchObject({
        refusal: "Your message must have at most 4000 characters.",
        problem: "too-large",
      });
      page.chat.close();
      const next = open(browser);
      await next.untilLines("> Short", `< ${echoOf("Short")}`, `> ${long} (refused)`);
      front.seen.length = 0;
      next.chat.tryAgain(refused?.key ?? "");
      await next.until(
        "it is refused again",
        ({ messages }) =>
          posts().length === 1 &&
          messages.some((message) => message.sender === "user" && message.delivery === "refused"),
      );
      expect(next.chat.state.messages.at(-1)?.key).toBe(refused?.key);
    });

    it("asks again after a failed reply", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      const error = { code: "workers_died", message: "Something went wrong." };
      const event = { jobId: "it", status: "failed", attempt: 3, error };
      const body = `id: end\nevent: failed\ndata: ${JSON.stringify(event)}\n\n`;
      front.instead = ({ path }) => (path.endsWith("/events") ? { status: 200, body } : undefined);
      page.chat.send("Will it fail?");
      const { messages } = await page.untilLines("> Will it fail?", "<  (failed)");
      // The service has a reply: only this page was told otherwise.
      const isAnswered = async () => (await service().conversation(known(browser))).activeJobId === null;
      await eventually("the service has answered", isAnswered);
      expect(messages[1]).toMatchObject({ failure: "Something went wrong." });
      front.instead = () => undefined;
      page.chat.tryAgain(messages[1]?.key ?? "");
      await page.untilLines("> Will it fail?", `< ${echoOf("Will it fail?")}`);
      expect(sent()).toEqual(["Will it fail?", "Will it fail?"]);
    });

    it("loads older messages, page by page", async () => {
      const client = service();
      const history = Array.from({ length: 50 }, (_, n) => ({ text: `old ${n}`, sender: "user", timestamp: n }));
      const begun = await client.submit({ message: "new 0", history });
      await client.ended(begun);
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.close();
      browser.stored.set(
        `parley/1/${encodeURIComponent(new URL(gate.url).origin)}///conversation`,
        JSON.stringify(begun),
      );
      const next = open(browser);
      await next.until("it is read", ({ ready }) => ready);
      expect(next.chat.state).toMatchObject({ hasOlder: true, messages: { length: 50 } });
      next.chat.loadOlder();
      next.chat.loadOlder();
      await next.until("all is read", ({ hasOlder }) => !hasOlder);
      expect(next.lines.slice(0, 3)).toEqual(["> old 0", "> old 1", "> old 2"]);
      expect(next.lines).toHaveLength(52);
    });

    it("starts anew with the waiting messages, even one in flight", async () => {
      const page = open();
      page.chat.send("The old one");
      await page.untilLines("> The old one", `< ${echoOf("The old one")}`);
      const before = page.chat.state.conversationId;
      const accepting = holdPosts();
      page.chat.send("Into the new one");
      await page.until("it is on its way", () => page.lines.at(-1) === "> Into the new one (sending)");
      page.chat.startNew();
      expect(page.lines).toEqual(["> Into the new one (sending)"]);
      accepting.resolve();
      await page.untilLines("> Into the new one", `< ${echoOf("Into the new one")}`);
      expect(page.chat.state.conversationId).not.toBe(before);
    });

    it("keeps the draft across a reload", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.setDraft("half a sen");
      page.chat.close();
      expect(open(browser).chat.state.draft).toBe("half a sen");
    });

    it("erases a conversation deleted offline when online again, even on the next page", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Forget me");
      await page.untilLines("> Forget me", `< ${echoOf("Forget me")}`);
      const { conversationId, token } = known(browser);
      await gate.shut();
      page.chat.send("And this, never sent");
      page.chat.deleteData();
      expect(page.chat.state).toMatchObject({ messages: [], conversationId: undefined });
      await page.untilNotice("unreachable");
      page.chat.close();
      expect([...browser.stored.values()].join()).not.toMatch(/Forget me|never sent/);
      await gate.reopen();
      const next = open(browser);
      await eventually(
        "it is deleted",
        async () => (await service().request(`/api/conversations/${conversationId}`, { token })).status === 404,
      );
      await eventually("nothing is left to do", () => keepsNothing(browser));
      expect(next.lines).toEqual([]);
      expect(answersTo("And this, never sent")).toEqual([]);
    });

    it("erases a first message that was deleted before its answer arrived", async () => {
      const browser = new FakeBrowser();
      front.instead = ({ method }) => (method === "POST" ? "lost" : undefined);
      const page = open(browser);
      page.chat.send("Too soon");
      await page.untilNotice("unreachable");
      page.chat.deleteData();
      expect(page.lines).toEqual([]);
      front.instead = () => undefined;
      await eventually("it is deleted", () => front.seen.some(({ method }) => method === "DELETE"));
      await eventually("nothing is left to do", () => keepsNothing(browser));
      const rows = await product().query("select from messages where text = 'Too soon'");
      expect(rows).toEqual([]);
      expect(page.lines).toEqual([]);
    });

    it("rates a reply, and reverts the rating when the service refuses it", async () => {
      const browser = new FakeBrowser();
      const page = open(browser);
      page.chat.send("Rate me");
      const { messages } = await page.untilLines("> Rate me", `< ${echoOf("Rate me")}`);
      const key = messages[1]?.key ?? "";
      page.chat.rate(key, "up");
      page.chat.rate(key, "down", "Too short");
      expect(page.chat.state.messages[1]).toMatchObject({ rating: "down" });
      const told = () => front.seen.filter(({ path }) => path === `/api/messages/${messages[1]?.id}/feedback`);
      await eventually("both are told", () => told().length === 2);
      expect(told().map(bodyOf)).toEqual([{ rating: "up" }, { rating: "down", comment: "Too short" }]);
      front.instead = ({ path }) =>
        path.endsWith("/feedback") ? { status: 400, body: '{"type":"/problems/invalid-request"}' } : undefined;
      page.chat.rate(key, undefined);
      await page.until(
        "it is taken back",
        ({ messages: [, reply] }) => reply?.sender === "ai" && reply.rating === "down",
      );
      page.chat.close();
      const next = open(browser);
      await next.until("it is read", ({ ready }) => ready);
      expect(next.chat.state.messages[1]).toMatchObject({ rating: "down" });
    });
  });

  it("separates assistants, servers and visitors in the same browser", async () => {
    const browser = new FakeBrowser();
    const all = [
      open(browser),
      open(browser, { assistant: "technical" }),
      open(browser, { identity: await identityOf("a") }),
      open(browser, { identity: await identityOf("b") }),
    ];
    all.push(new ChatPage(browser, front.url));
    for (const [index, page] of all.entries()) page.chat.send(`I am ${index}`);
    for (const [index, page] of all.entries()) await page.untilLines(`> I am ${index}`, `< ${echoOf(`I am ${index}`)}`);
    expect(new Set(all.map(({ chat }) => chat.state.conversationId)).size).toBe(all.length);
    all.at(-1)?.chat.close();
    expect(all[1]?.chat.state.assistant?.type).toBe("technical");
  });

  it("waits for a new identity when the visitor's has expired", async () => {
    const browser = new FakeBrowser();
    const late = open(browser, { identity: await identityOf("late", "-2h") });
    late.chat.send("Who am I?");
    await late.untilNotice("unreachable");
    late.chat.close();
    const next = open(browser, { identity: await identityOf("late") });
    await next.untilLines("> Who am I?", `< ${echoOf("Who am I?")}`);
    next.chat.close();
    const again = open(browser, { identity: await identityOf("late", "-2h") });
    await again.until("it was asked", ({ ready }) => ready);
    expect(again.lines).toEqual(next.lines);
    expect(again.chat.state.notice?.kind).not.toBe("restarted");
  });

  it("goes on with an earlier conversation of a verified visitor, on any device and in all tabs", async () => {
    const identity = await identityOf("returning");
    const first = open(new FakeBrowser(), { identity });
    first.chat.send("From my phone");
    const { conversationId = "" } = await first.untilLines("> From my phone", `< ${echoOf("From my phone")}`);
    const browser = new FakeBrowser();
    const [tab, otherTab] = [open(browser, { identity }), open(browser, { identity })];
    tab.chat.send("Something else");
    await tab.untilLines("> Something else", `< ${echoOf("Something else")}`);
    // Neither the present one, nor one with another assistant.
    const technical = open(browser, { identity, assistant: "technical" });
    technical.chat.send("A fault");
    await technical.untilLines("> A fault", `< ${echoOf("A fault")}`);
    const earlier = await tab.chat.readEarlier();
    expect(earlier.map(({ id, preview }) => [id, preview])).toEqual([[conversationId, echoOf("From my phone")]]);
    tab.chat.continueConversation(conversationId);
    await tab.untilLines("> From my phone", `< ${echoOf("From my phone")}`);
    await otherTab.untilLines("> From my phone", `< ${echoOf("From my phone")}`);
    otherTab.chat.send("And now?");
    await tab.until("it is answered", ({ messages, busy }) => messages.length === 4 && !busy);
    expect(tab.lines.slice(2)).toEqual(["> And now?", `< ${echoOf("And now?")}`]);
    expect(otherTab.chat.state.conversationId).toBe(conversationId);
  });

  it("offers no conversation that is being deleted, and none to a visitor who is not verified or a service that is away", async () => {
    const identity = await identityOf("deleting");
    const page = open(new FakeBrowser(), { identity });
    page.chat.send("Forget this");
    await page.untilLines("> Forget this", `< ${echoOf("Forget this")}`);
    const erasing = Promise.withResolvers<void>();
    front.hold = ({ method }) => (method === "DELETE" ? erasing.promise : undefined);
    page.chat.deleteData();
    await page.untilLines();
    expect(await page.chat.readEarlier()).toEqual([]);
    const other = open(new FakeBrowser(), { identity });
    expect(await other.chat.readEarlier()).toMatchObject([{ preview: echoOf("Forget this") }]);
    front.instead = ({ path }) => (path.startsWith("/api/me/") ? { status: 500 } : undefined);
    expect(await other.chat.readEarlier()).toEqual([]);
    erasing.resolve();
    expect(await open().chat.readEarlier()).toEqual([]);
  });

  it("notifies listeners once a frame while a reply streams", async () => {
    product().provider.answer("Quickly", { steps: Array.from({ length: 400 }, (_, n) => `w${n} `) });
    const page = open();
    page.chat.send("Quickly");
    await page.until("it is whole", ({ busy, messages }) => messages.length === 2 && !busy);
    expect(page.states.length).toBeLessThanOrEqual(page.tab.frames);
    expect(new Set(page.states).size).toBe(page.states.length);
  });

  it("does nothing after it is closed", async () => {
    product().provider.answer("Close me", endlessReply());
    const page = open();
    page.chat.send("Close me");
    await page.until("it talks", ({ messages }) => messages.at(-1)?.text.startsWith("tick") ?? false);
    page.chat.close();
    await eventually("its frames are over", () => true);
    const [frames, requests] = [page.states.length, front.seen.length];
    page.chat.send("Nobody hears");
    await product().query("select pg_sleep(1)");
    expect([page.states.length, front.seen.length]).toEqual([frames, requests]);
  });
});

/** Identity that an embedding site signs for its visitor. */
function identityOf(sub: string, expires = "1h"): Promise<string> {
  const claims = new SignJWT({ sub }).setProtectedHeader({ alg: "HS256" }).setExpirationTime(expires);
  return claims.sign(new TextEncoder().encode(identitySecret));
}

function bodyOf(request: SeenRequest | undefined): Record<string, unknown> {
  return JSON.parse(request?.body ?? "{}") as Record<string, unknown>;
}
