import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const question = talk.question("Cancel it", { id: "asked" });
const begun = { conversationId: "one", messages: [question, talk.reply("Shall I?")], assistant: support };
const cancel = {
  id: "cancel",
  tool: "cancel_order",
  title: "Cancel order 1042",
  lines: [
    { label: "Order", value: "1042" },
    { label: "Note", value: '<img src=x onerror="alert(1)"> **really**\nnow' },
  ],
  state: "waiting",
  messageId: "asked",
  expiresAt: new Date(2031, 0, 6, 9, 30).toISOString(),
};
const refund = {
  ...cancel,
  id: "refund",
  title: "Refund it",
  lines: [],
  confirmLabel: "Pay me back",
  refuseLabel: "Leave it",
};

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("cards of actions in the chat", { timeout: 60_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it("show values as text, say until when, and are answered one by one", async () => {
    await using widget = await open();
    const { page } = widget;
    expect(await loaded(widget)).toEqual([]);
    await widget.set({ actions: [cancel, refund] });
    const card = page.getByRole("group", { name: "Cancel order 1042" });
    await card.waitFor();
    expect(await card.locator("dd").allTextContents()).toEqual(cancel.lines.map(({ value }) => value));
    expect(await card.locator("img, strong").count()).toBe(0);
    await card.getByText(/^You can confirm this until: January 6, 2031, 9:30\sAM.$/).waitFor();
    expect(await card.getByRole("button").allTextContents()).toEqual([
      expect.stringMatching(/^\s*Yes, go ahead\s*$/),
      expect.stringMatching(/^\s*No, don’t\s*$/),
    ]);
    await page.getByRole("button", { name: "Leave it" }).click();
    expect(await widget.calls()).toEqual([["answerAction", "refund", false]]);
    const other = page.getByRole("group", { name: "Refund it" });
    await other.getByText("Sending your answer…").waitFor();
    expect(await other.getByRole("button", { name: "Pay me back" }).getAttribute("aria-disabled")).toBe("true");
    expect(await card.getByRole("button").first().getAttribute("aria-disabled")).toBeNull();
    // After the reply that proposed them, whatever follows.
    await widget.put(talk.question("And now?"));
    const shown = await page.locator(".message, .card").all();
    expect(await Promise.all(shown.map((each) => each.getAttribute("part")))).toEqual([
      "message visitor-message",
      "message reply",
      "action",
      "action",
      "message visitor-message",
    ]);
  });

  it("are answered by keyboard, and said to screen readers once, with what came of it", async () => {
    await using widget = await open();
    const { page } = widget;
    await widget.set({ actions: [cancel] });
    const words =
      '\u2068Cancel order 1042\u2069. \u2068Order: 1042\u2069. \u2068Note: <img src=x onerror="alert(1)"> **really**\nnow\u2069. Yes or no?';
    await expect.poll(() => widget.said(), patience).toEqual([words]);
    await page.getByLabel("Your message").focus();
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Shift+Tab");
    await page.keyboard.press("Enter");
    expect(await widget.calls()).toEqual([["answerAction", "cancel", true]]);
    await widget.set({ actions: [{ ...cancel, state: "confirmed" }] });
    await page.getByText("You said yes. The outcome will appear here.").first().waitFor();
    expect(await page.locator(".card button").count()).toBe(0);
    // The pressed button is gone, and the visitor goes on in the message field.
    expect(await widget.read(".composer textarea", "it.matches(':focus')")).toBe(true);
    await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("You said yes.");
    await widget.set({ actions: [{ ...cancel, state: "done", result: "It will not be sent." }] });
    await page.locator(".card .result").getByText("It will not be sent.").waitFor();
    await expect
      .poll(async () => (await widget.said()).at(-1), patience)
      .toBe("\u2068Cancel order 1042\u2069: Done. It will not be sent.");
    await widget.set({ draft: "x" });
    expect((await widget.said()).filter((text) => text.includes("Yes or no?"))).toHaveLength(1);
  });

  it("are not done again: the reply to an answer has no Regenerate", async () => {
    await using widget = await open();
    const { page } = widget;
    const again = page.getByRole("button", { name: "Regenerate" });
    await again.waitFor();
    await widget.set({ actions: [{ ...cancel, state: "done", answerMessageId: "yes" }] });
    await widget.put(talk.question("Yes: Cancel order 1042", { id: "yes" }));
    await widget.put(talk.reply("It is cancelled."));
    await page.getByText("It is cancelled.").waitFor();
    expect(await again.count()).toBe(0);
  });

  it.each([
    [{ state: "refused" }, "You said no. Nothing was done."],
    [{ state: "expired" }, "The time to confirm this is over. Nothing was done."],
    [{ state: "unknown" }, "We do not know whether this was done. Our team will check."],
    [{ state: "of-a-later-version" }, "We do not know whether this was done. Our team will check."],
    [{ problem: "tool-changed" }, "This has changed since and can no longer be confirmed. Please ask again."],
  ])("ask for nothing once there is nothing to answer: %j", async (change, text) => {
    await using widget = await open();
    await widget.set({ actions: [{ ...cancel, ...change }] });
    await widget.page.locator(".card").getByText(text).waitFor();
    expect(await widget.page.locator(".card button").count()).toBe(0);
  });

  it("wait below the newest message where their own is not shown", async () => {
    await using widget = await open();
    const elsewhere = { messageId: "older" };
    await widget.set({
      actions: [
        { ...refund, ...elsewhere, state: "done" },
        { ...cancel, ...elsewhere },
      ],
    });
    await widget.page.locator(".card").waitFor();
    expect(await widget.page.locator(".card h3").allTextContents()).toEqual(["Cancel order 1042"]);
  });
});

async function open(): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host);
  await widget.set({ ...begun, actions: [] });
  await widget.open();
  return widget;
}

/** Names of the loaded files of cards. */
async function loaded({ page }: ScriptedWidget): Promise<string[]> {
  const names = await page.evaluate<string[]>(`performance.getEntriesByType("resource").map(({ name }) => name)`);
  return names.filter((name) => name.includes("card-"));
}
