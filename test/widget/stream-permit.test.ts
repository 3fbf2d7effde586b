import { once } from "node:events";
import { locks, Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endlessReply, heldReply } from "../system/harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, isStream, startFaultyProxy } from "./faulty-proxy.ts";
import { OpenStreams } from "./open-streams.ts";

/** Time in which a page without the stream shows the reply: one poll each two seconds, and a slow machine. */
const pollMs = 4_000;

type Missing = NonNullable<Parameters<FakeBrowser["openTab"]>[0]>["without"];

onSharedProducts("pages of one browser share one stream", (product) => {
  let front: FaultyProxy;
  let pages: ChatPage[] = [];
  let open = new OpenStreams();
  const openPage = (browser: FakeBrowser, { without, ...options }: { without?: Missing; assistant?: string } = {}) => {
    const page = new ChatPage(browser, front.url, {
      tab: browser.openTab({ without }),
      fetch: open.fetch,
      ...options,
    });
    pages.push(page);
    return page;
  };
  const streams = () => front.seen.filter(isStream);
  const oneIsOpen = () => eventually("one stream is open", () => front.openStreams === 1);
  const allShow = (...lines: string[]) => Promise.all(pages.map((page) => page.untilLines(...lines)));
  /** Opens pages that show the same growing reply; the first one streams. */
  const openAll = async (count: number, message: string, without?: Missing) => {
    const browser = new FakeBrowser();
    const { script, release } = heldReply("One two", " three.");
    product().provider.answer(message, script);
    const first = openPage(browser, { without });
    first.tab.focus();
    first.chat.send(message);
    await first.untilLines(`> ${message}`, "< One two (writing)");
    const others = Array.from({ length: count - 1 }, () => openPage(browser, { without }));
    await allShow(`> ${message}`, "< One two (writing)");
    return { browser, first, others, release };
  };
  beforeEach(async () => {
    front = await startFaultyProxy(product().client.base);
    [pages, open] = [[], new OpenStreams()];
  });
  afterEach(async () => {
    for (const page of pages) page.chat.close();
    await eventually("all streams are closed", () => front.openStreams === 0);
    await front[Symbol.asyncDispose]();
  });

  it("shows a reply in eight tabs, and streams it once", async () => {
    const { release } = await openAll(8, "Eight tabs");
    expect(streams()).toHaveLength(1);
    expect(front.openStreams).toBe(1);
    release();
    await allShow("> Eight tabs", "< One two three.");
    expect(open.most).toBe(1);
  });

  it("shows the text of another tab's stream within two polls", async () => {
    const [more, end] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    product().provider.answer("Grow", { steps: ["One", { until: more.promise }, " two", { until: end.promise }] });
    const browser = new FakeBrowser();
    const [one, other] = [openPage(browser), openPage(browser)];
    one.tab.focus();
    one.chat.send("Grow");
    await allShow("> Grow", "< One (writing)");
    more.resolve();
    await other.until("it shows more", () => other.lines[1] === "< One two (writing)", pollMs);
    expect(streams()).toHaveLength(1);
    end.resolve();
    await allShow("> Grow", "< One two");
  });

  it("passes it on between conversations", async () => {
    const browser = new FakeBrowser();
    const [first, second] = [heldReply("First", " end."), heldReply("Second", " end.")];
    product().provider.answer("In the first", first.script);
    product().provider.answer("In the second", second.script);
    const [one, other] = [openPage(browser), openPage(browser, { assistant: "technical" })];
    one.chat.send("In the first");
    await one.untilLines("> In the first", "< First (writing)");
    await oneIsOpen();
    other.chat.send("In the second");
    await other.untilLines("> In the second", "< Second (writing)");
    expect(streams()).toHaveLength(1);
    first.release();
    await one.untilLines("> In the first", "< First end.");
    await eventually("the other streams", () => streams().length === 2);
    second.release();
    await other.untilLines("> In the second", "< Second end.");
    expect(open.most).toBe(1);
  });

  it.each([
    ["hidden", (page) => page.tab.show(false)],
    ["closed", (page) => page.chat.close()],
  ] as const satisfies [string, (page: ChatPage) => void][])(
    "goes to another tab when its own is %s in mid-reply",
    async (how, leave) => {
      const message = `It is ${how}`;
      const { first, others, release } = await openAll(3, message);
      leave(first);
      await eventually("another streams", () => streams().length === 2);
      await oneIsOpen();
      expect(streams()[1]?.lastEventId).toBe("1:7");
      release();
      await Promise.all(others.map((page) => page.untilLines(`> ${message}`, "< One two three.")));
      expect(open.most).toBe(1);
    },
  );

  it("goes to another tab when its own dies in mid-reply", { timeout: 30_000 }, async () => {
    const browser = `dying ${Math.random()}`;
    const [dying, living] = [heldReply("Farewell", "."), heldReply("Here", " I am.")];
    product().provider.answer("To die", dying.script);
    product().provider.answer("To live", living.script);
    const thread = new Worker(new URL("tab-thread.ts", import.meta.url), {
      workerData: { browser, server: front.url, message: "To die" },
    });
    try {
      const shown = (async () => {
        for (let text; text !== "Farewell";) [text] = (await once(thread, "message")) as [string | undefined];
      })();
      await shown;
      await oneIsOpen();
      const page = openPage(new FakeBrowser(browser));
      page.chat.send("To live");
      await page.untilLines("> To live", "< Here (writing)");
      expect(streams()).toHaveLength(1);
      await thread.terminate();
      // Node passes the lock of a dead thread on at the next request only.
      await locks.request(`${browser} parley/stream/${front.url}`, { ifAvailable: true }, () => undefined);
      await eventually("it streams", () => streams().length === 2);
      living.release();
      await page.untilLines("> To live", "< Here I am.");
    } finally {
      await thread.terminate();
      dying.release();
    }
  });

  it("comes back to a tab that is visible again", async () => {
    const { first, release } = await openAll(1, "Look away");
    first.tab.show(false);
    await eventually("none is open", () => front.openStreams === 0);
    first.tab.show(true);
    await oneIsOpen();
    release();
    await first.untilLines("> Look away", "< One two three.");
    expect(streams()).toHaveLength(2);
  });

  it("goes to the tab that the visitor uses", async () => {
    const { others, release } = await openAll(4, "Follow my focus");
    for (const [index, page] of others.entries()) {
      page.tab.focus();
      await eventually("it streams", () => streams().length === index + 2);
      await oneIsOpen();
    }
    // Those that yielded have asked again.
    others.at(-1)?.tab.show(false);
    await eventually("another one streams", () => streams().length === others.length + 2);
    await oneIsOpen();
    others.at(-1)?.tab.show(true);
    release();
    await allShow("> Follow my focus", "< One two three.");
    expect(open.most).toBe(1);
  });

  it("stops a reply at once from a tab without the stream", async () => {
    const browser = new FakeBrowser();
    product().provider.answer("Never end", endlessReply());
    const first = openPage(browser);
    first.chat.send("Never end");
    const others = Array.from({ length: 7 }, () => openPage(browser));
    await Promise.all(pages.map((page) => page.until("it talks", () => page.lines[1]?.startsWith("< tick") ?? false)));
    const [page] = others.slice(-1) as [ChatPage];
    const polls = () => front.seen.filter(({ method }) => method === "GET").length;
    const before = polls();
    page.chat.stop();
    await page.until("it has stopped", ({ busy }) => !busy);
    expect(polls() - before).toBeLessThan(2 * pages.length);
    await Promise.all(pages.map((each) => each.until("it has stopped, too", ({ busy }) => !busy)));
    expect(new Set(pages.map(({ lines }) => lines[1])).size).toBe(1);
    expect(open.most).toBe(1);
  });

  describe.each([
    ["without locks", ["locks"]],
    ["where the browser denies locks", ["lock rights"]],
  ] as const satisfies [string, Missing][])("%s", (title, missing) => {
    const without = [...missing];

    it("streams in the tab that the visitor used last", async () => {
      const message = `Streams ${title}`;
      const { first, others, release } = await openAll(4, message, without);
      expect(streams()).toHaveLength(1);
      others[1]?.tab.focus();
      await eventually("it streams", () => streams().length === 2);
      await oneIsOpen();
      first.tab.focus();
      await eventually("the first streams again", () => streams().length === 3);
      first.tab.show(false);
      await eventually("none is open", () => front.openStreams === 0);
      release();
      await Promise.all(others.map((page) => page.untilLines(`> ${message}`, "< One two three.")));
      expect(streams()).toHaveLength(3);
      // For a moment, until the tab that yields has heard of it.
      expect(open.most).toBeLessThanOrEqual(2);
    });

    it("polls in tabs that nobody uses", async () => {
      const browser = new FakeBrowser();
      const { script, release } = heldReply("Seen", " from afar.");
      product().provider.answer(`Unused ${title}`, script);
      const page = openPage(browser, { without });
      page.chat.send(`Unused ${title}`);
      await page.untilLines(`> Unused ${title}`, "< Seen (writing)");
      release();
      await page.untilLines(`> Unused ${title}`, "< Seen from afar.");
      expect(streams()).toEqual([]);
    });
  });

  it("streams in each tab without locks and channels", async () => {
    const { release } = await openAll(2, "Alone", ["locks", "channel"]);
    await eventually("both stream", () => front.openStreams === 2);
    release();
    await allShow("> Alone", "< One two three.");
  });
});
