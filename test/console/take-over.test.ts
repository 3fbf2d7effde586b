import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { askDesk, makeOperator } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, heldReply } from "../system/harness/scripted-provider.ts";
import { openConsole, deskPatience } from "./open-console.ts";

let product: Product;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the console", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, browser] = await Promise.all([startProduct({ backend: "postgres" }), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await product?.[Symbol.asyncDispose]();
  });

  it("shows the assistant's words as they come, and takes over in mid-word", async () => {
    const { client } = product;
    await using desk = await openConsole(browser, client.base);
    const { script, release } = heldReply("Your parcel is some", "where.");
    product.provider.answer("Where is my parcel?", script);
    const asked = await client.submit("Where is my parcel?");
    await desk.pick(asked.conversationId);
    await desk.untilTexts("Where is my parcel?", "Your parcel is some");
    await desk.untilState("The assistant is writing.");
    await expect
      .poll(() => desk.page.locator(".hears").textContent())
      .toBe("Sending takes over from the assistant, in mid-word if it is writing.");

    await desk.say("I look for it myself.");
    await desk.untilState("You have this conversation.");
    const talk = ["Where is my parcel?", "Your parcel is some", "I look for it myself."];
    await desk.untilTexts(...talk);
    release();
    await expect.poll(() => desk.page.locator(".remarks").allTextContents()).toEqual(["a person took over here"]);
    expect(await desk.page.getByRole("textbox").inputValue()).toBe("");

    // They talk.
    await client.submit("Thank you", { to: asked });
    await desk.untilTexts(...talk, "Thank you");
    await expect
      .poll(() => desk.page.locator(".hears").textContent())
      .toMatch(/^Visitor \w{4} \(visitor\) reads this\.$/);
    await desk.say("It is at number 12.");
    await desk.untilTexts(...talk, "Thank you", "It is at number 12.");

    // The assistant goes on.
    await desk.page.getByRole("button", { name: "To the assistant" }).click();
    await desk.untilState("The assistant answers.");
    await client.submit("And my bill?", { to: asked });
    const whole = [...talk, "Thank you", "It is at number 12.", "And my bill?", echoOf("And my bill?")];
    await desk.untilTexts(...whole);
    // The console shows the reply's words before they are stored.
    await expect
      .poll(async () => (await client.history(asked)).messages.map(({ text }) => text), { interval: 100 })
      .toEqual(whole);
    const between = desk.page.locator(".separator > :first-child");
    await expect
      .poll(() => between.allInnerTexts(), deskPatience)
      .toEqual(["Support answers", "The assistant answers"]);
    expect(desk.faults).toEqual([]);
  });

  it("shows text of visitors as text, and never loads what it names", async () => {
    const { client } = product;
    const hostile = '<img src=x onerror="document.title=1"> <b>bold</b> [a](javascript:alert(1))';
    const asked = await client.submit({
      message: hostile,
      metadata: { page: "javascript:alert(1)", name: "<i>Mallory</i>" },
    });
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    await expect.poll(() => desk.page.locator(".message[data-by=user] .text").innerText(), deskPatience).toBe(hostile);
    expect(await desk.page.locator(".head h2").innerText()).toBe("<i>Mallory</i>");
    expect(await desk.page.locator(":is(.message, .details, .queue) :is(img, b, i, script)").count()).toBe(0);
    expect(await desk.page.locator("a[href^='javascript']").count()).toBe(0);
    expect(desk.faults).toEqual([]);
  });

  it("counts those who wait in its title, with a clock and a mark until somebody has looked", async () => {
    const { client } = product;
    await using desk = await openConsole(browser, client.base, { query: "view=waiting" });
    await expect.poll(() => desk.page.title(), deskPatience).toBe("Console · Parley");
    const asked = await client.submit("I want to talk to somebody");
    await client.request(`/api/conversations/${asked.conversationId}/handoff`, {
      method: "POST",
      token: asked.token,
      body: {},
    });
    await expect.poll(() => desk.page.title(), deskPatience).toBe("(1) Console · Parley");
    const entry = desk.page.locator(`.entry[href$="${asked.conversationId}"]`);
    await expect.poll(() => entry.locator(".clock").textContent(), deskPatience).toMatch(/Waits \d+ s/);
    await expect.poll(() => entry.getByRole("img", { name: "Unseen" }).count(), deskPatience).toBe(1);
    await entry.click();
    await expect.poll(() => entry.getByRole("img", { name: "Unseen" }).count(), deskPatience).toBe(0);
    await desk.page.getByRole("button", { name: "Take", exact: true }).click();
    await desk.untilState("You have this conversation.");
    await expect.poll(() => desk.page.title(), deskPatience).toBe("Console · Parley");
  });

  it("says who has a conversation, keeps notes for the team, and takes from another only when told to", async () => {
    const { client } = product;
    const asked = await client.submit("Who are you?");
    const ben = await makeOperator(product, "Ben Miller");
    const taken = await askDesk(client, `/conversations/${asked.conversationId}/take`, ben, { body: {} });
    expect(taken.status).toBe(200);
    await using desk = await openConsole(browser, client.base, { query: `conversation=${asked.conversationId}` });
    await desk.untilState("Ben Miller has this conversation.");
    await desk.page.getByRole("textbox").fill("Not mine");
    expect(await desk.page.getByRole("button", { name: "Send", exact: true }).isDisabled()).toBe(true);
    await desk.page.getByRole("button", { name: "Note", exact: true }).click();
    expect(await desk.page.locator(".hears").textContent()).toBe("Only your team reads this.");
    await desk.say("She calls back at noon.");
    await expect
      .poll(() => desk.page.locator(".note .text").allInnerTexts(), deskPatience)
      .toEqual(["She calls back at noon."]);
    const { messages } = await client.history(asked);
    expect(JSON.stringify(messages)).not.toContain("noon");
    await desk.page.getByRole("button", { name: "Take from Ben Miller" }).click();
    await desk.untilState("You have this conversation.");

    await desk.page.getByRole("button", { name: "Assign…" }).click();
    const dialog = desk.page.getByRole("dialog");
    await dialog.getByRole("textbox", { name: "Note for the team" }).fill("She wants the blue one.");
    await dialog.getByRole("button", { name: /Ben Miller/ }).click();
    await desk.untilState("Ben Miller has this conversation.");
    await expect
      .poll(() => desk.page.locator(".note .text").allInnerTexts(), deskPatience)
      .toEqual(["She calls back at noon.", "She wants the blue one."]);
  });

  it("lets an account that only reads change nothing", async () => {
    await using other = await startProduct({
      backend: "postgres",
      workers: 0,
      env: { ADMIN_READ_USER: "auditor", ADMIN_READ_PASSWORD: "only to look at" },
    });
    const asked = await other.client.submit("Hello");
    await using desk = await openConsole(browser, other.client.base, {
      query: `conversation=${asked.conversationId}`,
      user: "auditor",
      password: "only to look at",
    });
    await desk.untilTexts("Hello");
    expect(await desk.page.locator(".box").textContent()).toBe("Your account reads only. Answering needs another.");
    expect(await desk.page.locator(".actions, textarea, .presence").count()).toBe(0);
  });
});
