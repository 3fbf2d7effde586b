import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { redisAvailable } from "../../shared/testing/stores/redis.ts";
import type { Backend, Product } from "../system/harness/product.ts";
import { echoOf, endlessReply } from "../system/harness/scripted-provider.ts";
import { withSharedProducts } from "../system/harness/shared-product.ts";
import { openEmbeddingSite, strictPolicy } from "./embedded/embedding-site.ts";

/** Timeout for everything that the page should come to show. */
const patience = { timeout: 15_000 };

const backends: readonly Backend[] = ["postgres", "redis"];

describe.skipIf(chromiumPath === undefined).each(backends)("the demo page, on %s", (backend) => {
  const skips = backend === "redis" && !redisAvailable;
  let product: Product | undefined;
  let browser: BrowserPart | undefined;
  let context: BrowserContext;
  let page: Page;
  /** Faults of the page; the browser's own lines about requests without an answer are not among them. */
  let faults: string[];

  withChromium.beforeAll(async ({ sharedChromium }) => {
    if (!skips) browser = await sharedChromium.open();
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    if (!skips) product = await sharedProducts.lend(backend);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });
  beforeEach(async ({ skip }) => {
    if (skips) skip();
    context = await running(browser).newContext({
      baseURL: running(product).client.base,
      locale: "en",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    context.setDefaultTimeout(patience.timeout);
    faults = [];
    page = await openPage();
  });
  afterEach(async ({ task }) => {
    await context.close();
    if (task.result?.state === "fail") console.error(`${task.name}:\n${product?.output()}`);
    if (faults.length > 0) throw new Error(`The page complained:\n${faults.join("\n")}`);
  });

  it("streams a reply, and continues it after a reload in mid-reply", async () => {
    const [reloaded, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const steps = ["One ✓", { until: reloaded.promise }, " two", { until: read.promise }, " three."];
    running(product).provider.answer("Count.", { steps });
    await open();
    await send("Count.");
    await expect.poll(replies, patience).toEqual(["One ✓"]);
    await page.reload();
    await expect.poll(replies, patience).toEqual(["One ✓"]);
    reloaded.resolve();
    await expect.poll(replies, patience).toEqual(["One ✓ two"]);
    read.resolve();
    await expect.poll(replies, patience).toEqual(["One ✓ two three."]);
  });

  it("keeps messages typed offline, and sends them once and in order when online again", async () => {
    await open();
    await context.setOffline(true);
    for (const text of ["First offline", "Second offline"]) await send(text);
    await expect.poll(() => page.getByText("You are offline").isVisible(), patience).toBe(true);
    await context.setOffline(false);
    await expect.poll(replies, patience).toEqual([echoOf("First offline"), echoOf("Second offline")]);
    const rows = await running(product).query<{ text: string }>(
      "select text from messages where sender = 'user' and text like '% offline' order by turn",
    );
    expect(rows.map(({ text }) => text)).toEqual(["First offline", "Second offline"]);
  });

  it("shows one conversation live in two tabs", async () => {
    await open();
    await send("From the first tab");
    await expect.poll(replies, patience).toEqual([echoOf("From the first tab")]);
    const second = await openPage();
    await open(second);
    await expect.poll(() => repliesOn(second), patience).toEqual([echoOf("From the first tab")]);
    await send("From the second tab", second);
    await expect.poll(() => repliesOn(page), patience).toHaveLength(2);
    await expect.poll(() => repliesOn(second), patience).toHaveLength(2);
  });

  it("stops a reply on request, and keeps the text so far", async () => {
    running(product).provider.answer("Go on for ever", endlessReply());
    await open();
    await send("Go on for ever");
    await expect.poll(async () => ((await replies())[0] ?? "").length, patience).toBeGreaterThan(3);
    await page.getByRole("button", { name: "Stop" }).click();
    await expect.poll(() => page.getByText("Stopped").isVisible(), patience).toBe(true);
  });

  it("deletes the conversation for good on request", async () => {
    await open();
    await send("Forget this");
    await expect.poll(replies, patience).toEqual([echoOf("Forget this")]);
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Delete my data" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await expect.poll(replies, patience).toEqual([]);
    await expect
      .poll(() => running(product).query("select from messages where text like '%Forget this%'"), patience)
      .toEqual([]);
  });

  it("applies its settings to the address, the chat and the line to copy", async () => {
    await page.getByLabel("Theme").selectOption("dark");
    await page.getByLabel("Language").selectOption("ar");
    await page.getByLabel("Assistant").selectOption("technical");
    expect(new URL(page.url()).search).toBe("?assistant=technical&theme=dark&lang=ar");
    const chat = page.locator("parley-chat");
    expect(await chat.getAttribute("theme")).toBe("dark");
    expect(await chat.getAttribute("assistant")).toBe("technical");
    await page.getByRole("button", { name: "Copy" }).click();
    await expect.poll(() => page.getByText("Copied").isVisible(), patience).toBe(true);
    const line = await page.evaluate<string>("navigator.clipboard.readText()");
    expect(line).toBe(
      `<script src="${running(product).client.base}/widget.js" data-assistant="technical" data-theme="dark" data-lang="ar" async></script>`,
    );
    await page.reload();
    await expect.poll(() => page.getByLabel("Language").inputValue(), patience).toBe("ar");
    await open();
    await expect.poll(() => page.getByPlaceholder("اكتب رسالة").isVisible(), patience).toBe(true);
  });

  it("gives a line of HTML that adds the chat to any other page", async () => {
    const embed = page.getByLabel("The line to embed this chat");
    // Written once the assistants are known.
    await expect.poll(() => embed.textContent(), patience).toContain("<script");
    const line = await embed.textContent();
    await using site = await openEmbeddingSite();
    const other = await context.newPage();
    watch(other);
    const { base } = running(product).client;
    await other.goto(site.page(`<!doctype html><title>A site</title><body>${line}</body>`, strictPolicy(base)));
    await open(other);
    await send("From elsewhere", other);
    await expect.poll(() => repliesOn(other), patience).toEqual([echoOf("From elsewhere")]);
  });

  async function openPage(): Promise<Page> {
    const opened = await context.newPage();
    watch(opened);
    await opened.goto("/");
    return opened;
  }

  function watch(watched: Page): void {
    watched.on("pageerror", (error) => faults.push(String(error)));
    watched.on("console", (message) => {
      if (["error", "warning"].includes(message.type()) && !/Failed to load resource|ERR_/.test(message.text()))
        faults.push(message.text());
    });
  }

  async function open(on = page): Promise<void> {
    // Not by a function that is polled in the page: a strict policy forbids its evaluation there.
    await on.locator("parley-chat .launcher").waitFor({ state: "attached" });
    await on.evaluate("document.querySelector('parley-chat').setAttribute('open', '')");
    await on.locator("parley-chat textarea").waitFor();
  }

  async function send(text: string, on = page): Promise<void> {
    await on.locator("parley-chat textarea").fill(text);
    await on.locator("parley-chat textarea").press("Enter");
  }

  const replies = () => repliesOn(page);

  function repliesOn(shown: Page): Promise<string[]> {
    return shown
      .locator("parley-chat [part~=reply] [part~=text]")
      .allTextContents()
      .then((texts) => texts.map((text) => text.trim()).filter((text) => text !== ""));
  }
});

function running<T>(part: T | undefined): T {
  if (part === undefined) throw new Error("it has not started");
  return part;
}
