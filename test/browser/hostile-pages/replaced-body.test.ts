import type { Page } from "playwright-core";
import { afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { heldReply } from "../../system/harness/scripted-provider.ts";
import { type HostilePages, htmlPage, pressLauncher, say, withHostilePages } from "./hostile-pages.ts";

let pages: HostilePages;
let count = 0;

describe.skipIf(chromiumPath === undefined)("the chat of a page that is replaced", { timeout: 60_000 }, () => {
  withHostilePages.beforeAll(({ hostilePages }) => {
    pages = hostilePages;
  }, 60_000);
  afterEach(() => pages?.endVisits());

  it.each([
    ["inner HTML", `document.body.innerHTML = "<main id=next>Next</main>"`],
    ["text content", `document.body.textContent = "Next"; document.body.id = "next"`],
    ["children", `document.body.replaceChildren(Object.assign(document.createElement("main"), { id: "next" }))`],
    [
      "children one by one",
      `while (document.body.firstChild) document.body.firstChild.remove();
       document.body.append(Object.assign(document.createElement("main"), { id: "next" }))`,
    ],
    [
      "children one by one, but for scripts",
      `for (const child of [...document.body.children]) if (child.localName !== "script") child.remove();
       document.body.append(Object.assign(document.createElement("main"), { id: "next" }))`,
    ],
    ["body", `document.body.replaceWith(Object.assign(document.createElement("body"), { id: "next" }))`],
    [
      "root element",
      `document.documentElement.replaceWith(new DOMParser().parseFromString("<body id=next>Next", "text/html").documentElement)`,
    ],
    [
      "root element's content",
      `document.documentElement.innerHTML = "<head><title>Next</title></head><body id=next>Next</body>"`,
    ],
    [
      "body, after a while without one",
      `document.body.remove(); setTimeout(() => document.documentElement.append(Object.assign(document.createElement("body"), { id: "next" })), 50)`,
    ],
    [
      "body, twice",
      `for (const id of ["first", "next"]) document.body = Object.assign(document.createElement("body"), { id })`,
    ],
  ])("stays open, with its draft, while a reply is written and the page replaces its %s", async (_name, replace) => {
    const { page, release } = await inReply("");
    await page.evaluate(replace);
    await page.locator("#next").waitFor({ state: "attached" });
    await isUndisturbed(page, release);
  });

  it("stays where Turbo replaces the body", async () => {
    const turbo = await pages.library("@hotwired/turbo/dist/turbo.es2017-umd.js");
    const next = pages.site.page(htmlPage(turbo + pages.tag(), `<main id="next">Next</main>`));
    const { page, release } = await inReply(`<a id="link" href="${next}">Next</a>`, turbo);
    await page.evaluate("document.querySelector('#link').click()");
    await page.locator("#next").waitFor();
    await isUndisturbed(page, release);
  });

  it("stays where Turbo morphs the body", async () => {
    const turbo = await pages.library("@hotwired/turbo/dist/turbo.es2017-umd.js");
    const head = `<meta name="turbo-refresh-method" content="morph">${turbo}`;
    const { page, release } = await inReply("", head);
    await page.evaluate(`
      document.addEventListener("turbo:render", () => document.body.id = "next");
      Turbo.visit(location.href, { action: "replace" });`);
    await page.locator("#next").waitFor();
    await isUndisturbed(page, release);
  });

  it.each(["innerHTML", "outerHTML"])("stays where htmx swaps the body by %s", async (swap) => {
    const htmx = await pages.library("htmx.org/dist/htmx.min.js");
    const next = pages.site.page(htmlPage("", `<main id="next">Next</main>`));
    const link = `<div hx-boost="true" hx-swap="${swap}"><a id="link" href="${next}">Next</a></div>`;
    const { page, release } = await inReply(link, htmx);
    await page.evaluate("document.querySelector('#link').click()");
    await page.locator("#next").waitFor();
    await isUndisturbed(page, release);
  });

  it.each([
    ["alone", `document.querySelector("parley-chat").remove()`],
    ["alone, by its parent", `document.body.removeChild(document.querySelector("parley-chat"))`],
    ["with its script", `for (const each of document.querySelectorAll("parley-chat, script")) each.remove()`],
  ])("does not return once the page has removed it %s, not even with the next body", async (_name, remove) => {
    const page = await pages.visit({ head: pages.tag(), body: "<main>Page</main>" });
    await pressLauncher(page);
    await page.evaluate(remove);
    await page.evaluate(`document.body.innerHTML = "<main id=next>Next</main>"`);
    await page.locator("#next").waitFor();
    expect(await page.locator("parley-chat").count()).toBe(0);
  });

  it("is added to a body that is empty, and leaves it on request", async () => {
    const page = await pages.visit({ head: pages.tag() });
    await pressLauncher(page);
    await page.evaluate(`document.querySelector("parley-chat").remove()`);
    await page.evaluate("new Promise((resolve) => setTimeout(resolve))");
    expect(await page.locator("parley-chat").count()).toBe(0);
  });
});

/** Opens a page whose chat is in the middle of a reply, and a draft is in its field. */
async function inReply(body: string, head = ""): Promise<{ page: Page; release: () => void }> {
  const question = `Question ${++count}`;
  const { script, release } = heldReply("First half", ", second half");
  pages.product.provider.answer(question, script);
  const page = await pages.visit({ head: head + pages.tag(), body: `<main>Page</main>${body}` });
  await pressLauncher(page);
  await say(page, question);
  await page.locator(".reply").getByText("First half").waitFor();
  await page.getByLabel("Your message").fill("half a thought");
  await page.evaluate(`window.chat = document.querySelector("parley-chat")`);
  return { page, release };
}

async function isUndisturbed(page: Page, release: () => void): Promise<void> {
  await page.getByRole("dialog").waitFor();
  await page.locator(".reply").getByText("First half").waitFor();
  expect(await page.evaluate(`window.chat === document.querySelector("parley-chat")`)).toBe(true);
  expect(await page.locator("parley-chat").count()).toBe(1);
  expect(await page.getByLabel("Your message").inputValue()).toBe("half a thought");
  release();
  await page.locator(".reply").getByText("First half, second half").waitFor();
}
