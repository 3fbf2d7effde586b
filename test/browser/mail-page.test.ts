import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { mailPageTexts } from "../../services/api/mail/mail-page-texts.ts";
import { readMailKey, signOpenToken } from "../../shared/mail/mail-tokens.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { OperatorClient } from "../system/harness/operator-client.ts";
import type { Product } from "../system/harness/product.ts";
import { withSharedProducts } from "../system/harness/shared-product.ts";
import { openTestPool } from "../../shared/testing/stores/postgres.ts";

const texts = mailPageTexts.de;

let product: Product;
let browser: BrowserPart;
let key: string;

describe.skipIf(chromiumPath === undefined)("the page behind a link in a mail", { timeout: 60_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    product = await sharedProducts.lend("postgres");
    const pool = openTestPool(product.databaseUrl, 1);
    key = await readMailKey(pool);
    await pool.end();
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("opens the conversation at a click, also for the chat of this origin, and leaves no link in the address", async () => {
    const { client } = product;
    const chat = await client.submit("Where is my order?");
    await new OperatorClient(client.base).say(chat.conversationId, "It is on its way.");
    const token = await signOpenToken(key, chat.conversationId);
    const page = await openPage("de-DE");
    await page.goto(`${client.base}/mail/open?t=${token}`);
    const button = page.getByRole("button", { name: texts.openButton });
    expect(await page.evaluate(() => localStorage.length)).toBe(0);
    await button.click();
    await page.locator("parley-chat").getByText("It is on its way.").waitFor();
    expect(page.url()).toBe(`${client.base}/mail/open?assistant=default`);
    await page.reload();
    await page.locator("parley-chat").getByText("It is on its way.").waitFor();
    await page.goto(client.base);
    await page.locator("parley-chat .launcher").click();
    await page.locator("parley-chat").getByText("It is on its way.").waitFor();

    await client.deleteConversation(chat);
    await page.goto(`${client.base}/mail/open?t=${token}`);
    await button.click();
    await page.getByText(texts.ended).waitFor();
    expect(await button.isDisabled()).toBe(true);
    await page.goto(`${client.base}/mail/open`);
    await page.getByText(texts.broken).waitFor();
  });
});

async function openPage(locale: string): Promise<Page> {
  const context = await browser.newContext({ locale });
  return context.newPage();
}
