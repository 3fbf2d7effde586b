import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { echoOf, heldReply } from "../../system/harness/scripted-provider.ts";
import { type HostilePages, pressLauncher, say, withHostilePages } from "./hostile-pages.ts";

const define = (value: string) =>
  `for (const name of ["localStorage", "sessionStorage"]) Object.defineProperty(window, name, ${value});`;
const listEverything = "Object.entries(localStorage)";
const clears = {
  "localStorage.clear()": "localStorage.clear(); sessionStorage.clear()",
  "the removal of each key": "for (const key of Object.keys(localStorage)) localStorage.removeItem(key)",
};

let pages: HostilePages;
let count = 0;

describe.skipIf(chromiumPath === undefined)("the chat and a page's storage", { timeout: 60_000 }, () => {
  withHostilePages.beforeAll(({ hostilePages }) => {
    pages = hostilePages;
  }, 60_000);
  afterEach(() => pages?.endVisits());

  it.each([
    ["is null", define("{ value: null }")],
    ["is undefined", define("{ value: undefined }")],
    ["is denied", define(`{ get() { throw new DOMException("denied", "SecurityError"); } }`)],
    [
      "refuses every access",
      `for (const name of ["getItem", "setItem", "removeItem", "key", "clear"])
      Storage.prototype[name] = () => { throw new DOMException("denied", "SecurityError"); };`,
    ],
    ["is full", `Storage.prototype.setItem = () => { throw new DOMException("full", "QuotaExceededError"); };`],
    ["keeps nothing", "Storage.prototype.setItem = () => undefined;"],
    ["keeps nothing and knows nothing", "Storage.prototype.setItem = Storage.prototype.getItem = () => undefined;"],
    [
      "is the page's own stand-in without a list of keys",
      `const values = new Map();
      ${define(`{ value: { getItem: (key) => values.get(key) ?? null,
        setItem: (key, value) => void values.set(key, value), removeItem: (key) => void values.delete(key) } }`)}`,
    ],
  ])("sends messages, one after the other, where storage %s", async (_name, before) => {
    const page = await pages.visit({ body: pages.tag(), before });
    await pressLauncher(page);
    for (const text of ["First", "Second"]) {
      await say(page, text);
      await page.locator(".reply").getByText(echoOf(text)).waitFor();
    }
    expect(await page.locator(".mine").count()).toBe(2);
    expect(await page.getByLabel("Your message").inputValue()).toBe("");
  });

  it.each(Object.entries(clears))(
    "continues its conversation after %s by the page, also after a reload",
    async (_name, clear) => {
      const { page, release } = await inReply();
      await page.getByLabel("Your message").fill("half a thought");
      await page.evaluate(clear);
      release();
      await page.locator(".reply").getByText("First half, second half").waitFor();
      await say(page, "Next question");
      await page.locator(".reply").getByText(echoOf("Next question")).waitFor();
      expect(await page.locator(".mine").count()).toBe(2);
      expect(await conversations(page)).toBe(1);
      await page.getByLabel("Your message").fill("another thought");
      await page.evaluate(clear);
      await page.reload();
      await page
        .getByRole("dialog")
        .or(page.getByRole("button", { name: "Open chat" }))
        .first()
        .waitFor();
      if (!(await page.getByRole("dialog").isVisible())) await pressLauncher(page);
      await page.locator(".reply").getByText(echoOf("Next question")).waitFor();
      expect(await page.getByLabel("Your message").inputValue()).toBe("another thought");
      expect(await page.locator(".mine").count()).toBe(2);
    },
  );

  it("continues its conversation where another tab of the page clears the storage", async () => {
    const { page, release } = await inReply();
    const other = await pages.visit({ body: "Log out" }, page.context());
    await other.evaluate("localStorage.clear()");
    await expect.poll(() => conversations(page)).toBe(1);
    await page.bringToFront();
    release();
    await page.locator(".reply").getByText("First half, second half").waitFor();
    await say(page, "Next question");
    await page.locator(".reply").getByText(echoOf("Next question")).waitFor();
    expect(await page.locator(".mine").count()).toBe(2);
  });

  it.each(["Start a new conversation", "Delete my data"])(
    "does not restore what “%s” erased, in this tab or another, though the page clears its storage then",
    async (action) => {
      const { page, release } = await inReply();
      release();
      await page.locator(".reply").getByText("First half, second half").waitFor();
      const other = await pages.visit({ body: pages.tag(`data-assistant="default" data-open`) }, page.context());
      await other.locator(".reply").getByText("First half, second half").waitFor();
      await page.bringToFront();
      await page.locator(".more").click();
      await page
        .getByRole("button", { name: action === "Delete my data" ? /delete/i : /new conversation/i })
        .first()
        .click();
      await page.locator(".question .primary").click();
      await page.evaluate("localStorage.clear()");
      for (const tab of [page, other]) await expect.poll(() => tab.locator(".message").count()).toBe(0);
      await other.bringToFront();
      await other.evaluate("localStorage.clear()");
      await say(other, "A new start");
      for (const tab of [other, page]) {
        // A hidden tab asks for its reply at long intervals.
        await tab.bringToFront();
        await tab.locator(".reply").getByText(echoOf("A new start")).waitFor();
      }
      expect(await other.locator(".mine").count()).toBe(1);
    },
  );

  it("erases what the page's script resets and clears in one go, in all tabs", async () => {
    const { page, release } = await inReply();
    release();
    await page.locator(".reply").getByText("First half, second half").waitFor();
    const other = await pages.visit({ body: pages.tag(`data-assistant="default" data-open`) }, page.context());
    await other.locator(".reply").getByText("First half, second half").waitFor();
    await page.evaluate(`document.querySelector("parley-chat").reset();
      new Promise((resolve) => setTimeout(resolve)).then(() => localStorage.clear())`);
    for (const tab of [page, other]) await expect.poll(() => tab.locator(".message").count()).toBe(0);
    await expect.poll(() => conversations(page)).toBe(0);
  });
});

/** Opens a page whose chat is in the middle of a reply. */
async function inReply(): Promise<{ page: Page; release: () => void }> {
  const question = `Stored ${++count}`;
  const { script, release } = heldReply("First half", ", second half");
  pages.product.provider.answer(question, script);
  const page = await pages.visit({ body: pages.tag() });
  await pressLauncher(page);
  await say(page, question);
  await page.locator(".reply").getByText("First half").waitFor();
  return { page, release };
}

/** Number of conversations that the storage knows. */
async function conversations(page: Page): Promise<number> {
  const entries = await page.evaluate<[string, string][]>(listEverything);
  return entries.filter(([key]) => key.endsWith("/conversation")).length;
}
