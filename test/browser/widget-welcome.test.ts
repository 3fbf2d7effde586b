import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { strictPolicy } from "./embedded/embedding-site.ts";
import { openScripted, patience, type ScriptedOptions, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const identity = `identity="x.${Buffer.from(JSON.stringify({ sub: "visitor" })).toString("base64url")}.y"`;
const day = 86_400_000;
const earlier = [
  { id: "one", preview: "You can **return** it.", updatedAt: Date.now() - day },
  { id: "two", preview: "شكرًا لك", updatedAt: Date.now() - 400 * day },
];
const picture = `<svg xmlns="http://www.w3.org/2000/svg" width="1" height="1"><rect width="1" height="1"/></svg>`;

let host: WidgetHost;
let browser: BrowserPart;
let pictures: Server;
/** A picture on a server of its own; any other path there is missing. */
let pictureUrl: string;

describe.skipIf(chromiumPath === undefined)(
  "the empty chat, and the face of its assistant",
  { timeout: 60_000 },
  () => {
    withChromium.beforeAll(async ({ sharedChromium }) => {
      pictures = createServer(({ url }, response) => {
        const isFound = url === "/face.svg";
        response.writeHead(isFound ? 200 : 404, { "Content-Type": "image/svg+xml" }).end(isFound ? picture : "");
      }).listen(0, "127.0.0.1");
      await once(pictures, "listening");
      pictureUrl = `http://127.0.0.1:${(pictures.address() as AddressInfo).port}/face.svg`;
      [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
    });
    afterAll(async () => {
      await browser?.close();
      await host?.[Symbol.asyncDispose]();
      pictures.closeAllConnections();
      pictures.close();
    });

    it.each([
      ["en", "Usually replies within 12 sec"],
      ["de", "Antwortet meist innerhalb von 12 Sek."],
      ["fr", "Répond en général en 12 s"],
      ["es", "Suele responder en 12 s"],
      ["pt", "Costuma responder em 12 s"],
      ["ja", "通常12 秒ほどで返信します"],
      ["zh", "通常在12秒内回复"],
      ["ar", "يرد عادةً خلال 12 ث"],
    ])("says who answers, and how fast, in the language %s", async (lang, words) => {
      await using widget = await open({ attributes: `lang="${lang}"` }, { typicalReplySeconds: 12 });
      const who = widget.page.locator(".who");
      await who.getByText("Customer support", { exact: true }).waitFor();
      await who.getByText("Helps with orders", { exact: true }).waitFor();
      await who.getByText(words, { exact: true }).waitFor();
      // Once the visitor has written, the reply says who answers.
      await widget.put(talk.question("Hello"));
      await who.waitFor({ state: "detached" });
    });

    it("says nothing about speed that it does not know", async () => {
      await using widget = await open();
      await widget.page.locator(".who").getByText("Helps with orders").waitFor();
      expect(await widget.page.getByText("Usually replies").count()).toBe(0);
    });

    it("shows nothing that would move until the assistant is known, and greets without it where it cannot be", async () => {
      await using widget = await openScripted(browser, host);
      await widget.set({ assistantPending: true });
      await widget.open();
      expect(await widget.page.locator(".greeting").count()).toBe(0);
      await widget.set({ assistantPending: false });
      await widget.page.getByText("How can we help?").waitFor();
      await widget.page.locator(".who").getByText("Assistant", { exact: true }).waitFor();
    });

    it.each([
      ["Customer support", "CS"],
      ["parley", "P"],
      ["Anna von der Aa", "AA"],
      ["カスタマーサポート", "カ"],
      ["خدمة العملاء", "خا"],
      ["Support (Beta)", "SB"],
      ["👩‍💻 Ada – Support 🇩🇪", "AS"],
      ["🤖", "🤖"],
    ])("shows the initials of %s", async (name, initials) => {
      await using widget = await open({}, { name });
      const shown = async () => (await widget.page.locator(".who .face").textContent())?.replaceAll(/[\s\u200C]/g, "");
      await expect.poll(shown, patience).toBe(initials);
    });

    it("is read from its beginning on a low screen, and follows the conversation from its first message on", async () => {
      await using widget = await open({ context: { viewport: { width: 360, height: 300 } } });
      const fromTop = () => widget.read<number>(".log", "it.scrollTop");
      const fromEnd = () => widget.read<number>(".log", "it.scrollHeight - it.scrollTop - it.clientHeight");
      await widget.page.locator(".suggestion").last().waitFor({ state: "attached" });
      await expect.poll(fromEnd, patience).toBeGreaterThan(50);
      expect(await fromTop()).toBe(0);
      await widget.put(talk.question("Hello"));
      await widget.put(talk.reply("Line\n\n".repeat(20)));
      await expect.poll(async () => (await fromTop()) > 200 && (await fromEnd()) < 2, patience).toBe(true);
      await widget.set({ messages: [] });
      await widget.page.locator(".who").waitFor({ state: "attached" });
      await expect.poll(fromTop, patience).toBe(0);
    });

    it("has a face beside the first of several replies, for eyes only", async () => {
      await using widget = await open();
      await widget.put(talk.question("Hello"));
      await widget.put(talk.reply("First.", { key: "one" }));
      await widget.put(talk.reply("Second.", { key: "two" }));
      await widget.put(talk.question("More"));
      await widget.put(talk.reply("Third.", { key: "three" }));
      const replies = widget.page.locator(".reply");
      await expect.poll(() => replies.count(), patience).toBe(3);
      const faces = await Promise.all([0, 1, 2].map((at) => replies.nth(at).locator(".face").count()));
      expect(faces).toEqual([1, 0, 1]);
      expect(await replies.locator(".face").first().getAttribute("aria-hidden")).toBe("true");
      const [first, second] = await Promise.all([0, 1].map((at) => replies.nth(at).locator(".text").boundingBox()));
      expect(second?.x).toBe(first?.x);
      // The other side in Arabic.
      const { x: place = 0 } = (await replies.locator(".face").first().boundingBox()) ?? {};
      expect(place).toBeLessThan(first?.x ?? 0);
      await widget.page.evaluate(`document.querySelector("parley-chat").setAttribute("lang", "ar")`);
      await expect
        .poll(async () => {
          const [face, text] = await Promise.all(
            [".face", ".text"].map((each) => replies.locator(each).first().boundingBox()),
          );
          return (face?.x ?? 0) > (text?.x ?? 0);
        }, patience)
        .toBe(true);
    });

    it("shows the assistant's picture where the page allows it", async () => {
      const policy = `${strictPolicy(host.assets)}; img-src ${new URL(pictureUrl).origin}`;
      await using widget = await open({ policy }, { avatarUrl: pictureUrl });
      await expect.poll(() => widget.read(".who .face img", "it?.naturalWidth"), patience).toBeGreaterThan(0);
      expect(await widget.read(".who .face img", "it.alt")).toBe("");
    });

    it.each([
      ["is missing", () => new URL("/missing.svg", pictureUrl).href],
      ["is not of the web", () => "data:image/svg+xml,<svg/>"],
      ["is code", () => "javascript:alert(1)"],
    ])("shows initials where the picture %s", async (_, url) => {
      const policy = "img-src *";
      await using widget = await open({ policy }, { avatarUrl: url() });
      await expect.poll(() => widget.read(".who .face", "it?.textContent.trim()"), patience).toBe("C\u200CS");
      await widget.put(talk.question("Hello"));
      await widget.put(talk.reply("A reply."));
      await expect.poll(() => widget.read(".reply .face", "it?.textContent.trim()"), patience).toBe("C\u200CS");
      expect(await widget.page.locator(".face img").count()).toBe(0);
    });

    it("shows initials where the page forbids the picture", async () => {
      const widget = await open({}, { avatarUrl: pictureUrl });
      await expect.poll(() => widget.read(".who .face", "it?.textContent.trim()"), patience).toBe("C\u200CS");
      await expect(widget[Symbol.asyncDispose]()).rejects.toThrow("img-src");
    });

    it("offers earlier conversations to a verified visitor, and goes on with the one chosen", async () => {
      await using widget = await withEarlier();
      await widget.page.getByRole("button", { name: /^You can return it\.\s+Yesterday$/ }).click();
      expect(await widget.calls()).toContainEqual(["continueConversation", "one"]);
      await widget.put(talk.question("Before"));
      await widget.page.locator(".earlier-list").waitFor({ state: "detached" });
      await widget.page.evaluate(`scripted.earlier = scripted.earlier.slice(1)`);
      await widget.set({ messages: [] });
      await widget.page.locator(".earlier-list").waitFor();
      expect(await widget.page.locator(".earlier-list li").count()).toBe(1);
    });

    it("offers none to others, and works where they cannot be shown", async () => {
      await using anonymous = await open({ attributes: "" }, {}, earlier);
      await anonymous.page.locator(".suggestion").first().waitFor();
      expect(await anonymous.calls()).not.toContainEqual(["readEarlier"]);
      const widget = await openScripted(browser, host, { attributes: identity, context: {} });
      await widget.page.route("**/earlier-list-*", (route) => route.abort());
      await widget.page.evaluate(`scripted.earlier = ${JSON.stringify(earlier)}`);
      const refused = widget.page.waitForEvent("requestfailed");
      await widget.open();
      await refused;
      await widget.page.getByText("How can we help?").waitFor();
      expect(await widget.page.locator(".earlier-list").count()).toBe(0);
      await expect(widget[Symbol.asyncDispose]()).rejects.toThrow("ERR_FAILED");
    });

    it("passes axe in light, dark and forced colours, in Arabic and on a narrow screen", async () => {
      for (const { themes, ...options } of [
        { themes: ["light", "dark", "forced"] },
        { themes: ["dark"], attributes: 'lang="ar"' },
        { themes: ["light"], attributes: 'color="#ffd400"', context: { viewport: { width: 320, height: 560 } } },
      ] as const) {
        await using widget = await withEarlier(options);
        expect(await accessibilityFaults(widget.page, { themes, within: "parley-chat" })).toEqual([]);
        await widget.put(talk.question("Hello"));
        await widget.put(talk.reply("See [the page](https://example.com) and `code`.\n\n> A quote\n\n```\ncode\n```"));
        await widget.page.locator(".reply .code").waitFor();
        expect(await accessibilityFaults(widget.page, { themes, within: "parley-chat" })).toEqual([]);
        expect(await widget.page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
      }
    });
  },
);

async function open(options: ScriptedOptions = {}, assistant: object = {}, conversations: object[] = []) {
  const widget = await openScripted(browser, host, options);
  await widget.page.evaluate(`scripted.earlier = ${JSON.stringify(conversations)}`);
  await widget.set({ assistant: { ...support, ...assistant } });
  await widget.open();
  return widget;
}

async function withEarlier({ attributes = "", ...options }: ScriptedOptions = {}): Promise<ScriptedWidget> {
  const widget = await open(
    { attributes: `${attributes} ${identity}`, ...options },
    { typicalReplySeconds: 3 },
    earlier,
  );
  await widget.page.locator(".earlier-list").waitFor();
  return widget;
}
