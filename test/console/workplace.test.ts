import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { deskPatience, expectAccessible, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the console as a workplace", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("pauses an assistant, and the desk says so, who did it, and since when", async () => {
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

  it("puts a suggestion of the assistant into the box, and sends it never by itself", async () => {
    const { client, provider } = product;
    const chat = await submitAndWait(client, "How long is the way?");
    await using desk = await openConsole(browser, client.base, { query: `conversation=${chat.conversationId}` });
    const { page } = desk;
    const box = page.locator("#words");
    await box.waitFor();
    const suggest = page.getByRole("button", { name: "Suggest" });
    // It is for the person who answers.
    expect(await suggest.count()).toBe(0);
    await page.locator(".log").focus();
    await page.keyboard.press("t");
    await suggest.waitFor();
    await page.locator(".log").focus();
    await page.keyboard.press("s");
    await expect.poll(() => box.inputValue(), deskPatience).toBe(echoOf("How long is the way?"));
    await page.getByText("Suggested by the assistant: check it before you send it.").waitFor();
    await expectAccessible(page);
    await desk.untilTexts("How long is the way?", echoOf("How long is the way?"));

    // Another one leaves the operator's own words alone.
    await box.fill("Two days.");
    await suggest.click();
    const offered = page.locator(".suggestion blockquote");
    await offered.waitFor();
    expect([await box.inputValue(), await offered.innerText()]).toEqual(["Two days.", echoOf("How long is the way?")]);
    await expectAccessible(page);
    await box.press("Enter");
    await desk.untilTexts("How long is the way?", echoOf("How long is the way?"), "Two days.");
    await expect.poll(() => page.locator(".suggestion").count(), deskPatience).toBe(0);

    for (let call = 0; call < 10; call += 1) provider.answer("And the price?", { status: 400, steps: [] });
    await client.submit("And the price?", { to: chat });
    await page.getByText("And the price?").first().waitFor();
    await suggest.click();
    await page.getByText("No provider could answer. Try again in a minute.").waitFor();
    expect(desk.faults).toEqual([]);
  });

  it("shows which hours count, sets them, names a fault, and goes back to the file", async () => {
    await using desk = await openConsole(browser, product.client.base, { query: "part=settings", shows: ".hours" });
    const { page } = desk;
    await page.getByText(/^No hours are set/).waitFor();
    await page.getByLabel("Time zone").fill("Europe/Berlin");
    await page.getByLabel("Monday").fill("13:00 – 17:00, 22-2");
    await page.getByLabel("Days that differ").fill("2026-12-25 closed");
    await page.getByRole("button", { name: "Save the hours" }).click();
    await page.getByText(/Monday: must be a stretch of one day/).waitFor();
    await page.getByLabel("Monday").fill("13 – 17, 9:00-12:00");
    await page.getByRole("button", { name: "Save the hours" }).click();
    await page.getByText(/^These hours count\. They were set here by Support/).waitFor();
    await expect.poll(() => page.getByLabel("Monday").inputValue(), deskPatience).toBe("09:00-12:00, 13:00-17:00");
    await expectAccessible(page);
    await page.getByRole("button", { name: "Remove these hours" }).click();
    await page.getByText(/^No hours are set/).waitFor();
    expect(await page.getByLabel("Monday").inputValue()).toBe("");
    expect(desk.faults).toEqual([]);
  });
});
