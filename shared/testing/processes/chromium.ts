import { chromium as playwright, type Browser } from "playwright-core";
import { chromium } from "../requirements.ts";

/** Path of the installed Chromium or Chrome; tests in a browser are skipped where there is none. */
export const chromiumPath = chromium.path;

/**
 * Starts Chromium headless, with an empty profile. The caller closes it.
 * @param flags more of its command line
 */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error(`Chromium is not here (${chromium.howToGet})`);
  return playwright.launch({ executablePath: chromiumPath, args: [...quietFlags, ...flags], chromiumSandbox: false });
}

/** Without these flags it contacts hosts of its maker at every start, which a closed network refuses. */
const quietFlags = [
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
