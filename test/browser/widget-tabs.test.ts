import type { Browser, BrowserContext, Frame, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../../shared/testing/processes/chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { endlessReply, heldReply } from "../system/harness/scripted-provider.ts";
import { eventually } from "../system/harness/suite.ts";
import { type FaultyProxy, isStream, startFaultyProxy } from "../widget/faulty-proxy.ts";
import { type EmbeddingSite, openEmbeddingSite } from "./embedded/embedding-site.ts";

/** Timeout for everything that the pages should come to show. */
const patience = { timeout: 30_000 };
/** More than the connections that Chromium opens to a host over HTTP/1.1. */
const count = 8;
/** Name of this machine that the browser does not know as one, so pages without HTTPS have no locks. */
const plainHost = "shop.test";

/** Stops the reply, and returns the milliseconds until the page says so. The time of the test's own calls is left out. */
const stopAndMeasure = `new Promise((resolve) => {
  const panel = document.querySelector("parley-chat").shadowRoot;
  const began = performance.now();
  new MutationObserver((_, observer) => {
    if (!panel.textContent.includes("Stopped")) return;
    observer.disconnect();
    resolve(performance.now() - began);
  }).observe(panel, { childList: true, characterData: true, subtree: true });
  panel.querySelector("[part~=stop]").click();
})`;

type View = Page | Frame;

let product: Product;
let front: FaultyProxy;
let site: EmbeddingSite;
let browser: Browser;
let context: BrowserContext;

describe.skipIf(chromiumPath === undefined)("the widget on eight visible pages", { timeout: 180_000 }, () => {
  beforeAll(async () => {
    site = await openEmbeddingSite();
    [product, browser] = await Promise.all([
      startProduct({ backend: "postgres", env: { ALLOWED_ORIGINS: `${site.url},${plain(site.url)}` } }),
      launchChromium([`--host-resolver-rules=MAP ${plainHost} 127.0.0.1`]),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    front = await startFaultyProxy(product.client.base);
    context = await browser.newContext({ locale: "en-US" });
    context.setDefaultTimeout(patience.timeout);
  });
  afterEach(async () => {
    await context.close();
    await front[Symbol.asyncDispose]();
  });

  it.each([
    ["windows", openWindows],
    ["frames of a page", openFrames],
    ["frames of a page without HTTPS", openPlainFrames],
  ])("stops a reply within a second, and shows each reply everywhere: %s", async (title, open) => {
    const [endless, held] = [`Never end in ${title}`, `Go on in ${title}`];
    const { script, release } = heldReply("Half", " and whole.");
    product.provider.answer(endless, endlessReply());
    product.provider.answer(held, script);
    const views = await open();
    const [first, last] = [views[0], views.at(-1)] as [View, View];
    await say(first, endless);
    await all(views, (view) => untilReply(view, /^tick tick/));
    await oneStream();
    await last.getByRole("button", { name: "Stop" }).waitFor();
    // Tens of milliseconds; it was 14 s when each page held a stream. The rest is for a busy machine.
    expect(await last.evaluate<number>(stopAndMeasure)).toBeLessThan(5_000);
    await all(views, (view) => view.getByText("Stopped", { exact: true }).waitFor());

    await say(last, held);
    await all(views, (view) => untilReply(view, /^Half$/));
    await oneStream();
    release();
    await all(views, (view) => untilReply(view, /^Half and whole\.$/));
  });

  it.each([
    // Chromium freezes hidden pages only, and Playwright's are visible.
    ["is about to be frozen", (page: Page) => page.evaluate("document.dispatchEvent(new Event('freeze'))")],
    ["is closed", (page: Page) => page.close()],
    ["crashes", crash],
  ])("goes on streaming in another window when the one that streams %s", async (how, leave) => {
    const message = `It ${how}`;
    const { script, release } = heldReply("Half", " and whole.");
    product.provider.answer(message, script);
    const streaming = await openWindow();
    await say(streaming, message);
    await untilReply(streaming, /^Half$/);
    const other = await openWindow();
    await untilReply(other, /^Half$/);
    // To Playwright's pages it seems that each has the focus, so the newest has the stream.
    await eventually("the other streams", () => streams() === 2);
    await streaming.evaluate("dispatchEvent(new Event('focus'))");
    await eventually("the first streams again", () => streams() === 3 && front.openStreams === 1);
    await leave(streaming);
    await eventually("the other streams again", () => streams() === 4 && front.openStreams === 1);
    release();
    await untilReply(other, /^Half and whole\.$/);
  });
});

/** Waits until one is open: while the stream moves, the next one may be seen before the end of the last one. */
async function oneStream(): Promise<void> {
  await eventually("one stream is open", () => front.openStreams === 1);
}

function streams(): number {
  return front.seen.filter(isStream).length;
}

function plain(address: string): string {
  return address.replace("127.0.0.1", plainHost);
}

function content(server = front.url): string {
  return `<!doctype html><meta charset="utf-8"><title>A shop</title>
    <script src="${server}/widget.js" data-open="true" data-position="inline" async></script>`;
}

async function openWindow(): Promise<Page> {
  const page = await context.newPage();
  await page.goto(site.page(content()));
  await page.getByLabel("Your message").waitFor();
  return page;
}

async function openWindows(): Promise<View[]> {
  const pages: Page[] = [];
  for (let n = 0; n < count; n++) pages.push(await openWindow());
  return pages;
}

function openFrames(): Promise<View[]> {
  return framesOf(site.page(pageOf(site.page(content()))));
}

async function openPlainFrames(): Promise<View[]> {
  const frame = plain(site.page(content(plain(front.url))));
  const views = await framesOf(plain(site.page(pageOf(frame))));
  expect(await views[0]?.evaluate("navigator.locks")).toBeUndefined();
  return views;
}

function pageOf(frame: string): string {
  return `<!doctype html><title>Frames</title>${`<iframe src="${frame}" width="300" height="340"></iframe>`.repeat(count)}`;
}

async function framesOf(address: string): Promise<View[]> {
  const page = await context.newPage();
  await page.goto(address);
  const frames = page.frames().slice(1);
  await all(frames, (frame) => frame.getByLabel("Your message").waitFor());
  return frames;
}

async function crash(page: Page): Promise<void> {
  const crashed = page.waitForEvent("crash");
  await page.goto("chrome://crash").catch(() => undefined);
  await crashed;
}

async function say(view: View, text: string): Promise<void> {
  await view.getByLabel("Your message").fill(text);
  await view.getByLabel("Your message").press("Enter");
}

async function untilReply(view: View, text: RegExp): Promise<void> {
  const replies = view.locator("[part~=reply] [part~=text]");
  await expect.poll(async () => (await replies.allTextContents()).at(-1)?.trim() ?? "", patience).toMatch(text);
}

async function all(views: readonly View[], check: (view: View) => Promise<unknown>): Promise<void> {
  await Promise.all(views.map(check));
}
