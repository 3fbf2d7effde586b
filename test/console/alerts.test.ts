import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import type { JobRef } from "../system/harness/api-client.ts";
import { askDesk, asSupport } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { deskPatience, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

/** Notes what the page plays and shows; nobody looks at it. A browser without a window permits no notifications by itself. */
const notes = `
  window.given = [];
  document.hasFocus = () => window.looksHere === true;
  window.OscillatorNode = class extends OscillatorNode {
    start(at) { if (this.frequency.value < 700) window.given.push("sound"); super.start(at); }
  };
  window.Notification = class extends Notification {
    static permission = "granted";
    constructor(title, options) { super(title, options); window.given.push(title); window.newest = this; }
  };`;

describe.skipIf(chromiumPath === undefined)("alerts of the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  const askForPerson = async (asked: JobRef) =>
    product.client.request(`/api/conversations/${asked.conversationId}/handoff`, {
      method: "POST",
      token: asked.token,
      body: {},
    });

  it("tell who looks elsewhere, once over all tabs, and without a word of the visitor", async () => {
    const { client } = product;
    const silent = await submitAndWait(client, "Nobody hears this");
    const asked = await submitAndWait(client, "Where is my teapot?");
    await using desk = await openConsole(browser, client.base, {
      query: "view=waiting",
    });
    const other = await desk.page.context().newPage();
    for (const page of [desk.page, other]) {
      await page.addInitScript(notes);
      await page.goto(`${client.base}/console?view=waiting`);
      await page.locator(".views").waitFor();
    }
    const given = async () =>
      (await Promise.all([desk.page, other].map((page) => page.evaluate<string[]>("window.given")))).flat();

    await askForPerson(silent);
    await expect.poll(() => desk.page.title(), deskPatience).toContain("(1)");
    expect(await given()).toEqual([]);
    const bell = desk.page.getByRole("button", { name: "Sound and notifications" });
    expect(await bell.getAttribute("aria-pressed")).toBe("false");
    await bell.click();
    await expect.poll(() => bell.getAttribute("aria-pressed"), deskPatience).toBe("true");
    // Heard once, to know it.
    await expect.poll(given, deskPatience).toEqual(["sound"]);

    await askForPerson(asked);
    await expect.poll(given, deskPatience).toEqual(["sound", "sound", "A visitor waits for a person"]);
    // Its click leads there, in the tab that gave it.
    for (const page of [desk.page, other]) await page.evaluate(`window.newest?.dispatchEvent(new Event("click"))`);
    if (!desk.page.url().includes(asked.conversationId)) await desk.pick(asked.conversationId);
    await desk.untilTexts("Where is my teapot?", echoOf("Where is my teapot?"));
    await desk.page.evaluate("window.looksHere = true");
    await desk.say("I look for it.");
    await desk.untilState("You have this conversation.");
    await client.submit("Thank you", { to: asked });
    await expect.poll(() => desk.page.locator(".message > .text").allInnerTexts(), deskPatience).toContain("Thank you");
    // No sound for whoever reads it.
    expect(await given()).toHaveLength(3);
    await desk.page.evaluate("window.looksHere = false");
    await client.submit("Are you there?", { to: asked });
    await expect
      .poll(given, deskPatience)
      .toEqual(["sound", "sound", "A visitor waits for a person", "sound", "A visitor answered you"]);
    expect(desk.faults).toEqual([]);
  });

  it("tell of a visitor whose conversation an operator had before, though it could not be read at first", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Do you have teapots?");
    await askDesk(client, `/conversations/${asked.conversationId}/take`, asSupport, { body: {} });
    await using desk = await openConsole(browser, client.base, { query: "view=waiting" });
    const { page } = desk;
    await page.addInitScript(notes);
    const mine = /inbox\?view=mine/;
    await page.route(mine, (route) => route.abort());
    await page.goto(`${client.base}/console?view=waiting`);
    const bell = page.getByRole("button", { name: "Sound and notifications" });
    if ((await bell.getAttribute("aria-pressed")) === "false") await bell.click();
    const read = page.waitForResponse(mine);
    await page.unroute(mine);
    await (await read).finished();
    const before = await page.evaluate<string[]>("window.given");
    await client.submit("Are you there?", { to: asked });
    await expect
      .poll(() => page.evaluate<string[]>("window.given"), deskPatience)
      .toEqual([...before, "sound", "A visitor answered you"]);
  });
});
