import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { migrate } from "../../shared/db/schema/migrate.ts";
import { startEmbeddedPostgres } from "../../shared/embedded-postgres/embedded-postgres.ts";
import { createLogger } from "../../shared/logger.ts";
import { launchChromium } from "../../shared/testing/processes/chromium.ts";
import { startService } from "../system/harness/processes.ts";
import { heldReply, startScriptedProvider } from "../system/harness/scripted-provider.ts";

/**
 * `npm run screenshots` takes pictures of the user interface into `screenshots/`, for review by a person. They show the
 * widget in each of its states, on a desktop, a phone, in the dark and in Arabic, and the operators' pages.
 */

const folder = "screenshots";
const password = "only for these pictures";
const answer = `Your order **#1042** left our studio on Tuesday.

1. It is with the carrier now
2. Norway takes *three to five* days

| Piece | Glaze |
| --- | --- |
| Morning cup | Lichen |
| Rain teapot | Cobalt |

You can follow it at [our carrier](https://example.com/track).`;

const looks: Record<string, BrowserContextOptions & { query?: string }> = {
  desktop: { viewport: { width: 1280, height: 820 } },
  dark: { viewport: { width: 1280, height: 820 }, colorScheme: "dark" },
  arabic: { viewport: { width: 1280, height: 820 }, query: "?lang=ar" },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
};

await using stack = new AsyncDisposableStack();
const dataDir = await mkdtemp(join(tmpdir(), "parley-screenshots-"));
stack.defer(() => rm(dataDir, { recursive: true, force: true }));
const log = await createLogger({ service: "screenshots", level: "warn", pretty: true });
const postgres = await startEmbeddedPostgres({ dataDir: join(dataDir, "data"), log });
stack.defer(() => postgres.stop());
await migrate(postgres.url);
const provider = stack.use(await startScriptedProvider());
const env = {
  NODE_ENV: "test",
  DATABASE_URL: postgres.url,
  COMPATIBLE_BASE_URL: provider.url,
  TOKEN_SECRET: "a secret for pictures: long enough for one",
  ADMIN_PASSWORD: password,
};
const services = await Promise.all([startService("api", env), startService("worker", env)]);
stack.defer(async () => {
  await Promise.all(services.map((service) => service.kill()));
});
const base = services[0].url;
const browser = await launchChromium();
stack.defer(() => browser.close());
await rm(folder, { recursive: true, force: true });
await mkdir(folder);

for (const [look, { query = "", ...options }] of Object.entries(looks)) {
  await using context = await browser.newContext({ locale: "en", ...options });
  const page = await context.newPage();
  await page.goto(`${base}/${query}`);
  await page.locator("parley-chat .launcher").waitFor();
  await take(page, look, "1-closed");
  await page.evaluate("document.querySelector('parley-chat').open()");
  await page.locator("parley-chat .greeting").waitFor();
  await take(page, look, "2-greeting");
  const half = answer.indexOf("| Piece");
  const { script, release } = heldReply(answer.slice(0, half), answer.slice(half));
  const question = `Where is my order? (${look})`;
  provider.answer(question, script);
  await send(page, question);
  await page.locator("parley-chat [part~=reply]", { hasText: "days" }).waitFor();
  await take(page, look, "3-writing");
  release();
  await page.getByRole("link", { name: "our carrier" }).waitFor();
  await page.locator("parley-chat [part~=stop]").waitFor({ state: "hidden" });
  await take(page, look, "4-reply");
  await page.locator("parley-chat header [aria-expanded]").click();
  await take(page, look, "5-menu");
  await page.locator("parley-chat header [aria-expanded]").click();
  await context.setOffline(true);
  await send(page, "Are you there?");
  await page.locator("parley-chat [part~=notice]").waitFor();
  await take(page, look, "6-offline");
}

await using operator = await browser.newContext({
  httpCredentials: { username: "admin", password },
  viewport: { width: 1280, height: 900 },
});
const page = await operator.newPage();
await page.goto(`${base}/admin`);
await take(page, "operators", "1-conversations");
await page.locator("table a").first().click();
await take(page, "operators", "2-conversation");
console.log(`Look at ${folder}/`);

async function send(from: Page, text: string): Promise<void> {
  await from.locator("parley-chat textarea").fill(text);
  await from.locator("parley-chat textarea").press("Enter");
}

/** Takes a picture after two frames, so that the latest changes are painted. */
async function take(of: Page, look: string, state: string): Promise<void> {
  await of.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
  await of.screenshot({ path: join(folder, `${look}-${state}.png`), animations: "disabled" });
}
