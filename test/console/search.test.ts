import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, expectAccessible, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("a search in the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("is made with the keyboard alone, kept by the address, and left for the queue", async () => {
    const { client, provider } = product;
    const teapot = await submitAndWait(client, "Where is my teapot?");
    await submitAndWait(client, "Where is my kettle?");
    const broken = { status: 400, body: "{}" };
    provider.answer("Nobody answers", broken, broken, broken);
    const failed = await submitAndWait(client, "Nobody answers");
    await using desk = await openConsole(browser, client.base, {
      context: { viewport: { width: 390, height: 844 } },
    });
    const { page } = desk;
    const found = page.locator(".entry");
    const status = page.locator(".find [role=status]");
    await expect.poll(() => found.count(), deskPatience).toBe(3);
    expect(await page.getByRole("button", { name: "All 3" }).count()).toBe(1);
    await page.keyboard.press("/");
    await page.keyboard.type("TEAPOT");
    await page.keyboard.press("Enter");
    await expect.poll(() => status.textContent(), deskPatience).toBe("1 found");
    await expect
      .poll(() => found.locator(".excerpt").allInnerTexts(), deskPatience)
      .toEqual(["You said: Where is my teapot?"]);
    await expectAccessible(page);
    await page.reload();
    await expect.poll(() => found.count(), deskPatience).toBe(1);
    // Events change what was found.
    await client.request(`/api/conversations/${teapot.conversationId}/handoff`, {
      method: "POST",
      token: teapot.token,
      body: {},
    });
    await page.getByText(/^Waits \d+ s$/).waitFor();
    await page.locator(".find select").selectOption({ label: "Reply by a preset" });
    await expect.poll(() => status.textContent(), deskPatience).toBe("Nothing was found.");
    await page.locator(".find input").fill("");
    await page.locator(".find input").press("Enter");
    await expect.poll(() => found.getAttribute("href"), deskPatience).toContain(failed.conversationId);
    expect(await found.locator(".fault").innerText()).toMatch(/^rejected: the provider rejects this request/);
    await expectAccessible(page);
    // One opens it, and comes back to what was found.
    await found.click();
    await page.getByRole("button", { name: "Back to the list" }).click();
    await expect.poll(() => status.textContent(), deskPatience).toBe("1 found");
    await page.locator(".find input").press("Escape");
    await expect.poll(() => found.count(), deskPatience).toBe(3);
    expect(page.url()).not.toMatch(/[?&](q|filter)=/);
    expect(desk.faults).toEqual([]);
  });
});
