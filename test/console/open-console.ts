import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import type { BrowserContextOptions, Page } from "playwright-core";
import { expect } from "vitest";
import type { ApiClient, ConversationRef, JobRef } from "../system/harness/api-client.ts";
import { adminPassword } from "../system/harness/product.ts";
import type { BrowserPart } from "../../shared/testing/processes/shared-chromium.ts";

/** Timeout for everything that the page should come to show. */
export const deskPatience = { timeout: 30_000 };

/** The console in a browser of its own. */
export interface OpenedConsole extends AsyncDisposable {
  readonly page: Page;
  /** Errors that the browser reported. */
  readonly faults: string[];
  /** Opens a conversation from the list that is shown. */
  pick(conversationId: string): Promise<void>;
  /** Waits until these are the texts of the messages, in this order. */
  untilTexts(...texts: string[]): Promise<void>;
  /** Waits until the sentence under the visitor's name is this. */
  untilState(sentence: string | RegExp): Promise<void>;
  /** Writes into the box, and sends. */
  say(text: string): Promise<void>;
}

interface ConsoleOptions {
  /** Query of the page's address. */
  query?: string;
  /** Selector of what is there once the page is. */
  shows?: string;
  user?: string;
  password?: string;
  context?: BrowserContextOptions;
}

export async function openConsole(
  browser: BrowserPart,
  base: string,
  {
    query = "view=all",
    shows = ".views",
    user = "admin",
    password = adminPassword,
    context: settings,
  }: ConsoleOptions = {},
): Promise<OpenedConsole> {
  const context = await browser.newContext({
    viewport: { width: 1400, height: 900 },
    reducedMotion: "reduce",
    ...settings,
  });
  context.setDefaultTimeout(deskPatience.timeout);
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("pageerror", (error) => faults.push(String(error)));
  page.on("console", (line) => {
    // The browser's own line for each answer that is no success.
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) faults.push(line.text());
  });
  // As a typed password does; the cookie is the context's.
  const signedIn = await context.request.post(`${base}/api/operator/sign-in`, {
    headers: { origin: base },
    data: { email: user, password },
  });
  expect(await signedIn.text()).toContain("operator");
  await page.goto(`${base}/console?${query}`);
  await page.locator(shows).first().waitFor();
  return {
    page,
    faults,
    pick: (id) => page.locator(`.entry[href$="${id}"]`).click(),
    untilTexts: async (...texts) => {
      await expect.poll(() => page.locator(".message > .text").allInnerTexts(), deskPatience).toEqual(texts);
    },
    untilState: async (sentence) => {
      await expect.poll(() => page.locator(".head .title p").textContent(), deskPatience).toMatch(sentence);
    },
    say: async (text) => {
      await page.getByRole("textbox").fill(text);
      await page.getByRole("textbox").press("Enter");
    },
    [Symbol.asyncDispose]: () => context.close(),
  };
}

/** Sends a visitor's message, and waits until its reply is stored. */
export async function submitAndWait(client: ApiClient, text: string, to?: ConversationRef): Promise<JobRef> {
  const asked = await client.submit(text, { to });
  await client.ended(asked);
  return asked;
}

/** Expects that no rule of accessibility is broken, in the light or in the dark. */
export async function expectAccessible(page: Page): Promise<void> {
  expect(await accessibilityFaults(page, { themes: ["light", "dark"] })).toEqual([]);
}
