import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import type { Product } from "../system/harness/product.ts";
import { withSharedProducts } from "../system/harness/shared-product.ts";

/**
 * Removes entries that show nothing new: colours depend on an element's kind, its place among those around it and the tag
 * before it, and a few hundred of the page's forty thousand elements have all of these.
 */
const dropRepeated = `
  const kinds = new Map();
  for (const each of document.querySelectorAll("body *")) {
    const before = each.previousElementSibling?.localName ?? "";
    kinds.set(each, (kinds.get(each.parentElement) ?? "") + "/" + before + "+" + each.localName + "." + each.className);
  }
  const seen = new Set();
  const isKnown = (each) => seen.has(kinds.get(each));
  for (const [element, kind] of kinds) {
    if (!element.isConnected) continue;
    const isEntry = element.matches("section, li, tr, details");
    if (isEntry && isKnown(element) && [...element.querySelectorAll("*")].every(isKnown)) element.remove();
    else seen.add(kind);
  }`;

/**
 * Lays out what is in closed `<details>`, which axe passes over as before. It asks for the style of each of the page's
 * elements, and where Chromium leaves their layout out, it works the style out anew each time: four fifths of the check.
 */
const layOutClosed = `
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("details::details-content { content-visibility: visible }");
  document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];`;

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the API reference page", () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    product = await sharedProducts.lend("postgres");
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it(
    "shows every operation, with files from this host alone and under its own policy",
    { timeout: 240_000 },
    async () => {
      const { base } = product.client;
      const page = await (await browser.newContext({ viewport: { width: 1200, height: 900 } })).newPage();
      const faults: string[] = [];
      const hosts = new Set<string>();
      page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") faults.push(message.text());
      });
      page.on("pageerror", (error) => faults.push(error.message));
      page.on("request", (request) => hosts.add(new URL(request.url()).origin));
      await page.goto(`${base}/docs#readJob`);

      const { paths } = (await (await fetch(`${base}/openapi.json`)).json()) as { paths: Record<string, object> };
      const operations = Object.values(paths).flatMap((item) => Object.keys(item));
      await expect.poll(() => page.locator("section").count()).toBe(operations.length);
      const sending = page.locator("#sendMessage");
      await expect.poll(() => sending.locator("h2").textContent()).toBe("POST /api/chat");
      for (const said of ["Idempotency-Key", "metadata", "too-many-unanswered", "RateLimit-Policy"]) {
        expect(await sending.textContent()).toContain(said);
      }
      expect(await page.locator("nav a").count()).toBe(operations.length);
      await expect.poll(async () => (await page.locator("#readJob").boundingBox())?.y).toBeLessThan(200);

      await page.evaluate(layOutClosed);
      expect(await accessibilityFaults(page, { colours: false })).toEqual([]);
      await page.evaluate(dropRepeated);
      expect(await accessibilityFaults(page, { themes: ["light", "dark"] })).toEqual([]);
      expect([...hosts]).toEqual([base]);
      expect(faults).toEqual([]);
    },
  );
});
