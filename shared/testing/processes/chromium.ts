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

/**
 * Pages of the address bar's own list, which Chromium 156 loads for each window although it is headless: two thirds of
 * the CPU of a test's page went there.
 */
const addressBarPages = ["WebUIOmniboxPopup", "WebUIOmniboxAimPopup"];

/** Features that Playwright turns off. They are repeated, as only the last switch of a name counts. */
const offByPlaywright = [
  "AvoidUnnecessaryBeforeUnloadCheckSync",
  "DestroyProfileOnBrowserClose",
  "HttpsUpgrades",
  "HttpsFirstBalancedModeAutoEnable",
  "LensOverlay",
  "MediaRouter",
  "PaintHolding",
  "ThirdPartyStoragePartitioning",
  "AvoidCorsURLLoaderRestartOnRedirect",
  "OptimizationHints",
  "NetworkTimeServiceQuerying",
  "AimEnabled",
  "PreconnectToSearch",
];

/** Without these flags it contacts hosts of its maker at every start, which a closed network refuses. */
const quietFlags = [
  `--disable-features=${[...addressBarPages, ...offByPlaywright].join(",")}`,
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
