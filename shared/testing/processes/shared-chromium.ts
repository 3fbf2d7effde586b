import type { Browser, BrowserContext } from "playwright-core";
import { test } from "vitest";
import { launchChromium } from "./chromium.ts";

/** One file's part of a browser: `close()` ends the contexts that were opened here, and not the browser. */
export type BrowserPart = Pick<Browser, "newContext" | "close">;

/**
 * The browser that the files of one Vitest worker share. It starts at its first use, and anew after a crash. A start takes
 * half a second of CPU time.
 */
export class SharedChromium implements AsyncDisposable {
  #browser: Promise<Browser> | undefined;

  async open(): Promise<BrowserPart> {
    await this.#running();
    const contexts = new Set<BrowserContext>();
    return {
      newContext: async (options) => {
        const context = await (await this.#running()).newContext(options);
        contexts.add(context);
        context.once("close", () => contexts.delete(context));
        return context;
      },
      close: async () => {
        await Promise.all([...contexts].map((context) => context.close()));
      },
    };
  }

  #running(): Promise<Browser> {
    return (this.#browser ??= this.#start());
  }

  async #start(): Promise<Browser> {
    const forget = () => (this.#browser = undefined);
    try {
      const browser = await launchChromium();
      return browser.once("disconnected", forget);
    } catch (error) {
      forget();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await (await this.#browser)?.close();
  }
}

/** Browser of the module instead of the fixture: Vitest sets a fixture up anew for each one that extends it. */
const chromium = new SharedChromium();

/** Vitest's hooks with the shared browser, which ends with the Vitest worker. */
// oxlint-disable-next-line no-empty-pattern -- Vitest reads from the pattern that this fixture uses no other one.
export const withChromium = test.extend("sharedChromium", { scope: "worker" }, ({}, { onCleanup }) => {
  onCleanup(() => chromium[Symbol.asyncDispose]());
  return chromium;
});
