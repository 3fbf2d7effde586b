import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../../shared/testing/processes/shared-chromium.ts";
import type { Product } from "../../system/harness/product.ts";
import { heldReply } from "../../system/harness/scripted-provider.ts";
import { withSharedProducts } from "../../system/harness/shared-product.ts";
import { openEmbeddingSite, type EmbeddingSite, strictPolicy } from "./embedding-site.ts";

/** Timeout for everything that the page should come to show. */
const patience = { timeout: 10_000 };

let product: Product;
let site: EmbeddingSite;
let browser: BrowserPart;
let contexts: BrowserContext[] = [];

describe.skipIf(chromiumPath === undefined)("the chat draws attention", { timeout: 30_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [site, browser] = await Promise.all([openEmbeddingSite(), sharedChromium.open()]);
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    product = await sharedProducts.lend("postgres");
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });

  it("by an invitation after a time, which opens the chat with its text as the greeting, once", async () => {
    const context = await newContext();
    const page = await visit(context, `data-invite="Need help with sizes?" data-invite-after="1"`);
    const invitation = page.getByRole("status").getByRole("button", { name: "Need help with sizes?" });
    await invitation.waitFor();
    expect(await page.evaluate("performance.now()")).toBeGreaterThan(1000);
    expect(await accessibilityFaults(page, { themes: ["light", "dark"], within: "parley-chat" })).toEqual([]);
    await invitation.click();
    await page.getByRole("dialog").getByText("Need help with sizes?").waitFor();
    await page.getByRole("button", { name: "Close chat" }).click();
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    expect(await invitation.count()).toBe(0);

    await page.reload();
    await setInvite(page, "Another text");
    await page.getByRole("button", { name: "Another text" }).waitFor();
    expect(await invitation.count()).toBe(0);
  });

  it("by an invitation at an event of the page, which stays closed once it was closed", async () => {
    const context = await newContext({ locale: "de-AT" });
    const page = await visit(context);
    await page.getByRole("button", { name: "Chat öffnen" }).waitFor();
    const invitation = page.getByRole("button", { name: "Noch Fragen zum Warenkorb?" });
    await setInvite(page, "Noch Fragen zum Warenkorb?");
    await invitation.waitFor();
    const close = page.getByRole("button", { name: "Schließen" });
    await close.focus();
    await page.keyboard.press("Enter");
    await invitation.waitFor({ state: "detached" });
    // The keyboard goes on from the button beside it.
    expect(await page.evaluate("document.querySelector('parley-chat').shadowRoot.activeElement.className")).toBe(
      "launcher",
    );
    await page.reload();
    await page.getByRole("button", { name: "Chat öffnen" }).waitFor();
    await setInvite(page, "Noch Fragen zum Warenkorb?");
    await setInvite(page, "Noch ein Text");
    await page.getByRole("button", { name: "Noch ein Text" }).waitFor();
    expect(await invitation.count()).toBe(0);
    // Without the attribute there is none.
    await page.evaluate("document.querySelector('parley-chat').removeAttribute('invite')");
    await page.getByRole("button", { name: "Noch ein Text" }).waitFor({ state: "detached" });
  });

  it.each([
    ["en", "left"],
    ["ar", "end"],
    ["ja", "right"],
  ])("by an invitation within the window, in %s at %s", async (locale, position) => {
    const page = await visit(
      await newContext({ locale, viewport: { width: 340, height: 560 } }),
      [`data-position="${position}" data-invite="${"A longer text that takes some lines. ".repeat(4)}"`].join(""),
    );
    const box = await page.locator(".invitation").filter({ hasText: "lines" }).boundingBox();
    const button = await page.locator(".launcher").boundingBox();
    if (box === null || button === null) throw new Error("no invitation");
    expect(box.x).toBeGreaterThanOrEqual(0);
    expect(box.x + box.width).toBeLessThanOrEqual(340);
    expect(box.y + box.height).toBeLessThanOrEqual(button.y);
    expect(box.height).toBeGreaterThan(60);
  });

  it("by no invitation while it is open", async () => {
    const page = await visit(await newContext(), "data-open");
    await page.getByRole("dialog").waitFor();
    await setInvite(page, "Too late");
    await page.evaluate("document.querySelector('parley-chat').close()");
    await setInvite(page, "In time");
    await page.getByRole("button", { name: "In time" }).waitFor();
    expect(await page.getByText("Too late").count()).toBe(0);
  });

  it("by a sound for a reply that its visitor does not see, in one of the tabs, and by none otherwise", async () => {
    const context = await newContext();
    await context.addInitScript(`{
      window.tones = 0;
      const { createOscillator } = AudioContext.prototype;
      AudioContext.prototype.createOscillator = function () {
        window.tones += 1;
        return createOscillator.call(this);
      };
      addEventListener("parley:reply", () => (window.replies = (window.replies ?? 0) + 1));
    }`);
    const page = await visit(context, 'data-sound="on"');
    const tones = (of: Page) => of.evaluate<number>("tones");
    const replies = (of: Page) => of.evaluate<number>("window.replies ?? 0");
    await page.getByRole("button", { name: "Open chat" }).click();
    await say(page, "Is this heard?");
    await page.locator(".reply").getByRole("button", { name: "Helpful", exact: true }).waitFor();
    // The visitor saw it.
    expect(await tones(page)).toBe(0);

    const { script, release } = heldReply("Not", " yet.");
    product.provider.answer("And now?", script);
    await say(page, "And now?");
    await page.locator(".reply").getByText("Not").waitFor();
    const other = await visit(context, 'data-sound="on" data-open');
    await other.locator(".reply").getByText("Not").waitFor();
    for (const tab of [page, other]) await tab.evaluate("document.querySelector('parley-chat').close()");
    release();
    for (const tab of [page, other]) await expect.poll(() => replies(tab), patience).toBeGreaterThan(0);
    await expect.poll(async () => (await tones(page)) + (await tones(other)), patience).toBe(2);

    // Without the attribute it is silent, though the code is there.
    await page.evaluate("document.querySelector('parley-chat').setAttribute('sound', 'off')");
    await other.close();
    const before = await tones(page);
    await page.evaluate("document.querySelector('parley-chat').send('Silent?')");
    await expect.poll(() => replies(page), patience).toBe(3);
    expect(await tones(page)).toBe(before);
  });
});

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, locale: "en-US", ...options });
  contexts.push(context);
  context.setDefaultTimeout(patience.timeout);
  return context;
}

async function visit(context: BrowserContext, attributes = `data-assistant="default"`): Promise<Page> {
  const page = await context.newPage();
  const { base } = product.client;
  const script = `<script src="${base}/widget.js" ${attributes} async></script>`;
  const content = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title></head><body><main><h1>A site</h1></main>${script}</body></html>`;
  await page.goto(site.page(content, strictPolicy(base)));
  return page;
}

async function setInvite(page: Page, text: string): Promise<void> {
  await page.evaluate(`document.querySelector("parley-chat").setAttribute("invite", ${JSON.stringify(text)})`);
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}
