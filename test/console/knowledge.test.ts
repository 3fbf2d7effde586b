import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../shared/db/database.ts";
import { readDocumentsToFetch, storeDocument } from "../../shared/db/knowledge/documents.ts";
import { claimSource, endLook, listAddresses, markListed, readDueSources } from "../../shared/db/knowledge/looks.ts";
import { analysisVersion, analyzePassage } from "../../shared/knowledge/analysis/passage-terms.ts";
import { quietLog } from "../../shared/testing/fixtures/quiet-log.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, expectAccessible, openConsole } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

const taken = 'Returns\n\nSend it back within 30 days. <script>alert("no")</script>';

describe.skipIf(chromiumPath === undefined)("the console's knowledge", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    const env = { ADMIN_READ_USER: "reader", ADMIN_READ_PASSWORD: "let the reader in" };
    [product, browser] = await Promise.all([
      startProduct({ backend: "postgres", workers: 0, env }),
      sharedChromium.open(),
    ]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("is added with a keyboard alone, read while one looks, shown page by page, and deleted after asking", async () => {
    await using desk = await openConsole(browser, product.client.base, {
      query: "part=knowledge",
      shows: ".queue .empty",
    });
    const { page } = desk;
    await page.getByRole("button", { name: "Add…" }).press("Enter");
    await page.getByRole("radio", { name: "Page" }).press("ArrowRight");
    await page.getByLabel("Address").fill("https://me:secret@shop.example/sitemap.xml");
    await page.getByLabel("Address").press("Enter");
    expect(await page.getByRole("alert").textContent()).toBe("url: must not contain a user name or a password");
    await expectAccessible(page);
    await page.getByLabel("Address").fill("https://shop.example/sitemap.xml");
    await page.getByLabel("Address").press("Enter");
    await page.getByRole("heading", { name: "shop.example/sitemap.xml" }).waitFor();
    expect(await page.locator(".pages").innerText()).toContain("It has not been read yet.");

    await lookAtNext();
    await expect.poll(() => page.locator(".head .status").textContent(), deskPatience).toBe("ready");
    expect(await documents(page)).toEqual([
      ["Returns", "taken", "82 % of the page", "1 passage"],
      ["shop.example/app", "left out", "needs script", "No text was found"],
    ]);
    const first = page.locator(".document").first();
    await page.getByRole("searchbox", { name: "Try a question" }).fill("send back");
    await page.getByRole("searchbox").press("Enter");
    await page.getByText("1 passage", { exact: true }).waitFor();
    expect(await page.locator(".passages li").innerText()).toContain("Send it back within 30 days.");
    await expectAccessible(page);
    await page.locator(".entry").press("Enter");
    await first.press("Enter");
    await expect.poll(() => page.locator(".taken pre").textContent(), deskPatience).toBe(taken);
    expect(await page.locator(".taken a").getAttribute("href")).toBe("https://shop.example/returns");
    await expectAccessible(page);
    await page.getByRole("button", { name: "1 left out" }).click();
    await expect.poll(() => page.locator(".document").count(), deskPatience).toBe(1);
    await page.getByRole("button", { name: "Read again" }).click();
    await expect.poll(() => page.locator(".head .status").textContent(), deskPatience).toBe("waiting");

    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Delete…" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete", exact: true }).click();
    await page.locator(".queue .empty").waitFor();
    expect(await product.query("select from knowledge_documents")).toEqual([]);
    expect(desk.faults).toEqual([]);
  });

  it("takes files, texts and questions, also on a phone, where it shows one thing at a time", async () => {
    await using desk = await openConsole(browser, product.client.base, {
      query: "part=knowledge",
      shows: ".queue .empty",
      context: { viewport: { width: 390, height: 844 }, hasTouch: true },
    });
    const { page } = desk;
    const add = async (kind: string, fill: () => Promise<void>) => {
      await page.getByRole("button", { name: "Add…" }).click();
      await page.getByRole("radio", { name: kind }).check();
      await fill();
      await page.getByRole("button", { name: "Add", exact: true }).click();
      await page.getByRole("dialog").waitFor({ state: "detached" });
      expect(await page.locator(".queue").isVisible()).toBe(false);
      await expectAccessible(page);
      await page.getByRole("button", { name: "Back to the list" }).click();
    };
    await add("File", () =>
      page.locator("input[type=file]").setInputFiles({ name: "Care.MD", mimeType: "", buffer: Buffer.from("# Care") }),
    );
    await add("Text", async () => {
      await page.locator("textarea").fill("Tea for two");
      await page.getByRole("group", { name: "Assistants that answer from it" }).getByRole("checkbox").first().check();
    });
    await add("Question", async () => {
      await page.getByRole("textbox", { name: "Question" }).fill("Do you ship to Norway?");
      await page.getByLabel("Answer").fill("Yes.");
    });
    await expect
      .poll(() => page.locator(".entry .name").allInnerTexts(), deskPatience)
      .toEqual(["Do you ship to Norway?", "Text", "File"]);
    const rows = await product.query(
      "select convert_from(content, 'UTF8') as content, media_type, cardinality(assistants) as chosen from knowledge_sources",
    );
    expect(rows).toEqual(
      expect.arrayContaining([
        { content: "# Care", media_type: "text/markdown", chosen: null },
        { content: "Tea for two", media_type: "text/markdown", chosen: 1 },
        { content: "Yes.", media_type: null, chosen: null },
      ]),
    );
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await expectAccessible(page);
    expect(desk.faults).toEqual([]);
  });

  it("lists the questions without an answer, takes one where they stand, and puts others aside", async () => {
    await using desk = await openConsole(browser, product.client.base, { query: "part=knowledge", shows: ".queue" });
    const { page } = desk;
    const [conversationId, messageId] = ["a", "b"].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);
    const messages = [{ conversationId, messageId }];
    const lastAt = new Date().toISOString();
    const asked = ["Do you ship to Norway?", "هل تشحنون إلى النرويج؟", "Is it <b>safe</b>?"];
    let questions = asked.map((sample, at) => ({ id: `${at}`, sample, count: at + 1, lastAt, messages }));
    const sent: unknown[] = [];
    await page.route("**/api/operator/knowledge/unanswered**", async (route) => {
      const id = new URL(route.request().url()).pathname.split("/").at(-1);
      if (route.request().method() === "DELETE") {
        sent.push(`put aside ${id}`);
        questions = questions.filter((question) => question.id !== id);
        return route.fulfill({ status: 204 });
      }
      return route.fulfill({ json: { questions } });
    });
    await page.route("**/api/operator/sources", async (route) => {
      if (route.request().method() !== "POST") return route.continue();
      sent.push(route.request().postDataJSON());
      questions = questions.slice(1);
      return route.fulfill({ status: 201, json: { id: conversationId, status: "ready" } });
    });
    await page.reload();
    await page.getByRole("link", { name: "Unanswered questions 3" }).press("Enter");
    await page.getByRole("heading", { name: asked[2] ?? "", exact: true }).waitFor();
    expect(await page.getByRole("link", { name: "conversation 1" }).first().getAttribute("href")).toBe(
      `/console?conversation=${conversationId}`,
    );
    const first = page.locator(".questions li").first();
    await first.getByText("Answer or put aside").click();
    await first.getByLabel("Answer").fill("Yes, in three to five days.");
    await first.getByRole("button", { name: "Add" }).press("Enter");
    await page.getByRole("heading", { name: asked[0] ?? "" }).waitFor({ state: "detached" });
    const last = page.locator(".questions li").last();
    await last.getByText("Answer or put aside").click();
    await expectAccessible(page);
    await last.getByRole("button", { name: "Put aside" }).click();
    await page.getByRole("heading", { name: asked[2] ?? "", exact: true }).waitFor({ state: "detached" });
    expect(sent).toEqual([
      { kind: "question", question: asked[0], answer: "Yes, in three to five days.", unanswered: "0" },
      "put aside 2",
    ]);
    expect(await page.locator(".questions li h3").allInnerTexts()).toEqual([asked[1]]);
    expect(desk.faults).toEqual([]);
  });

  it("has no button that changes anything for readers", async () => {
    await product.query("update knowledge_sources set title = 'A source'");
    await using desk = await openConsole(browser, product.client.base, {
      query: "part=knowledge",
      shows: ".entry",
      user: "reader",
      password: "let the reader in",
    });
    await desk.page.locator(".entry").first().click();
    await desk.page.getByRole("heading", { name: "A source" }).waitFor();
    expect(await desk.page.getByRole("button", { name: /…|Read again/ }).count()).toBe(0);
  });
});

