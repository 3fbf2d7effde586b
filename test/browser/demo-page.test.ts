import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { chromiumPath, launchChromium } from "../../shared/testing/chromium.ts";
import { type Product, startProduct } from "../system/product.ts";
import { echoOf, endlessReply, heldReply } from "../system/scripted-provider.ts";

/** Of everything that the page should come to show. */
const patience = { timeout: 10_000 };

let product: Product | undefined;
let browser: Browser | undefined;
let context: BrowserContext;
let page: Page;
/** What the page got wrong; the browser's own lines about refused requests are not among them. */
let faults: string[];

describe.skipIf(chromiumPath === undefined)("the demo page", () => {
  beforeAll(async () => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), launchChromium()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });
  beforeEach(async () => {
    context = await running(browser).newContext({ baseURL: running(product).client.base });
    context.setDefaultTimeout(patience.timeout);
    page = await openPage();
  });
  afterEach(async ({ task }) => {
    await context.close();
    if (task.result?.state === "fail") console.error(`${task.name}:\n${product?.output()}`);
    if (faults.length > 0) throw new Error(`The page complained:\n${faults.join("\n")}`);
  });

  it("shows a reply while it is written, and goes on after a reload in the middle of it", async () => {
    const [reloaded, read] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const steps = ["One ✓", { until: reloaded.promise }, " two", " three", { until: read.promise }, " four."];
    running(product).provider.answer("Count.", { steps });
    await send("Count.");
    await expect.poll(texts, patience).toEqual(["Count.", "One ✓"]);
    await page.reload();
    await expect.poll(texts, patience).toEqual(["Count.", "One ✓"]);
    reloaded.resolve();
    await expect.poll(texts, patience).toEqual(["Count.", "One ✓ two three"]);
    read.resolve();
    await expect.poll(texts, patience).toEqual(["Count.", "One ✓ two three four."]);
    await expect.poll(busy, patience).toBe(0);
  });

  it("greets with the chosen assistant, and asks what is suggested", async () => {
    await page.getByLabel("Assistant").selectOption("technical");
    const suggestion = page.getByRole("group", { name: "Suggestions" }).getByRole("button").first();
    const asked = (await suggestion.textContent()) ?? "";
    await suggestion.click();
    await expect.poll(texts, patience).toEqual([asked, echoOf(asked)]);
    const { request } = await running(product).provider.called(asked);
    expect(request.messages[0]?.text).toContain("technical");
  });

  it("sends a message once, although the page is reloaded before its 202 is there", async () => {
    const posts: { key: string | undefined; body: string | null }[] = [];
    const accepted = Promise.withResolvers<void>();
    await page.route("**/api/chat", async (route) => {
      const request = route.request();
      posts.push({ key: request.headers()["idempotency-key"], body: request.postData() });
      if (posts.length > 1) return route.continue();
      await route.fetch();
      accepted.resolve();
    });
    await send("Only once, please.");
    await accepted.promise;
    await page.reload();
    await expect.poll(texts, patience).toEqual(["Only once, please.", echoOf("Only once, please.")]);
    await expect.poll(busy, patience).toBe(0);
    expect(posts).toHaveLength(2);
    expect(posts[1]).toEqual(posts[0]);
    expect(running(product).provider.calls.filter(({ request }) => about(request, "Only once, please."))).toHaveLength(
      1,
    );
  });

  it("shows messages that wait for each other in order, each reply after its own message", async () => {
    const { script, release } = heldReply("Slowly", ".");
    running(product).provider.answer("one of three", script);
    for (const message of ["one of three", "two of three", "three of three"]) await send(message);
    await expect.poll(texts, patience).toEqual(["one of three", "Slowly", "two of three", "", "three of three", ""]);
    release();
    const whole = ["one of three", "Slowly.", "two of three", echoOf("two of three")];
    await expect.poll(texts, patience).toEqual([...whole, "three of three", echoOf("three of three")]);
  });

  it("follows, after a reload, what is still queued", async () => {
    const { script, release } = heldReply("Slowly", ".");
    running(product).provider.answer("one of two", script);
    for (const message of ["one of two", "two of two"]) await send(message);
    await expect.poll(texts, patience).toEqual(["one of two", "Slowly", "two of two", ""]);
    await page.reload();
    await expect.poll(texts, patience).toEqual(["one of two", "Slowly", "two of two"]);
    release();
    await expect.poll(texts, patience).toEqual(["one of two", "Slowly.", "two of two", echoOf("two of two")]);
  });

  it("shows, after a reload, also a reply that was written between two of its looks", async () => {
    const { script, release } = heldReply("Slowly", ".");
    running(product).provider.answer("one of a pair", script);
    for (const message of ["one of a pair", "two of a pair"]) await send(message);
    await expect.poll(texts, patience).toEqual(["one of a pair", "Slowly", "two of a pair", ""]);
    await page.reload();
    await expect.poll(texts, patience).toEqual(["one of a pair", "Slowly", "two of a pair"]);
    const { id: conversationId, token } = await remembered();
    const stored = async () => (await running(product).client.history({ conversationId, token })).messages.length;
    await page.route(`**/api/conversations/${conversationId}`, async (route) => {
      await expect.poll(stored, patience).toBe(4);
      await route.continue();
    });
    release();
    const whole = ["one of a pair", "Slowly.", "two of a pair", echoOf("two of a pair")];
    await expect.poll(texts, patience).toEqual(whole);
  });

  it("stops a reply, and keeps what there is of it", async () => {
    running(product).provider.answer("Never end.", endlessReply());
    await send("Never end.");
    const reply = page.locator(".ai");
    await reply.getByText("tick").waitFor();
    await reply.getByRole("button", { name: "Stop" }).click();
    await reply.getByText("Stopped").waitFor();
    const kept = await texts();
    await page.reload();
    await expect.poll(texts, patience).toEqual(kept);
    await expect.poll(busy, patience).toBe(0);
  });

  it("tries again by itself what was too much at once", async () => {
    const { script, release } = heldReply("Slowly", ".");
    running(product).provider.answer("message 1", script);
    for (let n = 1; n <= 6; n++) await send(`message ${n}`);
    await page.getByText(/Trying again in \d+ s/).waitFor();
    release();
    await expect.poll(async () => (await texts()).at(-1), patience).toBe(echoOf("message 6"));
  });

  it("gives a message back that is too long, and says so", async () => {
    const message = "x".repeat(4001);
    await send(message);
    await page.getByText("Your message must have at most 4000 characters.").waitFor();
    expect(await page.getByLabel("Your message").inputValue()).toBe(message);
    await expect.poll(texts, patience).toEqual([]);
  });

  it("deletes the conversation, here and on the server", async () => {
    await send("Forget me.");
    await expect.poll(texts, patience).toEqual(["Forget me.", echoOf("Forget me.")]);
    const { id, token } = await remembered();
    await page.getByRole("button", { name: "Delete conversation" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
    await page.getByText("The conversation was deleted.").waitFor();
    await expect.poll(texts, patience).toEqual([]);
    const answer = await running(product).client.request(`/api/conversations/${id}`, { token });
    expect(answer.status).toBe(404);
  });

  it("starts anew when its conversation is gone, and keeps what was about to be sent", async () => {
    await send("Are you there?");
    await expect.poll(texts, patience).toEqual(["Are you there?", echoOf("Are you there?")]);
    const { id, token } = await remembered();
    await running(product).client.request(`/api/conversations/${id}`, { method: "DELETE", token });
    await send("And now?");
    await page.getByText("The conversation was deleted.").waitFor();
    await expect.poll(texts, patience).toEqual([]);
    expect(await page.getByLabel("Your message").inputValue()).toBe("And now?");
    await page.getByRole("button", { name: "Send" }).click();
    await expect.poll(texts, patience).toEqual(["And now?", echoOf("And now?")]);
  });

  it("waits while the browser is offline, and sends when it is back", async () => {
    await context.setOffline(true);
    await send("Hello?");
    await page.getByText("You are offline.").first().waitFor();
    await context.setOffline(false);
    await expect.poll(texts, patience).toEqual(["Hello?", echoOf("Hello?")]);
  });

  it("shows markup in a reply as the text it is", async () => {
    const reply = '<img src="/nowhere" onerror="alert(1)"> <b>bold</b>';
    running(product).provider.answer("Show me HTML.", { steps: [reply] });
    await send("Show me HTML.");
    await expect.poll(texts, patience).toEqual(["Show me HTML.", reply]);
    await expect.poll(busy, patience).toBe(0);
    expect(await page.getByRole("log").locator("img, b").count()).toBe(0);
  });

  it("works where the browser denies it any storage", async () => {
    await page.addInitScript(
      `Object.defineProperty(window, "localStorage", { get() { throw new DOMException("denied", "SecurityError"); } });`,
    );
    await page.reload();
    await send("Without memory.");
    await send("And again.");
    await expect
      .poll(texts, patience)
      .toEqual(["Without memory.", echoOf("Without memory."), "And again.", echoOf("And again.")]);
  });
});

