import { SignJWT } from "jose";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { eventually } from "../system/harness/suite.ts";
import { type FaultyProxy, startFaultyProxy } from "../widget/faulty-proxy.ts";
import { type EmbeddingSite, openEmbeddingSite, strictPolicy } from "./embedded/embedding-site.ts";

/** Timeout for everything that the pages should come to show. */
const patience = { timeout: 30_000 };
const identitySecret = "a secret that a site shares with its Parley";

let product: Product;
let front: FaultyProxy;
let site: EmbeddingSite;
let browser: BrowserPart;
let contexts: BrowserContext[] = [];

describe.skipIf(chromiumPath === undefined)("the widget on two devices of one visitor", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser, site] = await Promise.all([
      startProduct({ backend: "postgres", env: { IDENTITY_SECRET: identitySecret } }),
      sharedChromium.open(),
      openEmbeddingSite(),
    ]);
    front = await startFaultyProxy(product.client.base);
  });
  afterEach(async () => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await front?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });

  it("shows one conversation, live, without a reload", async () => {
    const identity = await identityOf("Ada");
    const phone = await openDevice(identity);
    await say(phone, "Begin here");
    await untilTexts(phone, "Begin here", echoOf("Begin here"));
    const laptop = await openDevice(identity);
    await laptop.getByRole("button", { name: echoOf("Begin here") }).click();
    await untilTexts(laptop, "Begin here", echoOf("Begin here"));
    await eventually("both follow it", () => front.openStreams === 2);

    const { script, release } = heldReply("Half", " and whole.");
    product.provider.answer("From the phone", script);
    await say(phone, "From the phone");
    const begun = ["Begin here", echoOf("Begin here"), "From the phone"];
    await untilTexts(laptop, ...begun, "Half");
    release();
    await Promise.all([phone, laptop].map((page) => untilTexts(page, ...begun, "Half and whole.")));

    await say(laptop, "From the laptop");
    const all = [...begun, "Half and whole.", "From the laptop", echoOf("From the laptop")];
    await Promise.all([phone, laptop].map((page) => untilTexts(page, ...all)));
  });

  it("holds no connection while the chat is closed, and shows the rest once it is open", async () => {
    const identity = await identityOf("Grace");
    const phone = await openDevice(identity);
    await say(phone, "Begin there");
    await untilTexts(phone, "Begin there", echoOf("Begin there"));
    const laptop = await openDevice(identity);
    await laptop.getByRole("button", { name: echoOf("Begin there") }).click();
    await untilTexts(laptop, "Begin there", echoOf("Begin there"));
    await eventually("both follow it", () => front.openStreams === 2);
    await laptop.getByRole("button", { name: "Close chat" }).click();
    await eventually("one follows it", () => front.openStreams === 1);
    await say(phone, "Meanwhile");
    const whole = ["Begin there", echoOf("Begin there"), "Meanwhile", echoOf("Meanwhile")];
    await untilTexts(phone, ...whole);
    await laptop.getByRole("button", { name: "Open chat" }).click();
    await untilTexts(laptop, ...whole);
  });
});

/** Opens the chat of a visitor in a browser of its own. */
async function openDevice(identity: string): Promise<Page> {
  const context = await browser.newContext({ locale: "en-US" });
  contexts.push(context);
  context.setDefaultTimeout(patience.timeout);
  const page = await context.newPage();
  const script = `<script src="${front.url}/widget.js" data-identity="${identity}" async></script>`;
  const content = `<!doctype html><meta charset="utf-8"><title>A shop</title>${script}`;
  await page.goto(site.page(content, strictPolicy(front.url)));
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByLabel("Your message").waitFor();
  return page;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

/** Waits until the messages are these, in order. */
async function untilTexts(page: Page, ...texts: string[]): Promise<void> {
  const messages = page.locator("[part~=text], [part~=visitor-message] [part~=bubble]");
  const read = async () => (await messages.allTextContents()).map((text) => text.trim());
  await expect.poll(read, patience).toEqual(texts);
}

/** Identity that an embedding site signs for its visitor. */
function identityOf(sub: string): Promise<string> {
  const claims = new SignJWT({ sub }).setProtectedHeader({ alg: "HS256" }).setExpirationTime("1h");
  return claims.sign(new TextEncoder().encode(identitySecret));
}
