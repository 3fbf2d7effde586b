import type { Browser } from "playwright-core";
import { describe, expect, it } from "vitest";
import { chromiumPath } from "./chromium.ts";
import { type SharedChromium, withChromium } from "./shared-chromium.ts";

describe.skipIf(chromiumPath === undefined)("the browser that files share", () => {
  let shared: SharedChromium;
  withChromium.beforeAll(({ sharedChromium }) => {
    shared = sharedChromium;
  });

  it("ends the contexts of one file, and not those of another", async () => {
    const [ended, other] = [await shared.open(), await shared.open()];
    const [context, kept] = [await ended.newContext(), await other.newContext()];
    expect(context.browser()).toBe(kept.browser());
    const page = await kept.newPage();
    await ended.close();
    await expect(context.newPage()).rejects.toThrow("closed");
    expect(await page.evaluate("1 + 1")).toBe(2);
    await other.close();
  });

  it("is started anew once it has ended", async () => {
    const part = await shared.open();
    const first: Browser | null = (await part.newContext()).browser();
    await first?.close();
    const context = await part.newContext();
    expect(context.browser()?.isConnected()).toBe(true);
    expect(context.browser()).not.toBe(first);
    await part.close();
  });
});
