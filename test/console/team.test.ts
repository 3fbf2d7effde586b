import { afterAll, describe, expect, it } from "vitest";
import type { Colleague } from "../../shared/protocol/operator.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { askDesk, asSupport } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { deskPatience, openConsole, submitAndWait } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the console of a team", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "redis" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("says that somebody is there, until they are away", async () => {
    await using desk = await openConsole(browser, product.client.base);
    await expect.poll(isSupportOnline, deskPatience).toBe(true);
    await desk.page.getByRole("button", { name: /^Online/ }).click();
    await expect.poll(isSupportOnline, deskPatience).toBe(false);
    await desk.page.reload();
    await desk.page.getByRole("button", { name: /^Away/ }).click();
    await expect.poll(isSupportOnline, deskPatience).toBe(true);
  });

  it("shows that a visitor is typing, and them that somebody of the team is", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Hello");
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    await desk.page.getByRole("button", { name: "Take", exact: true }).click();
    await desk.untilState("You have this conversation.");
    // Hints may be lost: a visitor who goes on typing says so again.
    const types = desk.page.locator(".types");
    await expect
      .poll(
        async () => {
          await client.request(`/api/conversations/${asked.conversationId}/typing`, {
            method: "POST",
            token: asked.token,
          });
          return types.count();
        },
        { ...deskPatience, interval: 1000 },
      )
      .toBe(1);
    expect(await types.textContent()).toMatch(/^Visitor \w{4} is typing…$/);

    const typed = desk.page.waitForRequest((request) => request.url().endsWith(`${asked.conversationId}/typing`));
    await desk.page.getByRole("textbox").pressSequentially("I look");
    const answer = await (await typed).response();
    expect(answer?.status()).toBe(204);
  });

  it("blocks a visitor after asking, and takes it back", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Buy my pills");
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    await desk.page.getByRole("button", { name: "Block…" }).click();
    await desk.page.getByRole("dialog").getByRole("button", { name: "Cancel" }).click();
    await desk.page.getByRole("button", { name: "Block…" }).click();
    await desk.page.getByRole("dialog").getByRole("button", { name: "Block", exact: true }).click();
    await desk.page.getByRole("button", { name: "Unblock" }).waitFor();
    expect((await client.post("More pills", { to: asked })).status).toBe(403);
    await desk.page.getByRole("button", { name: "Unblock" }).click();
    await desk.page.getByRole("button", { name: "Block…" }).waitFor();
    expect((await client.post("I am sorry", { to: asked })).status).toBe(202);
  });

  it("lists earlier messages when asked, and stays where a person reads", async () => {
    const { client } = product;
    const history = Array.from({ length: 50 }, (_, index) => ({
      text: `Line ${index}`,
      sender: index % 2 === 0 ? "user" : "ai",
      timestamp: Date.now() - 1_000_000 + index,
    }));
    const asked = await client.submit({ message: "The last line", history });
    await client.ended(asked);
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    const { page } = desk;
    await expect.poll(() => page.locator(".message").count(), deskPatience).toBe(50);
    await expect.poll(() => page.evaluate(fromEnd)).toBe(0);
    await page.getByRole("button", { name: "Show earlier messages" }).click();
    await expect.poll(() => page.locator(".message").count(), deskPatience).toBe(52);
    expect(await page.locator(".message .text").first().innerText()).toBe("Line 0");
    expect(await page.evaluate(fromEnd)).toBeGreaterThan(100);
    await page.getByRole("button", { name: "To the newest message" }).click();
    expect(await page.evaluate(fromEnd)).toBe(0);
  });

  it("forgets a conversation that is deleted under its eyes", async () => {
    const { client } = product;
    const asked = await submitAndWait(client, "Erase me");
    await using desk = await openConsole(browser, client.base, {
      query: `view=all&conversation=${asked.conversationId}`,
    });
    await desk.untilTexts("Erase me", "You said: Erase me");
    await client.deleteConversation(asked);
    await expect
      .poll(() => desk.page.locator(".log").innerText(), deskPatience)
      .toBe("This conversation was deleted. Nothing of it is left.");
    await expect.poll(() => desk.page.locator(`.entry[href$="${asked.conversationId}"]`).count(), deskPatience).toBe(0);
    expect(await desk.page.locator("body").innerText()).not.toContain("Erase me");
  });
});

/** Pixels between what is seen of the messages and their end. */
const fromEnd = `(({ scrollHeight, scrollTop, clientHeight }) => Math.round(scrollHeight - scrollTop - clientHeight))(
  document.querySelector(".log"))`;

async function isSupportOnline(): Promise<boolean | undefined> {
  const { body } = await askDesk(product.client, "/operators", asSupport);
  return (body as { operators: Colleague[] }).operators.find(({ name }) => name === "Support")?.online;
}
