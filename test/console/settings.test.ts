import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, expectAccessible, openConsole } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("settings in the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("pause an assistant, and the desk says so, who did it, and since when", async () => {
    const { client } = product;
    await using desk = await openConsole(browser, client.base, { query: "part=settings", shows: ".account" });
    const { page } = desk;
    await page.getByRole("button", { name: "Pause the AI of Customer support" }).click();
    await page.getByText(/^Paused since .* by Support\.$/).waitFor();
    await expectAccessible(page);
    await page.getByRole("link", { name: "Console" }).click();
    const bar = page.locator(".paused");
    await bar.getByText(/Customer support is paused since .* by Support: its visitors wait for people\./).waitFor();
    await expectAccessible(page);
    await bar.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Resume the AI of Customer support" }).click();
    await expect.poll(() => page.getByText("The AI answers.").count(), deskPatience).toBe(2);
    expect(desk.faults).toEqual([]);
  });
});
