import { describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath, launchChromium } from "../../shared/testing/processes/chromium.ts";
import { startProduct } from "../system/harness/product.ts";

describe.skipIf(chromiumPath === undefined)("the API reference page", () => {
  it(
    "shows every operation, with files from this host alone and under its own policy",
    { timeout: 240_000 },
    async () => {
      await using product = await startProduct({ backend: "postgres", workers: 0 });
      await using browser = await launchChromium();
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

      expect(await accessibilityFaults(page, { themes: ["light", "dark"] })).toEqual([]);
      expect([...hosts]).toEqual([base]);
      expect(faults).toEqual([]);
    },
  );
});
