import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { asSupport } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { deskPatience, expectAccessible, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("canned replies in the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("are written once, and taken by their shortcut, with the keyboard alone", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Where is my parcel?");
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    const { page } = desk;
    const box = page.locator("#words");
    await box.fill("/");
    // There is none so far, but a way to the first one.
    await page.getByRole("button", { name: "Edit canned replies…" }).waitFor();
    await client.request("/api/operator/canned-replies/bye", {
      method: "PUT",
      headers: asSupport,
      body: { text: "Good bye!" },
    });
    await page.getByRole("button", { name: "Edit canned replies…" }).click();
    await page.getByLabel("Shortcut").fill("/Parcel");
    await page.getByLabel("Text", { exact: true }).fill("It takes two days.");
    await page.getByRole("button", { name: "Save" }).click();
    await page.locator(".canned-list").getByText("/parcel").waitFor();
    await expectAccessible(page);
    await page.getByRole("button", { name: "Close", exact: true }).click();
    await page.getByRole("option", { name: "/bye Good bye!" }).waitFor();
    await expectAccessible(page);
    const chosen = page.locator('[role="option"][aria-selected="true"]');
    await expect.poll(() => chosen.innerText(), deskPatience).toBe("/bye Good bye!");
    await box.press("ArrowDown");
    await expect.poll(() => chosen.innerText(), deskPatience).toBe("/parcel It takes two days.");
    // In the box first, where it can be changed.
    await box.press("Enter");
    await expect.poll(() => box.inputValue(), deskPatience).toBe("It takes two days.");
    await box.press("Enter");
    await desk.untilTexts("Where is my parcel?", echoOf("Where is my parcel?"), "It takes two days.");
    // Nobody's shortcut: a message like any other.
    await desk.say("/unknown");
    await desk.untilTexts("Where is my parcel?", echoOf("Where is my parcel?"), "It takes two days.", "/unknown");
    expect(desk.faults).toEqual([]);
  });
});
