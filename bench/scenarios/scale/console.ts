import { setTimeout as sleep } from "node:timers/promises";
import type { Browser, BrowserContext, CDPSession, Page } from "playwright-core";
import { createTokens } from "../../../services/api/access/tokens.ts";
import { chromiumPath, launchChromium } from "../../../shared/testing/processes/chromium.ts";
import { HttpConnection } from "../../clients/http-connection.ts";
import { submit } from "../../clients/visitors.ts";
import type { Figure } from "../../figure.ts";
import type { Scenario } from "../../scenario.ts";
import { timeSearches } from "./console-search.ts";
import { insertAnswered } from "../../testbed/insert-rows.ts";
import { benchTokenSecret, type Parley, startParley } from "../../testbed/parley.ts";
import { noDelay } from "../../testbed/provider.ts";

const stored = 10_000;
/** An hour of a busy desk: a message each second, with its reply, one in a minute where the operator reads, and a visitor a minute who asks for a person. */
const hour = { messages: 3600, chats: 1000, readChat: 60, handoffs: 60 };
const messagesASecond = 30;
const connections = 16;
/** Pages of the list that the operator has gone through. */
const pagesShown = 5;
const sampleEveryMs = 500;
const password = "a password that only the bench knows";
const lastWords = "The hour is over.";
const limits = { opensMs: 1000, heapMb: 100, searchMs: 1000 };
/** A text that stands in every conversation, and one that stands in none: all messages are read for it. */
const searched = { common: "where is my order", absent: "a unicorn" };

export const consoleScenario: Scenario = {
  name: "console",
  about:
    "the console in Chromium: opening it with 10,000 conversations, searching them, and its heap over the events of an hour, played in two minutes",
  async run(bench) {
    if (chromiumPath === undefined) {
      bench.say("  no Chromium here");
      return [];
    }
    await using stack = new AsyncDisposableStack();
    const env = { ADMIN_PASSWORD: password };
    const parley = stack.use(await startParley(bench.testbed, { backend: "postgres", env }));
    await bench.testbed.provider.pace(noDelay);
    const chats = await tokensOf(
      await insertAnswered(parley.pool, { conversations: stored, turns: 3, wanted: hour.chats }),
    );
    await parley.pool.query("vacuum analyze");
    const browser = stack.adopt(await launchChromium(), (opened) => opened.close());
    const opens: number[] = [];
    for (let round = 0; round < bench.rounds; round += 1) opens.push(await openOnce(browser, parley));
    const search = (text: string, finds: boolean) => timeSearches(parley, { text, password, finds });
    const [common, absent] = [await search(searched.common, true), await search(searched.absent, false)];
    const heap = await playHour(browser, { parley, chats });
    return [
      figure("opens", {
        what: `until the console shows its list, of ${stored} conversations`,
        unit: "ms",
        values: opens,
        limit: limits.opensMs,
      }),
      figure("search-common", {
        what: `search for a text in all ${stored} conversations, p50`,
        unit: "ms",
        values: [common],
        limit: limits.searchMs,
      }),
      figure("search-absent", {
        what: "search for a text in none of them, p50",
        unit: "ms",
        values: [absent],
        limit: limits.searchMs,
      }),
      figure("heap", {
        what: `heap of the console at its highest, over ${hour.messages} messages and replies`,
        unit: "MB",
        values: [heap.highestMb],
        limit: limits.heapMb,
      }),
      figure("heap-kept", {
        what: "the same at the end, after a collection",
        unit: "MB",
        values: [heap.keptMb],
        limit: limits.heapMb,
      }),
    ];
  },
};

function figure(
  id: string,
  { what, unit, values, limit }: { what: string; unit: string; values: number[]; limit: number },
): Figure {
  const targets: Figure["targets"] = [{ contender: "parleyPg", limit }];
  return { id: `console/${id}`, what, unit, better: "less", values: { parleyPg: values }, targets };
}

interface Chat {
  conversationId: string;
  token: string;
}

async function tokensOf(ids: readonly string[]): Promise<Chat[]> {
  const tokens = createTokens([benchTokenSecret]);
  return Promise.all(ids.map(async (conversationId) => ({ conversationId, token: await tokens.sign(conversationId) })));
}

/** Notes when the first entry of the list is there. */
const noteOpening = `
  new MutationObserver((_, observer) => {
    if (document.querySelector(".entry") === null) return;
    window.openedMs = performance.now();
    observer.disconnect();
  }).observe(document, { childList: true, subtree: true });`;

