import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { withSharedProducts } from "../system/harness/shared-product.ts";
import { type SeenRequest, startFaultyProxy } from "../widget/faulty-proxy.ts";
import { openConsole, deskPatience, submitAndWait } from "./open-console.ts";

let browser: BrowserPart;
/** Shared by tests that break only what is between it and the console. */
let shared: Product;

describe.skipIf(chromiumPath === undefined)("the console, when something breaks", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    browser = await sharedChromium.open();
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    shared = await sharedProducts.lend("postgres");
  });
  afterAll(async () => {
    await browser?.close();
    await shared?.[Symbol.asyncDispose]();
  });

  it("keeps a note once, whatever answers are lost", async () => {
    await using front = await startFaultyProxy(shared.client.base);
    const asked = await submitAndWait(shared.client, "Hello");
    await using desk = await openConsole(browser, front.url, { query: `conversation=${asked.conversationId}` });
    let lost = 0;
    front.instead = ({ method, path }) =>
      method === "POST" && path.endsWith("/notes") && lost++ < 2 ? "lost" : undefined;
    await desk.page.getByRole("button", { name: "Note", exact: true }).click();
    await desk.say("A regular customer.");
    await expect.poll(() => desk.page.getByRole("textbox").inputValue(), deskPatience).toBe("");
    await expect
      .poll(() => desk.page.locator(".note .text").allInnerTexts(), deskPatience)
      .toEqual(["A regular customer."]);
    expect(lost).toBe(3);
  });

  it.each([
    ["postgres", { width: 1400, height: 900 }],
    ["redis", { width: 390, height: 844 }],
  ] as const)("is whole again after its API was killed, on %s", async (backend, viewport) => {
    await using product = await startProduct({ backend });
    await using front = await startFaultyProxy(product.client.base);
    const { script, release } = heldReply("The first half", " and the second.");
    product.provider.answer("Tell me all", script);
    const asked = await product.client.submit("Tell me all");
    await using desk = await openConsole(browser, front.url, {
      query: `view=all&conversation=${asked.conversationId}`,
      shows: ".conversation",
      context: { viewport },
    });
    await desk.untilTexts("Tell me all", "The first half");

    await product.apis[0]?.kill();
    await desk.page.getByText("The connection is lost.").waitFor();
    const second = await product.startApi();
    // Said while the console was cut off.
    release();
    front.target = second.url;
    await desk.untilTexts("Tell me all", "The first half and the second.");
    await expect.poll(() => desk.page.locator(".connection").textContent(), deskPatience).toBe("");
    await desk.say("And I add this.");
    await desk.untilTexts("Tell me all", "The first half and the second.", "And I add this.");
    expect(desk.faults).toEqual([]);
  });

  it("is whole again after its machine slept", async () => {
    await using front = await startFaultyProxy(shared.client.base);
    const asked = await submitAndWait(shared.client, "Before");
    await using desk = await openConsole(browser, front.url, {
      query: `view=all&conversation=${asked.conversationId}`,
    });
    await desk.untilTexts("Before", echoOf("Before"));
    await desk.page.context().setOffline(true);
    front.cut();
    await expect.poll(() => front.openStreams, deskPatience).toBe(0);
    await shared.client.ended(await shared.client.submit("Meanwhile", { to: asked }));
    const other = await submitAndWait(shared.client, "Another visitor");
    await desk.page.context().setOffline(false);
    await desk.untilTexts("Before", echoOf("Before"), "Meanwhile", echoOf("Meanwhile"));
    await desk.page.locator(`.entry[href$="${other.conversationId}"]`).waitFor();
  });

  it("shows all that is stored while Redis is dead, and words as they come once it is back", async () => {
    await using product = await startProduct({ backend: "redis" });
    const first = heldReply("Half", " and whole.");
    product.provider.answer("Tell me", first.script);
    const asked = await product.client.submit("Tell me");
    await using desk = await openConsole(browser, product.client.base, {
      query: `view=all&conversation=${asked.conversationId}`,
    });
    await desk.untilTexts("Tell me", "Half");
    await product.redis?.kill();
    first.release();
    await desk.untilTexts("Tell me", "Half and whole.");
    await product.redis?.restart();
    const second = heldReply("Again half", " and whole.");
    product.provider.answer("Tell me more", second.script);
    await product.client.submitPatiently("Tell me more", { to: asked });
    await desk.untilTexts("Tell me", "Half and whole.", "Tell me more", "Again half");
    await desk.say("I go on.");
    await desk.untilTexts("Tell me", "Half and whole.", "Tell me more", "Again half", "I go on.");
    second.release();
    expect(desk.faults).toEqual([]);
  });

  it("sends a message again until it is answered, and it is stored once", async () => {
    await using front = await startFaultyProxy(shared.client.base);
    const asked = await submitAndWait(shared.client, "Hello");
    await using desk = await openConsole(browser, front.url, { query: `conversation=${asked.conversationId}` });
    let lost = 0;
    front.instead = (request) => (isMessage(request) && lost++ < 2 ? "lost" : undefined);
    await desk.say("Only once");
    await expect.poll(() => desk.page.getByRole("textbox").inputValue(), deskPatience).toBe("");
    const keys = front.seen.filter(isMessage).map(({ key }) => key);
    expect(keys.length).toBe(3);
    expect(new Set(keys).size).toBe(1);
    const { messages } = await shared.client.history(asked);
    expect(messages.filter(({ text }) => text === "Only once").length).toBe(1);
  });

  it("keeps what was refused in the box, with the reason", async () => {
    await using front = await startFaultyProxy(shared.client.base);
    const asked = await submitAndWait(shared.client, "Hello");
    await using desk = await openConsole(browser, front.url, { query: `conversation=${asked.conversationId}` });
    front.instead = (request) => (isMessage(request) ? refusal : undefined);
    await desk.say("Mine to answer");
    const said = desk.page.locator(".box .problem");
    await expect.poll(() => said.textContent(), deskPatience).toContain("Ben Miller has this conversation");
    expect(await desk.page.getByRole("textbox").inputValue()).toBe("Mine to answer");
    front.instead = () => undefined;
    await desk.page.getByRole("button", { name: "Send again" }).click();
    await desk.untilTexts("Hello", echoOf("Hello"), "Mine to answer");
    expect(await said.count()).toBe(0);
  });

  it("keeps a text that nobody has answered over a reload, with its key", async () => {
    await using front = await startFaultyProxy(shared.client.base);
    const asked = await submitAndWait(shared.client, "Hello");
    await using desk = await openConsole(browser, front.url, { query: `conversation=${asked.conversationId}` });
    desk.page.on("dialog", (dialog) => void dialog.accept());
    front.instead = (request) => (isMessage(request) ? "lost" : undefined);
    await desk.say("Stored, and I do not know it");
    await expect
      .poll(() => desk.page.locator(".box .problem").textContent(), deskPatience)
      .toContain("sent again until it is answered");
    await desk.page.reload();
    await expect
      .poll(() => desk.page.getByRole("textbox").inputValue(), deskPatience)
      .toBe("Stored, and I do not know it");
    front.instead = () => undefined;
    await desk.page.getByRole("button", { name: "Send again" }).click();
    await expect.poll(() => desk.page.getByRole("textbox").inputValue(), deskPatience).toBe("");
    await desk.untilTexts("Hello", echoOf("Hello"), "Stored, and I do not know it");
  });
});

const refusal = {
  status: 409,
  headers: { "content-type": "application/problem+json" },
  body: JSON.stringify({ type: "/docs#handled", title: "handled", status: 409, operator: { name: "Ben Miller" } }),
};

function isMessage({ method, path }: SeenRequest): boolean {
  return method === "POST" && path.startsWith("/api/operator/conversations/") && path.endsWith("/messages");
}
