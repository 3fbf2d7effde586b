import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContextOptions, Page } from "playwright-core";
import { migrate } from "../../../shared/db/schema/migrate.ts";
import { startEmbeddedPostgres } from "../../../shared/embedded-postgres/embedded-postgres.ts";
import { createLogger } from "../../../shared/logger.ts";
import { launchChromium } from "../../../shared/testing/processes/chromium.ts";
import { startService } from "../../system/harness/processes.ts";
import { heldReply, startScriptedProvider } from "../../system/harness/scripted-provider.ts";
import {
  hideShop,
  panelArea,
  requireEmoji,
  storeAnimation,
  storePicture,
  takePicture,
  untilShown,
  visitor,
} from "./camera.ts";
import { takeConsole } from "./console-picture.ts";
import { type PicturedConversation, conversations } from "./conversations.ts";
import { recordReload } from "./reload-animation.ts";
import { takeSources } from "./sources-pictures.ts";

/**
 * `npm run screenshots` makes all pictures. Those of the documents go to `docs/pictures/`. Those for a review of the user
 * interface go to `screenshots/`: the widget in each of its states, on a desktop, a phone, in the dark and in Arabic,
 * and the operators' pages.
 */

const folder = "screenshots";
const documents = "docs/pictures";
/** Length of a reply's list or table that shows what it is: a table needs its first two lines. */
const listStartChars = 60;
const password = "only for these pictures";

type Look = keyof typeof conversations;

const looks: Record<Look, BrowserContextOptions & { query?: string }> = {
  desktop: { viewport: { width: 1280, height: 820 } },
  dark: { viewport: { width: 1280, height: 820 }, deviceScaleFactor: 2, colorScheme: "dark" },
  arabic: { viewport: { width: 1280, height: 820 }, deviceScaleFactor: 2, query: "?lang=ar" },
  phone: { viewport: { width: 400, height: 760 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true },
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
await using probe = await browser.newContext();
await requireEmoji(await probe.newPage());

for (const look of Object.keys(looks) as Look[]) await takeLook(look);
await takeOperatorPages();
await takeSources(browser, folder);
const desk = { browser, base, password, provider, turn: conversations.desktop.first };
await storePicture(await takeConsole(desk), join(documents, "console.webp"));
const reload = { browser, url: `${base}/`, provider, turn: conversations.desktop.first };
await storeAnimation(
  await recordReload({ ...reload, until: "I’m sorry to hear that! Of course you can ret" }),
  join(documents, "widget.webp"),
);
console.log(`Look at ${folder}/ and ${documents}/`);

/** Takes the states of the widget in one look. */
async function takeLook(look: Look): Promise<void> {
  const { query = "", ...options } = looks[look];
  const { first, offline, attributes = {} } = conversations[look] as PicturedConversation;
  await using context = await browser.newContext({ ...visitor(), ...options });
  const page = await context.newPage();
  await page.goto(`${base}/${query}`);
  for (const [name, value] of Object.entries(attributes))
    await page.evaluate(`document.querySelector("parley-chat").setAttribute("${name}", "${value}")`);
  await page.locator("parley-chat .launcher").waitFor();
  await store(page, `${look}-1-closed`);
  await page.evaluate("document.querySelector('parley-chat').open()");
  await page.locator("parley-chat .greeting").waitFor();
  await store(page, `${look}-2-greeting`);
  const half = first.reply.indexOf("\n\n") + listStartChars;
  const { script, release } = heldReply(first.reply.slice(0, half), first.reply.slice(half));
  provider.answer(first.question, script);
  await send(page, first.question);
  await page.locator("parley-chat [part~=reply] .text :is(li, table)").first().waitFor();
  await store(page, `${look}-3-writing`);
  release();
  await page.locator("parley-chat .footer").waitFor();
  await untilShown(page, first.reply);
  await store(page, `${look}-4-reply`);
  if (look === "dark" || look === "arabic") await storePanel(page, look);
  await page.locator("parley-chat header [aria-expanded]").click();
  await store(page, `${look}-5-menu`);
  await page.locator("parley-chat header [aria-expanded]").click();
  await context.setOffline(true);
  await send(page, offline);
  await page.locator("parley-chat [part~=notice]").waitFor();
  await store(page, `${look}-6-offline`);
  if (look === "phone") await storePicture(await takePicture(page), join(documents, "widget-phone.webp"));
}

async function takeOperatorPages(): Promise<void> {
  await using context = await browser.newContext({
    httpCredentials: { username: "admin", password },
    viewport: { width: 1280, height: 900 },
  });
  const page = await context.newPage();
  await page.goto(`${base}/admin`);
  await store(page, "operators-1-conversations");
  await page.locator("table a").first().click();
  await store(page, "operators-2-conversation");
}

async function send(page: Page, text: string): Promise<void> {
  await page.locator("parley-chat textarea").fill(text);
  await page.locator("parley-chat textarea").press("Enter");
}

/** Stores a picture for review. */
async function store(page: Page, name: string): Promise<void> {
  await writeFile(join(folder, `${name}.png`), await takePicture(page));
}

/** Stores a picture of the panel for the documents. */
async function storePanel(page: Page, look: Look): Promise<void> {
  await using _ = await hideShop(page);
  await storePicture(await takePicture(page, await panelArea(page)), join(documents, `widget-${look}.webp`));
}
