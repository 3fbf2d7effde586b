import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const question = "How was your conversation with \u2068Ada Lovelace\u2069?";
const asked = {
  handledBy: "ai",
  ratingAsked: { stretch: 2, operator: { name: "Ada Lovelace" } },
  lines: [],
};
const begun = { conversationId: "one", messages: [talk.question("Where is it?"), talk.person("Here.")] };

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("how it went with a person, in the chat", { timeout: 60_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it("is answered with a press, and a few words after it, by keyboard", async () => {
    await using widget = await open();
    const { page } = widget;
    const card = page.getByRole("group", { name: question });
    await card.waitFor();
    await expect.poll(() => widget.said(), patience).toEqual([question]);
    await page.getByLabel("Your message").focus();
    const back = async (stops: number) => {
      for (let stop = 0; stop < stops; stop++) await page.keyboard.press("Shift+Tab");
    };
    // "Talk to a person", "No, thanks", "Bad".
    await back(3);
    await page.keyboard.press("Space");
    expect(await widget.calls()).toEqual([["rateStretch", 2, { rating: "bad" }]]);
    expect(await widget.read("[aria-pressed=true]", "[it.textContent.trim(), it.matches(':focus')]")).toEqual([
      "Bad",
      true,
    ]);
    await back(1);
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Tab");
    await page.keyboard.type("Quick and kind");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    expect((await widget.calls()).slice(1)).toEqual([
      ["rateStretch", 2, { rating: "good" }],
      ["rateStretch", 2, { rating: "good", comment: "Quick and kind" }],
    ]);
    await page.getByText("Thank you for your answer.").first().waitFor();
    expect(await card.count()).toBe(0);
    expect(await widget.read(".composer textarea", "it.matches(':focus')")).toBe(true);
    await expect.poll(() => widget.said(), patience).toEqual([question, "Thank you for your answer."]);
  });

  it("is asked no more once it is declined, or answered elsewhere; about another stretch it is", async () => {
    await using widget = await open();
    const { page } = widget;
    const card = page.locator(".rating");
    await page.getByRole("button", { name: "No, thanks" }).click();
    expect(await widget.calls()).toEqual([["rateStretch", 2, { rating: null }]]);
    expect(await card.count()).toBe(0);
    const next = { ...asked, ratingAsked: { stretch: 4 }, rated: 2 };
    await widget.set({ handling: next });
    await page.getByRole("group", { name: "How was your conversation with us?" }).waitFor();
    await widget.set({ handling: { handledBy: "ai", lines: [], rated: 2 } });
    await card.waitFor({ state: "detached" });
    // A person again: what was pressed is kept, and no words are asked for.
    await widget.set({ handling: next });
    await page.getByRole("button", { name: "Good" }).click();
    await card.locator("textarea").waitFor();
    await widget.set({ handling: { handledBy: "waiting", lines: [], rated: 4 } });
    await card.waitFor({ state: "detached" });
  });

  it("is left out where its form cannot be loaded", async () => {
    const widget = await openScripted(browser, host, { context: {} });
    await widget.page.route("**/rating-form-*", (route) => route.abort());
    const refused = widget.page.waitForEvent("console", (line) => line.text().includes("ERR_FAILED"));
    await show(widget);
    await refused;
    await widget.page.getByRole("button", { name: "Talk to a person" }).waitFor();
    expect(await widget.page.locator(".rating").count()).toBe(0);
    await expect(widget[Symbol.asyncDispose]()).rejects.toThrow("ERR_FAILED");
  });
});

async function open(): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host);
  await show(widget);
  return widget;
}

async function show(widget: ScriptedWidget): Promise<void> {
  await widget.set({ assistant: { ...support, people: true } });
  await widget.open();
  await widget.set({ ...begun, handling: asked });
}
