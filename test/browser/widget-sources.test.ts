import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedOptions, type ScriptedWidget, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const text = "You have **three weeks**. It must be *unused*; see `x`.";
const address = "https://a.example/returns#:~:text=three%20weeks";
const source = (n: number, end: number, more: object = {}) => ({ n, end, title: "", url: "", quote: "", ...more });
const returns = { title: "Returns", url: address, quote: "Within three weeks of its delivery." };
const costs = { title: "Costs <b>", url: "", quote: "It is free." };
/** Behind "weeks**", twice behind "unused*", and one that the site has deleted. */
const sources = [
  source(1, 24, returns),
  source(2, 45, costs),
  source(1, 45, returns),
  source(3, 54, { removed: true }),
];

describe.skipIf(chromiumPath === undefined)("sources of a reply", () => {
  let browser: BrowserPart;
  let host: WidgetHost;
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [browser, host] = await Promise.all([sharedChromium.open(), openWidgetHost()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  const open = async (options: ScriptedOptions = {}, more: object = {}): Promise<ScriptedWidget> => {
    const widget = await openScripted(browser, host, options);
    await widget.open();
    await widget.put(talk.question("How long?"));
    await widget.put(talk.reply(text, { sources, ...more }));
    await widget.page.locator(".cited").first().waitFor();
    return widget;
  };
  const passage = ({ page }: ScriptedWidget) => page.locator(".passage");

  it("are numbers at their places, and a list that opens the pages", async () => {
    await using widget = await open();
    const shown = await widget.read<string>(".reply .text p", "it.textContent.replaceAll(/[^a-z0-9.;]/gi, ' ')");
    expect(shown.split(/\s+|(?=[.;])/).join(" ")).toBe("You have three weeks 1 . It must be unused 2 1 ; see x 3 .");
    const numbers = widget.page.locator(".cited").getByRole("button");
    expect(await Promise.all((await numbers.all()).map((each) => each.getAttribute("aria-label")))).toEqual([
      "Source 1: Returns",
      "Source 2: Costs <b>",
      "Source 1: Returns",
      "Source 3: No longer available",
    ]);
    const list = widget.page.getByRole("list").filter({ hasText: "Returns" });
    expect(await list.getByRole("listitem").count()).toBe(3);
    const link = list.getByRole("link");
    expect(await link.count()).toBe(1);
    expect(await link.getAttribute("aria-label")).toBe("Source 1: Returns");
    expect(await link.getAttribute("href")).toBe(address);
    expect([await link.getAttribute("target"), await link.getAttribute("rel")]).toEqual([
      "_blank",
      "noopener noreferrer",
    ]);
    expect(await list.getByText("No longer available").count()).toBeGreaterThan(0);
  });

  it("show the passage at the pointer, the focus and a press, and Escape closes it alone", async () => {
    await using widget = await open();
    const { page } = widget;
    const [first, second] = [
      page.getByRole("button", { name: "Source 1" }).first(),
      page.getByRole("button", { name: "Source 2" }),
    ];
    await first.hover();
    await passage(widget).getByText("Within three weeks of its delivery.").waitFor();
    expect(await widget.read("[aria-describedby=quote]", "it.ariaLabel")).toBe("Source 1: Returns");
    // It can be reached, and read there.
    await passage(widget).hover();
    expect(await passage(widget).getByRole("link", { name: "Returns" }).getAttribute("href")).toBe(address);
    await page.locator(".composer textarea").hover();
    await passage(widget).waitFor({ state: "detached" });
    await second.focus();
    await page.keyboard.press("Shift+Tab");
    await passage(widget).getByText("Within three weeks of its delivery.").waitFor();
    await page.keyboard.press("Tab");
    await passage(widget).getByText("It is free.").waitFor();
    expect(await passage(widget).getByRole("link").count()).toBe(0);
    await page.keyboard.press("Escape");
    await passage(widget).waitFor({ state: "detached" });
    expect(await page.locator(".panel[data-open]").isVisible()).toBe(true);
    await first.click();
    await page.locator(".composer textarea").hover();
    await passage(widget).waitFor();
    await page.locator("h2").click();
    await passage(widget).waitFor({ state: "detached" });
  });

  it("are in no copy of the reply", async () => {
    await using widget = await open({ context: { permissions: ["clipboard-read", "clipboard-write"] } });
    await widget.page.getByRole("button", { name: "Copy", exact: true }).click();
    await widget.page.getByRole("button", { name: "Copied" }).waitFor();
    const copied = await widget.page.evaluate<{ text: string; html: string }>(`(async () => {
      const [item] = await navigator.clipboard.read();
      const read = async (type) => (await item.getType(type)).text();
      return { text: await read("text/plain"), html: await read("text/html") };
    })()`);
    expect(copied.text).toBe(text);
    expect(copied.html).not.toMatch(/button|[123]/);
  });

  it("appear while the reply is written, are not spoken, and stay where they are", async () => {
    await using widget = await openScripted(browser, host);
    const { page } = widget;
    await widget.open();
    await widget.put(talk.question("How long?"));
    await widget.put(talk.reply("You have **three weeks**", { phase: "writing" }));
    await page.locator(".reply strong").waitFor();
    await widget.put(talk.reply("You have **three weeks**", { phase: "writing", sources: [source(1, 24, returns)] }));
    const number = page.getByRole("button", { name: "Source 1: Returns" });
    await number.waitFor();
    const place = async () => (await number.boundingBox())?.x;
    const before = await place();
    expect(await page.locator(".sources").count()).toBe(0);
    await widget.put(talk.reply(text, { sources: sources.slice(0, 1) }));
    await page.locator(".sources").waitFor();
    expect(await place()).toBe(before);
    await expect.poll(() => widget.said(), patience).toContainEqual(expect.stringContaining("unused"));
    expect((await widget.said()).join(" ")).toBe("You have three weeks. It must be unused; see x.");
    // A new attempt begins without sources.
    await widget.put(talk.reply("Sorry", { phase: "writing", sources: [] }));
    await number.waitFor({ state: "detached" });
  });

  it("pass axe with an open passage, on a phone, in Arabic and in the dark", async () => {
    const context = { viewport: { width: 360, height: 640 }, hasTouch: true, isMobile: true };
    const body = `<main><h1>A site</h1><parley-chat lang="ar" theme="dark"></parley-chat></main>`;
    await using widget = await open({ context, lang: "ar", body, policy: "" });
    await widget.page.getByRole("button", { name: "المصدر 1: Returns" }).first().tap();
    await passage(widget).waitFor();
    expect(await accessibilityFaults(widget.page)).toEqual([]);
    const { x = -1, width = 0 } = (await passage(widget).boundingBox()) ?? {};
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(360);
    expect(await widget.read<number>(".log", "it.scrollWidth - it.clientWidth")).toBe(0);
  });
});
