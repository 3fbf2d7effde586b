import { randomUUID } from "node:crypto";
import { afterAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../shared/db/database.ts";
import { addTestSource } from "../../shared/testing/fixtures/citations.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import type { JobRef } from "../system/harness/api-client.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { heldReply } from "../system/harness/scripted-provider.ts";
import { expectAccessible, openConsole, deskPatience, submitAndWait } from "./open-console.ts";

const markdown = "# A title\n\n1. one\n2. **two**\n\n```js\nlet x;\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n> quoted";
const texts = [markdown, "مرحبا، أين طلبي؟", "日本語で話せますか"];

let product: Product;
let browser: BrowserPart;
let asked: JobRef;

describe.skipIf(chromiumPath === undefined)("the console for everybody", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
    const { client } = product;
    product.provider.answer("Show me everything", { steps: [markdown] });
    asked = await submitAndWait(client, "Show me everything");
    await citeSources();
    await proposeAction();
    for (const text of texts.slice(1)) await submitAndWait(client, text, asked);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("shows an action as its visitor sees it, to be read, and what they say to it", async () => {
    await using desk = await openConsole(browser, product.client.base);
    await desk.pick(asked.conversationId);
    const card = desk.page.getByRole("article", { name: "Cancel order 1042" });
    await card.getByText("Waits for the visitor’s answer.").waitFor();
    expect(await card.locator("dt, dd").allInnerTexts()).toEqual(["Order", "1042 <b>now</b>"]);
    expect(await card.getByRole("button").count()).toBe(0);
    const answered = await fetch(`${product.client.base}/api/actions/${actionId}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: `Bearer ${asked.token}` },
      body: JSON.stringify({ confirm: false }),
    });
    expect(answered.status).toBe(202);
    await card.getByText("The visitor said no. Nothing was done.").waitFor();
    expect(desk.faults).toEqual([]);
  });

  it.each([
    ["a desk", { width: 1400, height: 900 }],
    ["a phone", { width: 390, height: 844 }],
  ])("breaks no rule of accessibility on %s, in either theme", async (_what, viewport) => {
    await using desk = await openConsole(browser, product.client.base, { context: { viewport } });
    const { page } = desk;
    await desk.pick(asked.conversationId);
    await page.locator(".reply table").waitFor();
    await page.getByText("2 sources").first().press("Enter");
    expect(await page.locator(".cited").first().textContent()).toBe("1");
    expect(await page.getByRole("link", { name: "Returns" }).first().getAttribute("href")).toBe(
      "https://shop.example/returns",
    );
    expect(await page.locator(".sources").first().locator("li").allInnerTexts()).toEqual([
      "1 Returns\n\nIn three weeks.",
      "2 No longer available",
    ]);
    const { script, release } = heldReply("It grows");
    product.provider.answer("Write slowly", script);
    await product.client.submit("Write slowly", { to: asked });
    await page.locator(".live .text").waitFor();
    await expectAccessible(page);
    release();
    await page.locator(".live").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Note", exact: true }).click();
    await desk.say("For the team");
    await page.locator(".note").first().waitFor();
    await expectAccessible(page);
    // Details cover the conversation where there is no room beside it.
    if (viewport.width > 1000) await page.setViewportSize({ width: 1000, height: 700 });
    if ((await page.locator(".details").count()) === 0) await page.getByRole("button", { name: "Details" }).click();
    await page.locator(".jobs li").first().waitFor();
    await page.getByText("made from 2 passages").first().press("Enter");
    await page.getByText("not cited").first().waitFor();
    expect(await page.locator(".passages").first().locator("li").allInnerTexts()).toEqual([
      "1 No longer available cited",
      "2 No longer available not cited",
    ]);
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page
      .getByRole("button", { name: "Keys" })
      .or(page.getByRole("button", { name: "Back to the list" }))
      .first()
      .click();
    await expectAccessible(page);
    // Nothing is wider than the window.
    expect(await page.evaluate(wider)).toEqual([]);
    expect(desk.faults).toEqual([]);
  });

  it("can be used with a keyboard alone", async () => {
    const { client } = product;
    const older = await submitAndWait(client, "Older");
    const newer = await submitAndWait(client, "Newer");
    await using desk = await openConsole(browser, client.base);
    const { page } = desk;
    await page.locator(`.entry[href$="${newer.conversationId}"]`).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await expect.poll(() => page.url(), deskPatience).toContain(older.conversationId);
    await desk.untilState("The assistant answers.");
    await page.keyboard.press("t");
    await desk.untilState("You have this conversation.");
    await page.keyboard.press("r");
    // Letters are text in the box.
    await page.keyboard.type("jtq?");
    await page.keyboard.press("Enter");
    await expect
      .poll(() => page.locator(".message[data-by=operator] .text").allInnerTexts(), deskPatience)
      .toEqual(["jtq?"]);
    await page.keyboard.press("Escape");
    await page.keyboard.press("l");
    await desk.untilState("The assistant answers.");
    await page.keyboard.press("t");
    await desk.untilState("You have this conversation.");
    await page.keyboard.press("c");
    await page.keyboard.press("Enter");
    await desk.untilState("Closed. The next message of the visitor opens it again.");
    await page.keyboard.press("?");
    await page.getByRole("dialog").waitFor();
    await page.keyboard.press("Space");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
    // Keys of one letter are off now.
    await page.keyboard.press("2");
    await page.keyboard.press("Escape");
    await expect.poll(() => page.url(), deskPatience).not.toContain("conversation=");
    expect(page.url()).toContain("view=all");
    expect(desk.faults).toEqual([]);
  });

  it("shows a phone one thing at a time", async () => {
    await using desk = await openConsole(browser, product.client.base, {
      context: { viewport: { width: 390, height: 844 }, hasTouch: true },
    });
    const { page } = desk;
    await desk.pick(asked.conversationId);
    await page.getByRole("textbox").waitFor();
    expect(await page.locator(".queue, .bar").and(page.locator(":visible")).count()).toBe(0);
    for (const size of await page.locator(".conversation button:visible").evaluateAll(heights)) {
      expect(size).toBeGreaterThanOrEqual(24);
    }
    await page.getByRole("button", { name: "Back to the list" }).click();
    await page.locator(".entry").first().waitFor();
    expect(await page.locator(".conversation").isVisible()).toBe(false);
    await page.goBack();
    await page.getByRole("textbox").waitFor();
  });
});

const actionId = randomUUID();

/** Has the first reply propose an action. */
async function proposeAction(): Promise<void> {
  await product.query(
    `insert into actions (id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, expires_at)
     select $1, conversation_id, id, 0, 'cancel_order', '1', '\\x00', '{}', 'Cancel order 1042', $3, now() + interval '1 hour'
     from jobs where id = $2`,
    [actionId, asked.jobId, JSON.stringify([{ label: "Order", value: "1042 <b>now</b>" }])],
  );
}

/** Lists what reaches beyond the window, if the page can be scrolled sideways. */
const wider = `document.documentElement.scrollWidth <= innerWidth ? [] : [...document.querySelectorAll("*")]
  .filter((element) => element.getBoundingClientRect().right > innerWidth).map(({ outerHTML }) => outerHTML.slice(0, 80))`;

function heights(elements: { getBoundingClientRect(): { height: number } }[]): number[] {
  return elements.map((element) => element.getBoundingClientRect().height);
}

/** Gives the reply two sources, of which the site has deleted one. */
async function citeSources(): Promise<void> {
  const db = openDatabase(product.databaseUrl, quietLog());
  try {
    await db.pool.query(
      `insert into reply_sources (message_id, no, n, source_id, passage_id, title, url, quote, begins, ends)
       select id, 1, 1, $1::uuid, 7, 'Returns', 'https://shop.example/returns', 'In three weeks.', 0, 9
       from messages where sender = 'ai'
       union all select id, 2, 2, null, 7, '', '', '', 9, 9 from messages where sender = 'ai'`,
      [await addTestSource(db.pool)],
    );
    await db.pool.query(
      `insert into reply_passages (job_id, attempt, no, passage_id, document_id, source_id)
       select id, attempt, no, 6 + no, id, id from jobs cross join generate_series(1, 2) as no where reply_id is not null`,
    );
  } finally {
    await db.close();
  }
}
