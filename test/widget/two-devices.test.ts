import { SignJWT } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ApiClient } from "../system/harness/api-client.ts";
import type { ServiceProcess } from "../system/harness/processes.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, isStream, type SeenRequest, startFaultyProxy } from "./faulty-proxy.ts";
import { OpenStreams } from "./open-streams.ts";

const identitySecret = "a secret that a site shares with its Parley";

interface StoredConversation {
  conversationId: string;
  token: string;
}

let visitors = 0;

onEachBackend("two devices of one visitor", { env: { IDENTITY_SECRET: identitySecret } }, (product) => {
  let front: FaultyProxy;
  let pages: ChatPage[] = [];
  const open = (browser: FakeBrowser, options: ConstructorParameters<typeof ChatPage>[2] = {}) => {
    const page = new ChatPage(browser, front.url, { shown: true, ...options });
    pages.push(page);
    return page;
  };
  /** Wherever it is now. */
  const service = () => new ApiClient(front.target);
  const known = (browser: FakeBrowser) => browser.read("/conversation") as StoredConversation;
  const newsStreams = () => front.seen.filter(isNewsStream);
  const openStreams = (count: number) => eventually(`${count} streams are open`, () => front.openStreams === count);
  const both = (first: ChatPage, second: ChatPage, ...lines: string[]) =>
    Promise.all([first, second].map((page) => page.untilLines(...lines)));
  /** Two devices that show the same conversation, which begins with that message, and each follow it. */
  const begin = async (message: string) => {
    const identity = await identityOf(`visitor ${++visitors}`);
    const [phone, laptop] = [new FakeBrowser(), new FakeBrowser()];
    const one = open(phone, { identity });
    one.chat.send(message);
    const { conversationId = "" } = await one.untilLines(`> ${message}`, `< ${echoOf(message)}`);
    const other = open(laptop, { identity });
    other.chat.continueConversation(conversationId);
    await other.untilLines(`> ${message}`, `< ${echoOf(message)}`);
    await openStreams(2);
    return { phone, one, laptop, other, identity, lines: [`> ${message}`, `< ${echoOf(message)}`] };
  };
  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
  });
  afterEach(async () => {
    for (const page of pages) page.chat.close();
    pages = [];
    front.instead = () => undefined;
    front.hold = () => undefined;
    front.holdAnswer = () => undefined;
    await openStreams(0);
    front.seen.length = 0;
  });
  afterAll(() => front[Symbol.asyncDispose]());

  it("show each other's messages, and the replies while they are written", async () => {
    const { one, other, lines } = await begin("Begin");
    const { script, release } = heldReply("One two", " three.");
    product().provider.answer("From the phone", script);
    one.chat.send("From the phone");
    await both(one, other, ...lines, "> From the phone", "< One two (writing)");
    release();
    await both(one, other, ...lines, "> From the phone", "< One two three.");
    expect(other.takenBack("From the phone")).toEqual([]);
    other.chat.send("From the laptop");
    const all = [...lines, "> From the phone", "< One two three.", "> From the laptop"];
    await both(one, other, ...all, `< ${echoOf("From the laptop")}`);
    for (const { chat } of [one, other]) expect(new Set(chat.state.messages.map(({ id }) => id)).size).toBe(6);
    expect(one.chat.state.messages.map(({ id }) => id)).toEqual(other.chat.state.messages.map(({ id }) => id));
  });

  it("ask for nothing while nothing happens", async () => {
    const { one, other } = await begin("At rest");
    for (const page of [one, other])
      await page.until("all is read", ({ ready, assistant }) => ready && assistant !== undefined);
    const requests = front.seen.length;
    // Longer than any interval of polls for a visible page.
    await product().query("select pg_sleep(3)");
    expect(front.seen.length).toBe(requests);
    expect(front.openStreams).toBe(2);
  });

  it("show a message once, though its event is quicker than the answer to its request", async () => {
    const { one, other, lines } = await begin("Quick events");
    const answering = Promise.withResolvers<void>();
    front.holdAnswer = (request) => (isPost(request) ? answering.promise : undefined);
    one.chat.send("Only once");
    const whole = [...lines, "> Only once", `< ${echoOf("Only once")}`];
    await other.untilLines(...whole);
    expect(one.lines).toEqual([...lines, "> Only once (sending)"]);
    answering.resolve();
    await one.untilLines(...whole);
    for (const { messages } of one.states)
      expect(messages.filter(({ text }) => text === "Only once").length).toBeLessThanOrEqual(1);
  });

  it("show messages in the service's order, though both send at the same time", async () => {
    const { one, other, lines } = await begin("At once");
    const sending = Promise.withResolvers<void>();
    front.hold = (request) => (isPost(request) && request.body.includes("Second") ? sending.promise : undefined);
    other.chat.send("Second");
    await other.untilLines(...lines, "> Second (sending)");
    one.chat.send("First");
    await one.untilLines(...lines, "> First", `< ${echoOf("First")}`);
    // Held back, as nobody here knows yet which of the two comes first.
    expect(other.lines).toEqual([...lines, "> Second (sending)"]);
    sending.resolve();
    await both(one, other, ...lines, "> First", `< ${echoOf("First")}`, "> Second", `< ${echoOf("Second")}`);
  });

  it("show what happened while the connection was lost, after the last event", async () => {
    const { phone, one, other, lines } = await begin("Lost for a while");
    const lastEventId = newsStreams().at(-1)?.lastEventId;
    front.instead = (request) => (isNewsStream(request) ? "cut" : undefined);
    front.cut();
    await openStreams(0);
    const to = known(phone);
    for (const message of ["Missed one", "Missed two"]) await service().ended(await service().submit(message, { to }));
    const before = newsStreams().length;
    front.instead = () => undefined;
    await both(
      one,
      other,
      ...lines,
      ...["Missed one", "Missed two"].flatMap((text) => [`> ${text}`, `< ${echoOf(text)}`]),
    );
    expect(lastEventId).toMatch(/\S/);
    expect(newsStreams().slice(before)).toContainEqual(expect.objectContaining({ lastEventId }));
  });

  it("go on when the API is killed between messages and in mid-reply", { timeout: 90_000 }, async () => {
    const { one, other, lines } = await begin("Survive");
    // Started before, so that pauses between tries do not grow on a slow machine.
    const [second, third] = [await product().startApi(), await product().startApi()];
    const kill = async (api: ServiceProcess | undefined, next: ServiceProcess) => {
      await api?.kill();
      front.target = next.url;
    };
    await kill(product().apis[0], second);
    one.chat.send("After the first");
    const middle = [...lines, "> After the first", `< ${echoOf("After the first")}`];
    await both(one, other, ...middle);
    const { script, release } = heldReply("Half", " and whole.");
    product().provider.answer("During the second", script);
    other.chat.send("During the second");
    await both(one, other, ...middle, "> During the second", "< Half (writing)");
    await kill(second, third);
    release();
    await both(one, other, ...middle, "> During the second", "< Half and whole.");
    one.chat.send("And after");
    const end = ["> During the second", "< Half and whole.", "> And after", `< ${echoOf("And after")}`];
    await both(one, other, ...middle, ...end);
  });

  it("read the conversation again where its events are kept no more", async () => {
    const { phone, one, other, lines } = await begin("Forgotten events");
    one.chat.close();
    other.tab.show(false);
    await openStreams(0);
    const to = known(phone);
    await service().ended(await service().submit("Long ago", { to }));
    await product().query("delete from events where conversation_id = $1", [to.conversationId]);
    front.seen.length = 0;
    other.tab.show(true);
    await other.untilLines(...lines, "> Long ago", `< ${echoOf("Long ago")}`);
    expect(front.seen.filter(({ path }) => path.includes("/history/"))).toHaveLength(1);
    await openStreams(1);
    await service().submit("Just now", { to });
    await other.untilLines(...lines, "> Long ago", `< ${echoOf("Long ago")}`, "> Just now", `< ${echoOf("Just now")}`);
  });

  it("leave a conversation that the other one deletes", async () => {
    const { one, other, phone, laptop } = await begin("Delete me");
    await service().deleteConversation(known(phone));
    await both(one, other);
    for (const page of [one, other])
      expect(await page.untilNotice("restarted")).toMatchObject({ conversationId: undefined, busy: false });
    for (const browser of [phone, laptop]) expect([...browser.stored.values()].join()).not.toContain("Delete me");
    other.chat.send("A new one");
    await other.untilLines("> A new one", `< ${echoOf("A new one")}`);
    expect(one.lines).toEqual([]);
  });

  it("show a pair that replaces another one in its place", async () => {
    const { one, other, lines } = await begin("Say it again");
    product().provider.answer("Say it again", { steps: ["In other words."] });
    one.chat.tryAgain(one.chat.state.messages.at(-1)?.key ?? "");
    await both(one, other, lines[0] ?? "", "< In other words.");
  });

  it("stop each other's replies", async () => {
    const { one, other, lines } = await begin("Stop it");
    product().provider.answer("Go on", heldReply("Half").script);
    one.chat.send("Go on");
    await both(one, other, ...lines, "> Go on", "< Half (writing)");
    other.chat.stop();
    await both(one, other, ...lines, "> Go on", "< Half (stopped)");
  });

  it("hold no connection while their pages are hidden, and show the rest once they are visible", async () => {
    const { one, other, lines } = await begin("Look away");
    other.tab.show(false);
    await openStreams(1);
    one.chat.send("In the meantime");
    const whole = [...lines, "> In the meantime", `< ${echoOf("In the meantime")}`];
    await one.untilLines(...whole);
    expect(other.lines).toEqual(lines);
    other.tab.show(true);
    await other.untilLines(...whole);
    await openStreams(2);
  });

  it("hold no connection while the chat is closed, and show the rest once it is open", async () => {
    const { one, other, lines } = await begin("Close it");
    other.chat.setShown(false);
    await openStreams(1);
    one.chat.send("While it is closed");
    const whole = [...lines, "> While it is closed", `< ${echoOf("While it is closed")}`];
    await one.untilLines(...whole);
    expect(other.lines).toEqual(lines);
    other.chat.setShown(true);
    await other.untilLines(...whole);
  });

  describe("with several tabs", () => {
    it.each([
      ["with locks", []],
      ["without locks", ["locks"]],
    ] as const)("follow on one connection, and all tabs show it: %s", async (how, without) => {
      const { one, laptop, other, identity, lines } = await begin(`Tabs ${how}`);
      other.chat.close();
      const streams = new OpenStreams();
      const tabs = Array.from({ length: 3 }, () =>
        open(laptop, { identity, fetch: streams.fetch, tab: laptop.openTab({ without: [...without] }) }),
      );
      tabs[1]?.tab.focus();
      await Promise.all(tabs.map((page) => page.until("it is read", ({ ready }) => ready)));
      await openStreams(2);
      const { script, release } = heldReply("All", " of them.");
      product().provider.answer(`Everywhere ${how}`, script);
      one.chat.send(`Everywhere ${how}`);
      await Promise.all(tabs.map((page) => page.untilLines(...lines, `> Everywhere ${how}`, "< All (writing)")));
      release();
      await Promise.all(tabs.map((page) => page.untilLines(...lines, `> Everywhere ${how}`, "< All of them.")));
      await openStreams(2);
      tabs[1]?.tab.show(false);
      if (without.length > 0) tabs[2]?.tab.focus();
      one.chat.send(`And on ${how}`);
      const end = [`> And on ${how}`, `< ${echoOf(`And on ${how}`)}`];
      await tabs[2]?.untilLines(...lines, `> Everywhere ${how}`, "< All of them.", ...end);
      await openStreams(2);
      expect(streams.most).toBe(1);
    });

    it("stream a reply first, then the conversation of the tab that the visitor uses", async () => {
      const browser = new FakeBrowser();
      const streams = new OpenStreams();
      const { fetch } = streams;
      const rest = open(browser, { fetch });
      rest.tab.focus();
      rest.chat.send("I rest");
      await rest.untilLines("> I rest", `< ${echoOf("I rest")}`);
      await openStreams(1);
      const { script, release } = heldReply("Busy", " no more.");
      product().provider.answer("I ask", script);
      const asking = open(browser, { assistant: "technical", fetch });
      asking.chat.send("I ask");
      await asking.untilLines("> I ask", "< Busy (writing)");
      await eventually("the reply is streamed", () => front.seen.some(({ path }) => /jobs\/.*\/events/.test(path)));
      // The reply goes on to be streamed, though the visitor looks at a conversation at rest.
      rest.tab.focus();
      // Longer than the stream takes to move.
      for (let time = 0; time < 5; time += 1) await service().history(known(browser));
      expect(front.seen.findLast(isStream)?.path).toMatch(/\/jobs\//);
      const before = newsStreams().length;
      release();
      await asking.untilLines("> I ask", "< Busy no more.");
      await eventually("the conversation is followed", () => newsStreams().length > before);
      await openStreams(1);
      await service().submit("To the one in use", { to: known(browser) });
      await rest.untilLines(
        "> I rest",
        `< ${echoOf("I rest")}`,
        "> To the one in use",
        `< ${echoOf("To the one in use")}`,
      );
      expect(streams.most).toBe(1);
    });
  });

  it("show a conversation as before on a service of an earlier version", async () => {
    const body = JSON.stringify({ type: "/problems/not-found", title: "Not found", status: 404 });
    front.instead = (request) => (isNewsStream(request) ? { status: 404, body } : undefined);
    const browser = new FakeBrowser();
    const page = open(browser);
    page.chat.send("An old one");
    await page.untilLines("> An old one", `< ${echoOf("An old one")}`);
    const { conversationId } = known(browser);
    const asked = () => newsStreams().filter(({ path }) => path.includes(conversationId));
    await eventually("it was asked", () => asked().length > 0);
    await eventually("it is read instead", () => front.seen.some(({ path }) => path.includes("/history/")));
    await page.until("it is read", ({ ready }) => ready);
    page.chat.send("Goes on");
    await page.untilLines("> An old one", `< ${echoOf("An old one")}`, "> Goes on", `< ${echoOf("Goes on")}`);
    expect(page.chat.state.notice).toBeUndefined();
    await product().query("select pg_sleep(1)");
    expect(asked()).toHaveLength(1);
  });
});

function isNewsStream(request: SeenRequest): boolean {
  return isStream(request) && request.path.startsWith("/api/conversations/");
}

function isPost({ method, path }: SeenRequest): boolean {
  return method === "POST" && path === "/api/chat";
}

/** Identity that an embedding site signs for its visitor. */
function identityOf(sub: string): Promise<string> {
  const claims = new SignJWT({ sub }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h");
  return claims.sign(new TextEncoder().encode(identitySecret));
}
