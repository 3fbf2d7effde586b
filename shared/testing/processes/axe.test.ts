import { describe, expect, it } from "vitest";
import { accessibilityFaults } from "./axe.ts";
import { chromiumPath, launchChromium } from "./chromium.ts";

const page = `<!doctype html><html lang="en"><title>A page</title><meta name="color-scheme" content="light dark">
  <style>p { background: light-dark(white, black); color: #333 }</style><main><h1>A page</h1>`;

describe.skipIf(chromiumPath === undefined)("the check of accessibility", () => {
  it("finds each fault once, and those of colours in the theme that has them", async () => {
    await using browser = await launchChromium();
    const tab = await browser.newPage();
    await tab.setContent(`${page}<p>Text</p><img src="data:,">`);
    const faults = await accessibilityFaults(tab, { themes: ["light", "dark"] });
    expect(faults.map((fault) => fault.split(": <")[0])).toEqual(["light: image-alt", "dark: color-contrast"]);
    expect(await accessibilityFaults(tab, { within: "h1" })).toEqual([]);
    expect(await accessibilityFaults(tab, { within: "p" })).toHaveLength(1);
    expect(await accessibilityFaults(tab, { within: "p", colours: false })).toEqual([]);
  });

  it("refuses a page with frames, which it would not look into", async () => {
    await using browser = await launchChromium();
    const tab = await browser.newPage();
    await tab.setContent(`${page}<iframe title="Within"></iframe>`);
    await expect(accessibilityFaults(tab)).rejects.toThrow("Frames");
  });
});