/** Lists what each document's lines say, but for its time. */
async function documents(page: Page): Promise<string[][]> {
  return page
    .locator(".document")
    .evaluateAll((all: { querySelectorAll(names: string): Iterable<{ textContent: string }> }[]) =>
      all.map((each) => [...each.querySelectorAll(".line > :not(time, .where)")].map(({ textContent }) => textContent)),
    );
}

/** Looks at the source that is due, as the process does that reads knowledge. */
async function lookAtNext(): Promise<void> {
  const db = openDatabase(product.databaseUrl, quietLog());
  try {
    const [sourceId = ""] = await readDueSources(db.pool, 1);
    const { claim = 0 } = (await claimSource(db.pool, sourceId)) ?? {};
    const at = { sourceId, claim };
    await listAddresses(db.pool, at, ["https://shop.example/returns", "https://shop.example/app"]);
    await markListed(db.pool, at);
    const [returns, app] = await readDocumentsToFetch(db.pool, at, { limit: 2, analysis: 1 });
    const ends = Buffer.byteLength(taken);
    const passages = [{ begins: 0, ends, heading: "Returns", terms: analyzePassage(taken) }];
    const about = { title: "Returns", text: taken, share: 0.82 };
    const text = { status: "ready", ...about, analysis: analysisVersion, passages } as const;
    await storeDocument(db.pool, at, returns?.id ?? "", text);
    const nothing = {
      status: "left_out",
      reason: "No text was found",
      needsScript: true,
      analysis: 1,
      passages: [],
    } as const;
    await storeDocument(db.pool, at, app?.id ?? "", nothing);
    await endLook(db.pool, at);
  } finally {
    await db.close();
  }
}
