import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { ApiClient } from "../system/harness/api-client.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { onEachBackend, onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type ProxyFault, startFaultyProxy } from "./faulty-proxy.ts";

/** The same numbers for the same seed. */
function randomly(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const troubles: readonly ProxyFault[] = [
  "lost",
  "cut",
  { status: 502, body: "<h1>Bad Gateway</h1>" },
  { status: 503, headers: { "retry-after": "1" }, body: '{"type":"/problems/unavailable"}' },
  { status: 429, headers: { "retry-after": "1" }, body: '{"type":"/problems/rate-limit"}' },
  { status: 200, body: "<h1>Welcome to our network</h1>" },
  { status: 404, body: "<h1>Not Found</h1>" },
];

const messages = 8;

onSharedProducts("a chat through random faults", (product) => {
  it.each([
    ["with locks", 1, []],
    ["with locks", 2, []],
    ["with locks and no channel", 3, ["channel"]],
    ["without locks", 4, ["locks"]],
  ] as const)(
    "sends each message once, and shows each reply, %s (%i)",
    { timeout: 90_000 },
    async (_title, seed, without) => {
      const random = randomly(seed);
      const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)] as T;
      const base = product().client.base;
      await using front = await startFaultyProxy(base);
      const browser = new FakeBrowser();
      const open = () => new ChatPage(browser, front.url, { tab: browser.openTab({ without: [...without] }) });
      const pages = [open(), open()];
      // Two first messages without locks may begin two conversations: it begins with one.
      pages[0]?.chat.send("message 0");
      await pages[0]?.until("it has begun", ({ conversationId }) => conversationId !== undefined);
      front.instead = () => (random() < 0.35 ? pick(troubles) : undefined);

      for (let n = 1; n < messages; n++) {
        pick(pages).chat.send(`message ${n}`);
        // Nothing is waited for: troubles, reloads and messages are to meet at any moment.
        await sleep(random() * 600);
        const [which, what] = [random() < 0.5 ? 0 : 1, random()];
        const page = pages[which];
        if (what < 0.5) {
          if (what < 0.25) page?.tab.show(false);
          page?.chat.close();
          pages[which] = open();
        } else {
          page?.tab.show(what < 0.9);
        }
      }
      await sleep(500);
      front.instead = () => undefined;
      for (const page of pages) page.tab.show(true);

      const texts = Array.from({ length: messages }, (_, n) => `message ${n}`);
      const all = texts.flatMap((text) => [`> ${text}`, `< ${echoOf(text)}`]).toSorted();
      const isWhole = (page: ChatPage) => JSON.stringify(page.lines.toSorted()) === JSON.stringify(all);
      for (const page of pages) await page.until("all is answered", () => isWhole(page), 40_000);
      const stored = browser.read("/conversation") as { conversationId: string; token: string };
      const history = await new ApiClient(base).history(stored);
      const lines = history.messages.map(({ sender, text }) => `${sender === "user" ? ">" : "<"} ${text}`);
      for (const page of pages) expect(page.lines).toEqual(lines);
      for (const page of pages) page.chat.close();
      expect([...browser.stored.keys()].filter((key) => key.includes("/out/"))).toEqual([]);
      expect(await new ApiClient(base).conversation(stored)).toMatchObject({ messageCount: messages * 2 });
    },
  );
});

/** A window in which a slow machine, too, sends three messages. */
const strict = { RATE_LIMIT_MAX_REQUESTS: "2", RATE_LIMIT_WINDOW_MS: "8000" };

onEachBackend("a chat of a visitor who writes more than is allowed", { env: strict }, (product) => {
  it("says so, and goes on when the time is over", { timeout: 40_000 }, async () => {
    using page = new ChatPage(new FakeBrowser(), product().client.base);
    for (const text of ["first", "second", "third"]) page.chat.send(text);
    await page.untilNotice("limited");
    expect(page.lines.slice(-1)).toEqual(["> third (waiting)"]);
    const lines = ["first", "second", "third"].flatMap((text) => [`> ${text}`, `< ${echoOf(text)}`]);
    await page.until("all are answered", () => JSON.stringify(page.lines) === JSON.stringify(lines), 30_000);
    expect(page.chat.state.notice).toBeUndefined();
  });
});
