import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { type FaultyProxy, startFaultyProxy } from "../widget/faulty-proxy.ts";
import { deskPatience, openConsole } from "./open-console.ts";

let browser: BrowserPart;

/** A part that is killed at each step, and back before the next. */
type Broken = (product: Product, front: FaultyProxy) => Promise<void>;

const killApi: Broken = async (product, front) => {
  await product.apis.find(({ url }) => url === front.target)?.kill();
  front.target = (await product.startApi()).url;
};
const killWorker: Broken = async ({ workers, startWorker }) => {
  await Promise.all(workers.filter(({ running }) => running).map((worker) => worker.kill()));
  await startWorker();
};
const killRedis: Broken = async ({ redis }) => {
  await redis?.kill();
  await redis?.restart();
};

describe.skipIf(chromiumPath === undefined)("widget and console, side by side", { timeout: 180_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
  });
  afterAll(() => browser?.close());

  it.each<[string, Broken | undefined]>([
    ["nothing", undefined],
    ["the API", killApi],
    ["the worker", killWorker],
    ["Redis", killRedis],
  ])("hand a visitor to a person in mid-word, and back, while %s is killed at each step", async (_what, kill) => {
    await using product = await startProduct({ backend: "redis" });
    await using front = await startFaultyProxy(product.client.base);
    const step = async () => kill?.(product, front);
    await using desk = await openConsole(browser, front.url, { query: "view=waiting" });
    await using context = await browser.newContext({ reducedMotion: "reduce" });
    context.setDefaultTimeout(deskPatience.timeout);
    const visitor = await context.newPage();
    await visitor.goto(front.url);
    // The views of people are loaded at the opening: an API that is killed then leaves the chat without, until the next one.
    const loaded = visitor.waitForResponse(/people-en/);
    await visitor.locator("parley-chat .launcher").click();
    await (await loaded).finished();
    await step();
    const { script, release } = heldReply("Your teapot is some", "where.");
    product.provider.answer("Where is my teapot?", script);
    await say(visitor, "Where is my teapot?");
    await untilTold(visitor, "Your teapot is some");

    // The visitor asks for a person while the assistant writes.
    await visitor.locator("parley-chat header [aria-expanded]").click();
    await visitor.locator("parley-chat #menu").getByRole("button", { name: "Talk to a person" }).click();
    await expect.poll(() => desk.page.title(), deskPatience).toBe("(1) Console · Parley");
    await desk.page.locator(".entry").click();
    await desk.untilTexts("Where is my teapot?", "Your teapot is some");
    await desk.untilState(/^Waits for a person, for \d+ s now\.$/);
    if (kill === killApi) await step();
    await desk.untilTexts("Where is my teapot?", "Your teapot is some");

    await desk.say("Hello, I look for it.");
    await desk.untilState("You have this conversation.");
    const talk = ["Where is my teapot?", "Your teapot is some", "Hello, I look for it."];
    await desk.untilTexts(...talk);
    release();
    await untilTold(visitor, "Hello, I look for it.");
    expect(await visitor.locator("parley-chat .log").innerText()).toContain("Support");
    expect(await visitor.locator("parley-chat .log").innerText()).not.toContain("where.");

    await step();
    await say(visitor, "Thank you");
    await desk.untilTexts(...talk, "Thank you");
    await step();
    await desk.say("It is on its way.");
    await untilTold(visitor, "It is on its way.");

    await step();
    await desk.page.getByRole("button", { name: "To the assistant" }).click();
    await desk.untilState("The assistant answers.");
    await step();
    await say(visitor, "And the lid?");
    await untilTold(visitor, echoOf("And the lid?"));
    await desk.untilTexts(...talk, "Thank you", "It is on its way.", "And the lid?", echoOf("And the lid?"));
    expect(desk.faults).toEqual([]);
  });
});

async function say(page: Page, text: string): Promise<void> {
  await page.locator("parley-chat textarea").fill(text);
  await page.locator("parley-chat textarea").press("Enter");
}

async function untilTold(page: Page, text: string): Promise<void> {
  await page.locator("parley-chat .log").getByText(text, { exact: true }).first().waitFor();
}
