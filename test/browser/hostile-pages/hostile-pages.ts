import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { BrowserContext, Page } from "playwright-core";
import { type BrowserPart, withChromium } from "../../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../../system/harness/product.ts";
import { type EmbeddingSite, openEmbeddingSite } from "../embedded/embedding-site.ts";

/** Timeout of every expected change of a page. */
const timeout = 10_000;

export interface VisitOptions {
  /** Content of the page's head. */
  head?: string;
  body?: string;
  /** Content security policy. */
  policy?: string;
  /** Script that runs before any other in every frame. */
  before?: string;
}

/** Product, and a site on another origin whose pages work against the chat. */
export interface HostilePages extends AsyncDisposable {
  readonly product: Product;
  readonly site: EmbeddingSite;
  /** Closes all pages. Throws if one reported an error, such as a refusal by its policy. */
  endVisits(): Promise<void>;
  /** @returns the script tag of the chat */
  tag(attributes?: string, query?: string): string;
  newContext(): Promise<BrowserContext>;
  /** Opens a page in a new browser context, or in `context`. */
  visit(options: VisitOptions, context?: BrowserContext): Promise<Page>;
  /** @returns the script tag of a package's file, served by the site */
  library(specifier: string): Promise<string>;
}

/** Vitest's hooks with the pages that the files of one Vitest worker share. Their tests make requests alone. */
export const withHostilePages = withChromium.extend(
  "hostilePages",
  { scope: "worker" },
  async ({ sharedChromium }, { onCleanup }) => {
    const pages = await openHostilePages(await sharedChromium.open());
    onCleanup(() => pages[Symbol.asyncDispose]());
    return pages;
  },
);

async function openHostilePages(browser: BrowserPart): Promise<HostilePages> {
  await using stack = new AsyncDisposableStack();
  const product = stack.use(await startProduct({ backend: "postgres" }));
  const site = stack.use(await openEmbeddingSite());
  const faults: string[] = [];
  const newContext = async () => {
    const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, locale: "en-US" });
    context.setDefaultTimeout(timeout);
    context.on("weberror", (error) => faults.push(String(error.error())));
    context.on("console", (line) => {
      if (
        line.type() === "error" &&
        !/favicon|404|from origin 'null'|net::ERR_FAILED|allow-same-origin/.test(line.text())
      )
        faults.push(line.text());
    });
    return context;
  };
  const open = stack.move();
  return {
    product,
    site,
    endVisits: async () => {
      await browser.close();
      const found = faults.splice(0);
      if (found.length > 0) throw new Error(`A page complained:\n${found.join("\n")}`);
    },
    tag: (attributes = `data-assistant="default"`, query = "") =>
      `<script src="${product.client.base}/widget.js${query}" ${attributes} async></script>`,
    newContext,
    visit: async ({ head = "", body = "", policy = "", before }, context) => {
      const page = await (context ?? (await newContext())).newPage();
      if (before !== undefined) await page.addInitScript(before);
      await page.goto(site.page(htmlPage(head, body), policy));
      return page;
    },
    library: async (specifier) => {
      const code = await readFile(fileURLToPath(import.meta.resolve(specifier)), "utf8");
      return `<script src="${site.page(code, "", "text/javascript")}"></script>`;
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

export function htmlPage(head: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title>${head}</head><body>${body}</body></html>`;
}

/** Opens the chat by its button. */
export async function pressLauncher(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Open chat" }).click();
  await page.getByLabel("Your message").waitFor();
}

export async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}