async function openPage(): Promise<Page> {
  faults = [];
  const opened = await context.newPage();
  opened.on("pageerror", (error) => faults.push(String(error)));
  opened.on("console", (line) => {
    if (line.type() === "error" && !line.text().startsWith("Failed to load resource")) faults.push(line.text());
  });
  await opened.goto("/");
  await opened.getByRole("group", { name: "Suggestions" }).getByRole("button").first().waitFor();
  return opened;
}

async function send(message: string): Promise<void> {
  const composer = page.getByLabel("Your message");
  await composer.fill(message);
  await composer.press("Enter");
}

/** The messages on the page, from first to last. */
function texts(): Promise<string[]> {
  return page.locator(".message .text").allTextContents();
}

/** How much is still awaited. */
function busy(): Promise<number> {
  return page.locator(".sending, [aria-busy=true]").count();
}

/** The conversation as the page's storage has it. */
async function remembered(): Promise<{ id: string; token: string }> {
  const stored = await page.evaluate<string>(`localStorage.getItem("parley.demo")`);
  return (JSON.parse(stored) as { conversation: { id: string; token: string } }).conversation;
}

function about(request: { messages: readonly { text: string }[] }, message: string): boolean {
  return request.messages.at(-1)?.text === message;
}

function running<T>(started: T | undefined): T {
  if (started === undefined) throw new Error("it has not started");
  return started;
}
