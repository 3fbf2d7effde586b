import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { ApiClient } from "../system/harness/api-client.ts";
import { echoOf, heldReply, messageOf } from "../system/harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";

interface StoredConversation {
  conversationId: string;
  token: string;
}

onSharedProducts("the chat, asked for another reply", (product) => {
  let front: FaultyProxy;
  let pages: ChatPage[] = [];
  const open = (browser: FakeBrowser) => {
    const page = new ChatPage(browser, front.url);
    pages.push(page);
    return page;
  };
  const client = () => new ApiClient(front.url);
  const known = (browser: FakeBrowser) => browser.read("/conversation") as StoredConversation;
  const bodies = () =>
    front.seen
      .filter(({ method, path }) => method === "POST" && path === "/api/chat")
      .map(({ body }) => JSON.parse(body) as { message: string; conversationId?: string; replaces?: string });
  const holdPosts = () => {
    const accepting = Promise.withResolvers<void>();
    front.hold = ({ method, path }) => (method === "POST" && path === "/api/chat" ? accepting.promise : undefined);
    return accepting;
  };
  /** A page whose message has its reply, and its browser. */
  const begin = async (message: string, reply?: string) => {
    if (reply !== undefined) product().provider.answer(message, { steps: [reply] });
    const browser = new FakeBrowser();
    const page = open(browser);
    page.chat.send(message);
    await page.untilLines(`> ${message}`, `< ${reply ?? echoOf(message)}`);
    return { browser, page };
  };
  const again = ({ chat }: ChatPage) => chat.tryAgain(chat.state.messages.at(-1)?.key ?? "");

  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
  });
  afterEach(() => {
    for (const page of pages) page.chat.close();
    pages = [];
    front.instead = () => undefined;
    front.hold = () => undefined;
    front.seen.length = 0;
  });
  afterAll(() => front[Symbol.asyncDispose]());

  it("shows the new pair in place of the old one once it is accepted, again and again", async () => {
    const { page } = await begin("Tell me more", "First.");
    const [asked] = page.chat.state.messages;
    const accepting = holdPosts();
    again(page);
    again(page);
    await page.untilLines("> Tell me more", "< First.", "> Tell me more (sending)");
    product().provider.answer("Tell me more", { steps: ["Second."] }, { steps: ["Third."] });
    accepting.resolve();
    await page.untilLines("> Tell me more", "< Second.");
    again(page);
    await page.untilLines("> Tell me more", "< Third.");
    const [first, second, third, ...more] = bodies();
    expect(more).toEqual([]);
    expect(first?.replaces).toBeUndefined();
    expect(second).toMatchObject({ message: "Tell me more", replaces: asked?.id });
    expect(third?.replaces).not.toBe(asked?.id);
    for (const { request } of product().provider.calls.filter((call) => messageOf(call) === "Tell me more"))
      expect(JSON.stringify(request.messages)).not.toMatch(/First|Second/);
  });

  it("shows the old pair neither after a reload, nor in another tab, nor on another device", async () => {
    const { browser, page } = await begin("Only once", "Old.");
    const other = open(browser);
    await other.untilLines("> Only once", "< Old.");
    product().provider.answer("Only once", { steps: ["New."] });
    again(page);
    await Promise.all([page, other].map((each) => each.untilLines("> Only once", "< New.")));
    page.chat.close();
    const reloaded = open(browser);
    expect(reloaded.lines).toEqual(["> Only once", "< New."]);
    await reloaded.until("it is read", ({ ready }) => ready);
    expect(reloaded.lines).toEqual(["> Only once", "< New."]);
    const device = new FakeBrowser();
    for (const [key, value] of browser.stored) if (key.endsWith("/conversation")) device.stored.set(key, value);
    await open(device).untilLines("> Only once", "< New.");
    expect((await client().history(known(browser))).messages).toHaveLength(4);
  });

  it("keeps asking for it across a reload, under one key, though the first answer was lost", async () => {
    const { browser, page } = await begin("Remember", "Old.");
    product().provider.answer("Remember", { steps: ["New."] });
    front.instead = ({ method }) => (method === "POST" ? "lost" : undefined);
    again(page);
    await page.untilNotice("unreachable");
    page.chat.close();
    front.instead = () => undefined;
    await open(browser).untilLines("> Remember", "< New.");
    expect(new Set(bodies().map((body) => JSON.stringify(body))).size).toBe(2);
    expect((await client().history(known(browser))).messages).toHaveLength(4);
  });

  it("sends it once where two tabs ask at the same time, and shows one", async () => {
    const { browser, page } = await begin("Twice", "Old.");
    const other = open(browser);
    await other.until("it is read", ({ ready }) => ready);
    product().provider.answer("Twice", { steps: ["New."] });
    again(page);
    again(other);
    await Promise.all([page, other].map((each) => each.untilLines("> Twice", "< New.")));
    await eventually("nothing waits", () => ![...browser.stored.keys()].some((key) => key.includes("/out/")));
    expect(bodies().filter(({ replaces }) => replaces !== undefined).length).toBeGreaterThan(1);
    expect((await client().history(known(browser))).messages).toHaveLength(4);
  });

  it("shows another device's reply where that one was faster", async () => {
    const { browser, page } = await begin("Faster", "Old.");
    const [asked] = page.chat.state.messages;
    const accepting = holdPosts();
    again(page);
    await page.until("it is on its way", () => page.lines.at(-1) === "> Faster (sending)");
    const { conversationId } = known(browser);
    const chat = await product().client.submit(
      { message: "Faster, edited", conversationId, replaces: asked?.id },
      { to: known(browser) },
    );
    await product().client.ended(chat);
    accepting.resolve();
    await page.untilLines("> Faster, edited", `< ${echoOf("Faster, edited")}`);
    expect((await client().history(known(browser))).messages).toHaveLength(4);
  });

  it("asks without replacing where another device's question is being answered", async () => {
    const { browser, page } = await begin("Overtaken", "Old.");
    const { script, release } = heldReply("Half", " done.");
    product().provider.answer("From elsewhere", script);
    const accepting = holdPosts();
    again(page);
    await page.until("it is on its way", () => page.lines.at(-1) === "> Overtaken (sending)");
    await product().client.submit("From elsewhere", { to: known(browser) });
    await product().provider.called("From elsewhere");
    product().provider.answer("Overtaken", { steps: ["New."] });
    accepting.resolve();
    await eventually(
      "it is sent without",
      () => bodies().filter(({ replaces }) => replaces === undefined).length === 2,
    );
    release();
    await page.untilLines("> Overtaken", "< Old.", "> From elsewhere", "< Half done.", "> Overtaken", "< New.");
  });

  it("waits for the reply of this page that is being written", async () => {
    const browser = new FakeBrowser();
    const page = open(browser);
    const failed = { jobId: "it", status: "failed", attempt: 3, error: { code: "deadline", message: "Too late." } };
    const body = `id: end\nevent: failed\ndata: ${JSON.stringify(failed)}\n\n`;
    front.instead = ({ path }) => (path.endsWith("/events") ? { status: 200, body } : undefined);
    page.chat.send("Failed before");
    const { messages } = await page.untilLines("> Failed before", "<  (failed)");
    front.instead = () => undefined;
    const isAnswered = async () => (await client().conversation(known(browser))).activeJobId === null;
    await eventually("the service has answered", isAnswered);
    const { script, release } = heldReply("Being", " written.");
    product().provider.answer("The next one", script);
    page.chat.send("The next one");
    await page.untilLines("> Failed before", "<  (failed)", "> The next one", "< Being (writing)");
    page.chat.tryAgain(messages[1]?.key ?? "");
    // Longer than a message needs to the service.
    for (let time = 0; time < 3; time += 1) await client().history(known(browser));
    expect(page.lines.at(-1)).toBe("> Failed before (waiting)");
    expect(bodies()).toHaveLength(2);
    release();
    await page.untilLines("> The next one", "< Being written.", "> Failed before", `< ${echoOf("Failed before")}`);
    expect(bodies().map(({ replaces }) => replaces)).toEqual([undefined, undefined, messages[0]?.id]);
  });

  describe("in a conversation that is left", () => {
    it("by the visitor asks no more", async () => {
      const { page } = await begin("Leave me", "Old.");
      const accepting = holdPosts();
      again(page);
      await page.until("it is on its way", () => page.lines.at(-1) === "> Leave me (sending)");
      page.chat.startNew();
      accepting.resolve();
      page.chat.send("A new one");
      await page.untilLines("> A new one", `< ${echoOf("A new one")}`);
    });

    it("because it was deleted asks in the next one, where there is nothing to replace", async () => {
      const { browser, page } = await begin("Deleted", "Old.");
      await client().deleteConversation(known(browser));
      again(page);
      await page.untilLines("> Deleted", `< ${echoOf("Deleted")}`);
      expect(bodies().at(-1)).not.toHaveProperty("replaces");
      expect(bodies().at(-1)).not.toHaveProperty("conversationId");
    });
  });
});
