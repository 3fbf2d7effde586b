import { describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "./chromium.ts";

describe.skipIf(chromiumPath === undefined)("the installed Chromium", () => {
  it("shows a page and runs its script", async () => {
    const browser = await launchChromium();
    try {
      const page = await browser.newPage();
      await page.setContent("<h1>before</h1><script>document.querySelector('h1').textContent = 'after'</script>");
      expect(await page.textContent("h1")).toBe("after");
    } finally {
      await browser.close();
    }
  });
});