/** Signs in, in a browser that has nothing of the console. */
async function signIn(browser: Browser, { origin }: Parley): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1400, height: 900 } });
  const data = { email: "admin", password };
  const answer = await context.request.post(`${origin}/api/operator/sign-in`, { headers: { origin }, data });
  if (!answer.ok()) throw new Error(`the sign-in was refused: ${await answer.text()}`);
  return context;
}

/** @returns milliseconds from the navigation to the first entry */
async function openOnce(browser: Browser, parley: Parley): Promise<number> {
  const context = await signIn(browser, parley);
  try {
    const page = await context.newPage();
    await page.addInitScript(noteOpening);
    await page.goto(`${parley.origin}/console?view=all`);
    await page.locator(".entry").first().waitFor();
    return await page.evaluate<number>("window.openedMs");
  } finally {
    await context.close();
  }
}

interface Played {
  parley: Parley;
  chats: readonly Chat[];
}

/** Plays the events of an hour before an open console. */
async function playHour(browser: Browser, played: Played): Promise<{ highestMb: number; keptMb: number }> {
  const { parley, chats } = played;
  const [read = { conversationId: "", token: "" }] = chats;
  await using stack = new AsyncDisposableStack();
  const context = stack.adopt(await signIn(browser, parley), (opened) => opened.close());
  const page = await context.newPage();
  await page.goto(`${parley.origin}/console?view=all&conversation=${read.conversationId}`);
  await showPages(page);
  const meter = new HeapMeter(await context.newCDPSession(page));
  await meter.begin();
  const sampling = new AbortController();
  const playing = sendMessages(played).then(() => untilShown(page, parley, read));
  await Promise.all([meter.sampleUntil(sampling.signal), playing.finally(() => sampling.abort())]);
  return { highestMb: meter.highestMb, keptMb: await meter.collect() };
}

/** Waits until the console shows a last message: then it has kept up, and has lost nothing. */
async function untilShown(page: Page, { origin }: Parley, chat: Chat): Promise<void> {
  const connection = new HttpConnection(origin);
  await submit(connection, chat, lastWords);
  await page.locator(".message .text", { hasText: lastWords }).first().waitFor({ timeout: 60_000 });
  await connection.destroy();
}

async function showPages(page: Page): Promise<void> {
  for (let shown = 1; shown < pagesShown; shown += 1) {
    const entries = await page.locator(".entry").count();
    await page.getByRole("button", { name: "Show more" }).click();
    await page.locator(".entry").nth(entries).waitFor();
  }
}

async function sendMessages({ parley, chats }: Played): Promise<void> {
  const clients = Array.from({ length: connections }, () => new HttpConnection(parley.origin));
  let sent = 0;
  await Promise.all(
    clients.map(async (client) => {
      while (sent < hour.messages) {
        const number = sent++;
        const chat = chats[number % hour.readChat === 0 ? 0 : number % chats.length];
        if (!chat) throw new Error("there are no conversations");
        await submit(client, chat);
        if (number % (hour.messages / hour.handoffs) === 1) await askForPerson(client, chat);
        await sleep((connections * 1000) / messagesASecond);
      }
    }),
  );
  await Promise.all(clients.map((client) => client.destroy()));
}

/** A visitor who asks for a person, and then takes it back. */
async function askForPerson(client: HttpConnection, { conversationId, token }: Chat): Promise<void> {
  const headers = { authorization: `Bearer ${token}` };
  const path = `/api/conversations/${conversationId}/handoff`;
  await client.request({ method: "POST", path, headers, body: "{}" });
  await client.request({ method: "DELETE", path, headers });
}

/** Reads the size of a page's heap. */
class HeapMeter {
  highestMb = 0;
  readonly #session: CDPSession;

  constructor(session: CDPSession) {
    this.#session = session;
  }

  async begin(): Promise<void> {
    await this.#session.send("HeapProfiler.enable");
    await this.collect();
  }

  /** @returns what is left after a collection, in MB */
  async collect(): Promise<number> {
    await this.#session.send("HeapProfiler.collectGarbage");
    return this.#usedMb();
  }

  async sampleUntil(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.highestMb = Math.max(this.highestMb, await this.#usedMb());
      await sleep(sampleEveryMs);
    }
  }

  async #usedMb(): Promise<number> {
    const { usedSize } = await this.#session.send("Runtime.getHeapUsage");
    return usedSize / 1e6;
  }
}
