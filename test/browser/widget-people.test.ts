import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { BrowserContext, Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { askDesk, makeOperator, type OperatorHeaders } from "../system/harness/operators.ts";
import { type Product, startProduct } from "../system/harness/product.ts";
import { echoOf, pausedReply } from "../system/harness/scripted-provider.ts";
import { type EmbeddingSite, openEmbeddingSite, strictPolicy } from "./embedded/embedding-site.ts";
import { openScripted, patience, type ScriptedOptions, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect width="1" height="1"/></svg>`;
const [question, reply] = [talk.question("Where is it?"), talk.reply("On its way.")];
const ai = { handledBy: "ai", lines: [] };
const ada = { handledBy: "operator", operator: { name: "Ada Lovelace" }, lines: [] };
const waiting = { handledBy: "waiting", expected: { state: "now", emailAsked: false }, lines: [] };
const alone = { ...waiting, expected: { state: "address", emailAsked: true } };
const begun = { conversationId: "one", messages: [question, reply] };

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("people in the chat", { timeout: 60_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each([
    ["en", "Talk to a person"],
    ["de", "Mit einem Menschen sprechen"],
    ["fr", "Parler à une personne"],
    ["es", "Hablar con una persona"],
    ["pt", "Falar com uma pessoa"],
    ["ja", "担当者と話す"],
    ["zh", "转人工客服"],
    ["ar", "التحدث إلى شخص"],
  ])("are offered by a button and in the menu, once there is a conversation: %s", async (lang, words) => {
    await using widget = await open({ attributes: `lang="${lang}"` });
    const { page } = widget;
    const button = page.locator(".people").getByRole("button", { name: words });
    const more = page.locator(".more");
    await more.click();
    const entry = page.locator(".menu").getByRole("button", { name: words });
    await entry.waitFor();
    expect(await entry.isDisabled()).toBe(true);
    expect(await button.count()).toBe(0);
    await more.click();
    await widget.set(begun);
    await button.click();
    await more.click();
    await entry.click();
    expect(await widget.calls()).toEqual([
      ["handOff", {}],
      ["handOff", {}],
    ]);
    expect(await page.locator(".menu").count()).toBe(0);
  });

  it("are not offered where the assistant stands alone, nor loaded", async () => {
    await using widget = await open({}, { people: false });
    await widget.set(begun);
    await widget.page.locator(".more").click();
    await widget.page.locator(".menu").waitFor();
    expect(await widget.page.getByRole("button", { name: "Talk to a person" }).count()).toBe(0);
    const loaded = await widget.page.evaluate<string[]>(
      `performance.getEntriesByType("resource").map(({ name }) => name)`,
    );
    expect(loaded.filter((name) => name.includes("people-"))).toEqual([]);
  });

  it("are waited for, and the visitor may go back to the assistant", async () => {
    await using widget = await open();
    await widget.set({ ...begun, handling: waiting });
    const bar = widget.page.locator(".people");
    await bar.getByText("Somebody is here and will answer you.").waitFor();
    expect(await bar.getByRole("textbox").count()).toBe(0);
    for (const [position, text] of [
      [3, "You are number 3 in the queue."],
      [1, "You are next."],
    ] as const) {
      await widget.set({ ...begun, handling: { ...waiting, position } });
      await bar.getByText(text).waitFor();
    }
    await bar.getByRole("button", { name: "Back to the assistant" }).click();
    await widget.page.locator(".more").click();
    await widget.page.locator(".menu").getByRole("button", { name: "Back to the assistant" }).click();
    expect(await widget.calls()).toEqual([
      ["handOff", null],
      ["handOff", null],
    ]);
  });

  it("say when they are back, in the visitor's own zone", async () => {
    await using widget = await open();
    const bar = widget.page.locator(".people");
    const tell = (expected: object) => widget.set({ ...begun, handling: { ...alone, expected } });
    await tell({ state: "today", emailAsked: true });
    await bar.getByText("Nobody is here right now. A person will answer you later today.").waitFor();
    const at = new Date(2031, 0, 6, 9, 30);
    await tell({ state: "later", at: at.toISOString(), emailAsked: true });
    // Browsers put a narrow space before "AM".
    await bar.getByText(/^Nobody is here right now. We are back: January 6, 2031, 9:30\sAM.$/).waitFor();
    await bar.getByLabel("Your e-mail address (optional)").waitFor();
    await tell({ state: "later", at: new Date(2026, 0, 5, 9).toISOString(), emailAsked: true });
    await bar.getByText("Nobody is here right now. Your messages are kept for our team.").waitFor();
  });

  it("may be left an address while nobody is there, and be told to forget it", async () => {
    await using widget = await open();
    await widget.set({ ...begun, handling: alone });
    const bar = widget.page.locator(".people");
    await bar.getByText("Nobody is here right now.").waitFor();
    const field = bar.getByLabel("Your e-mail address (optional)");
    await field.fill("no address");
    await field.press("Enter");
    expect(await widget.calls()).toEqual([]);
    await field.fill("ada@example.com");
    await field.press("Enter");
    expect(await widget.calls()).toEqual([["handOff", { email: "ada@example.com" }]]);
    await widget.set({ handling: { ...alone, email: "ada@example.com" } });
    await bar.getByText("We can reach you at \u2068ada@example.com\u2069.").waitFor();
    // The field is gone, and the visitor goes on in the message field.
    expect(await field.count()).toBe(0);
    expect(await widget.read(".composer textarea", "it.matches(':focus')")).toBe(true);
    await bar.getByRole("button", { name: "Remove" }).click();
    expect(await widget.calls()).toContainEqual(["handOff", { email: null }]);
  });

  it.each([
    ["handled", "A person already has this conversation."],
    ["updating", "This is not possible while the chat is being updated. Please try again in a minute."],
    ["invalid-request", "This is not an e-mail address."],
    ["no-people", "That did not work. Please try again."],
  ])("say why a wish was refused: %s", async (problem, words) => {
    await using widget = await open();
    await widget.set({ ...begun, handling: { ...ai, problem } });
    await widget.page.getByRole("alert").getByText(words).waitFor();
    await widget.set({ handling: { ...alone, problem } });
    await widget.page.getByRole("alert").getByText(words).waitFor();
    await widget.set({ handling: ada });
    expect(await widget.page.getByRole("alert").count()).toBe(0);
  });

  it("answer under their name, with links and lines as they wrote them", async () => {
    await using widget = await open();
    const first = talk.person("Two things:\n1. <b>see</b> https://example.com/a_(b)?c=1.\n2. *wait*");
    await widget.set({
      ...begun,
      messages: [question, reply, first, talk.person("Done."), talk.person("Hi.", { operator: { name: "Bo" } })],
      handling: ada,
    });
    const { page } = widget;
    // The views of people are loaded at their first use.
    await expect.poll(() => page.locator(".person .name").allTextContents()).toEqual(["Ada Lovelace", "Bo"]);
    expect(await page.locator(".person .face").allTextContents()).toEqual(["A\u200cL", "B"]);
    await page.getByText("Ada Lovelace\u2069 is answering").waitFor();
    const text = page.locator(".person .text").first();
    expect(await text.textContent()).toBe(first.text);
    const links = await text.getByRole("link").all();
    expect(await Promise.all(links.map((link) => link.getAttribute("href")))).toEqual([
      "https://example.com/a_(b)?c=1",
    ]);
    // Theirs are no replies to be rated or asked for again, and the assistant's is no more.
    expect(await page.locator(".person").getByRole("button").count()).toBe(0);
    expect(await page.getByRole("button", { name: "Regenerate" }).count()).toBe(0);
    expect(await page.getByRole("button", { name: "Helpful", exact: true }).count()).toBe(1);
  });

  it("leave a reply that they cut short as it stands", async () => {
    await using widget = await open();
    const cut = talk.reply("On its", { phase: "stopped", takenOver: true });
    await widget.set({ ...begun, messages: [question, cut], handling: ai });
    await widget.page.locator(".reply .text").getByText("On its").waitFor();
    expect(await widget.page.locator(".reply").getByRole("button").count()).toBe(1);
    expect(await widget.page.getByText("Stopped").count()).toBe(0);
  });

  it("show their pictures, or initials where several cannot be loaded", async () => {
    const { server, origin } = await servePictures();
    const policy = `${strictPolicy(host.assets)}; img-src ${origin}`;
    await using widget = await openScripted(browser, host, { policy });
    const avatar = (name: string) => ({ operator: { name: "Ada", avatarUrl: `${origin}/${name}.svg` } });
    const from = { ...support, people: true, avatarUrl: `${origin}/missing.svg` };
    await widget.set({
      ...begun,
      assistant: from,
      messages: [question, reply, talk.person("A", avatar("face"))],
      handling: { ...ada, ...avatar("gone") },
    });
    await widget.open();
    const faces = widget.page.locator(".message .face, .people .face");
    await expect.poll(() => faces.allTextContents(), patience).toEqual(["C\u200cS", "", "A"]);
    await expect.poll(() => widget.read(".person .face img", "it.naturalWidth"), patience).toBeGreaterThan(0);
    server.closeAllConnections();
    server.close();
  });

  it("are heard by screen readers once each, and earlier ones not", async () => {
    await using widget = await openScripted(browser, host);
    await widget.set({ ...begun, assistant: { ...support, people: true }, hasOlder: true });
    await widget.open();
    await widget.page.locator(".people").waitFor();
    const line = (text: string) => ({ text, after: "reply" });
    await widget.set({ handling: { ...ada, lines: [line("Ada Lovelace is answering now.")] } });
    await widget.put(talk.person("Good morning."));
    await expect
      .poll(() => widget.said(), patience)
      .toEqual(["Ada Lovelace is answering now. Ada Lovelace: Good morning."]);
    const handling = { ...ada, typing: "Ada Lovelace", lines: [line("Ada Lovelace is answering now.")] };
    await widget.set({
      handling,
      messages: [talk.person("Long ago."), question, reply, talk.person("Good morning."), talk.person("Now.")],
    });
    await expect.poll(async () => (await widget.said()).slice(1), patience).toEqual(["Ada Lovelace: Now."]);
    await widget.page.getByText("Ada Lovelace\u2069 is typing").waitFor();
    expect(await widget.said()).toHaveLength(2);
  });

  it("are reached by keyboard", async () => {
    await using widget = await open();
    const { page } = widget;
    await widget.set({ ...begun, handling: alone });
    await page.getByLabel("Your e-mail address (optional)").waitFor();
    await page.getByLabel("Your message").focus();
    const focused = () =>
      page.evaluate<string>(
        `(({ activeElement: it }) => it.id || it.textContent.trim())(document.querySelector("parley-chat").shadowRoot)`,
      );
    const back: string[] = [];
    for (let stops = 0; stops < 3; stops++) {
      await page.keyboard.press("Shift+Tab");
      back.push(await focused());
    }
    expect(back).toEqual(["Back to the assistant", "Save", "email"]);
    await page.keyboard.type("ada@example.com");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Space");
    expect(await widget.calls()).toEqual([["handOff", { email: "ada@example.com" }]]);
  });

  it("are plain lines where their views cannot be loaded", async () => {
    const widget = await openScripted(browser, host, { context: {} });
    await widget.page.route("**/people-*", (route) => route.abort());
    await widget.set({ ...begun, messages: [question, talk.person("I am here.")], handling: ada });
    await widget.open();
    await widget.page.getByText("Ada Lovelace: I am here.").waitFor();
    await expect(widget[Symbol.asyncDispose]()).rejects.toThrow("ERR_FAILED");
  });
});

describe.skipIf(chromiumPath === undefined)("a person who takes over in the browser", { timeout: 120_000 }, () => {
  let product: Product;
  let site: EmbeddingSite;
  let operator: OperatorHeaders;
  let context: BrowserContext;
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [product, site, browser] = await Promise.all([
      startProduct({ backend: "postgres" }),
      openEmbeddingSite(),
      sharedChromium.open(),
    ]);
    operator = await makeOperator(product, "Ada Lovelace");
  });
  afterEach(() => context?.close());
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });
  const visit = async (): Promise<Page> => {
    context = await browser.newContext({ locale: "en-US" });
    context.setDefaultTimeout(30_000);
    const page = await context.newPage();
    const script = `<script src="${product.client.base}/widget.js" data-assistant="default" async></script>`;
    const listens = `<script>window.heard = []; for (const type of ["parley:operator", "parley:handling", "parley:reply"])
      document.addEventListener(type, ({ type, detail }) => heard.push([type, detail.name ?? detail.status ?? detail.handledBy, detail.text]));</script>`;
    await page.goto(site.page(`<!doctype html><meta charset="utf-8"><title>A shop</title>${listens}${script}`));
    await page.getByRole("button", { name: "Open chat" }).click();
    return page;
  };
  const say = async (page: Page, text: string) => {
    await page.getByLabel("Your message").fill(text);
    await page.getByLabel("Your message").press("Enter");
  };
  const desk = async (what: string, body: object) => {
    const [conversation] = await product.query<{ id: string }>(
      "select id from conversations order by created_at desc limit 1",
    );
    const answer = await askDesk(product.client, `/conversations/${conversation?.id}/${what}`, operator, { body });
    expect(answer.status, answer.text).toBeLessThan(300);
  };
  const untilTexts = async (page: Page, ...texts: string[]) => {
    const messages = page.locator("[part~=text], [part~=visitor-message] [part~=bubble]");
    const read = async () => (await messages.allTextContents()).map((text) => text.trim());
    await expect.poll(read, { timeout: 30_000 }).toEqual(texts);
  };

  it("is asked for in mid-reply, takes over, talks, and gives the conversation back", async () => {
    const page = await visit();
    const { script, release } = pausedReply("One two", " three.");
    product.provider.answer("Count to a hundred", script);
    await say(page, "Count to a hundred");
    await untilTexts(page, "Count to a hundred", "One two");
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByText("Nobody is here right now.").waitFor();
    await page.getByLabel("Your e-mail address (optional)").fill("visitor@example.com");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("We can reach you at").waitFor();
    await desk("take", {});
    await page.getByText("Ada Lovelace\u2069 is answering").waitFor();
    release();
    await desk("messages", { text: "I count for you." });
    await untilTexts(page, "Count to a hundred", "One two", "I count for you.");
    await say(page, "Thank you");
    await untilTexts(page, "Count to a hundred", "One two", "I count for you.", "Thank you");
    await page.reload();
    await untilTexts(page, "Count to a hundred", "One two", "I count for you.", "Thank you");
    await page.getByText("Ada Lovelace\u2069 is answering").waitFor();
    await desk("release", { to: "ai" });
    const end = ["Count to a hundred", "One two", "I count for you.", "Thank you", echoOf("Thank you")];
    await untilTexts(page, ...end);
    await page.getByRole("button", { name: "Talk to a person" }).waitFor();
    await page.getByRole("button", { name: "Regenerate" }).waitFor();
  });

  it("is heard by the page, and counted as unread while the chat is closed", async () => {
    const page = await visit();
    await say(page, "Anybody?");
    await untilTexts(page, "Anybody?", echoOf("Anybody?"));
    await page.getByRole("button", { name: "Talk to a person" }).click();
    await page.getByText("Nobody is here right now.").waitFor();
    await page.getByRole("button", { name: "Close chat" }).click();
    await desk("messages", { text: "Here." });
    await page.getByRole("button", { name: "Open chat" }).getByText("1", { exact: true }).waitFor();
    const heard = await page.evaluate<unknown[]>("heard");
    expect(heard).toEqual([
      ["parley:reply", "complete", echoOf("Anybody?")],
      ["parley:handling", "waiting", undefined],
      ["parley:handling", "Ada Lovelace", undefined],
      ["parley:operator", "Ada Lovelace", "Here."],
    ]);
    await page.getByRole("button", { name: "Open chat" }).click();
    await untilTexts(page, "Anybody?", echoOf("Anybody?"), "Here.");
  });
});

async function open(options: ScriptedOptions = {}, more: object = {}): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host, options);
  await widget.set({ assistant: { ...support, people: true, ...more } });
  await widget.open();
  return widget;
}

/** Pictures on a server of their own: one, and none elsewhere. */
async function servePictures(): Promise<{ server: Server; origin: string }> {
  const server = createServer(({ url }, response) => {
    const isFound = url === "/face.svg";
    response.writeHead(isFound ? 200 : 404, { "Content-Type": "image/svg+xml" }).end(isFound ? picture : "");
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return { server, origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
