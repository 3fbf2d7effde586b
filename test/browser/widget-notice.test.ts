import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, type ScriptedOptions, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the notice that an AI writes", () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each([
    ["en", "You are chatting with an AI.", "Privacy"],
    ["de", "Sie schreiben mit einer KI.", "Datenschutz"],
    ["fr", "Vous discutez avec une IA.", "Confidentialité"],
    ["es", "Estás hablando con una IA.", "Privacidad"],
    ["pt", "Você está conversando com uma IA.", "Privacidade"],
    ["ja", "AIがお答えしています。", "プライバシー"],
    ["zh", "您正在与人工智能对话。", "隐私"],
    ["ar", "أنت تتحدث مع ذكاء اصطناعي.", "الخصوصية"],
  ])("is shown in the language %s, with a link to what is stored", async (lang, words, link) => {
    await using widget = await open(`lang="${lang}"`);
    await widget.page.getByText(words).waitFor();
    const privacy = widget.page.getByRole("link", { name: link });
    expect(await privacy.getAttribute("href")).toMatch(new RegExp(`/privacy\\?lang=${lang}$`));
    expect(await privacy.getAttribute("target")).toBe("_blank");
    expect(await privacy.getAttribute("rel")).toBe("noopener noreferrer");
    // Still there once messages follow.
    await widget.put(talk.question("a"));
    await widget.page.getByText(words).waitFor();
  });

  it("has the owner's words and address: the attributes' before the assistant's", async () => {
    await using widget = await open('ai-notice="A machine writes here." privacy="https://shop.example/privacy"', {
      aiNotice: "Of the assistant.",
      privacyUrl: "https://other.example/",
    });
    await widget.page.getByText("A machine writes here.").waitFor();
    const privacy = widget.page.getByRole("link", { name: "Privacy" });
    expect(await privacy.getAttribute("href")).toBe("https://shop.example/privacy");
    await using other = await open("", { aiNotice: "Of the assistant.", privacyUrl: "https://other.example/" });
    await other.page.getByText("Of the assistant.").waitFor();
    expect(await other.page.getByRole("link", { name: "Privacy" }).getAttribute("href")).toBe("https://other.example/");
  });

  it.each([
    ["by attributes", 'ai-notice="none" privacy="none"', {}],
    ["for the assistant", "", { aiNotice: false, privacyUrl: false }],
  ])("is removed %s", async (_, attributes, assistant) => {
    await using widget = await open(attributes, assistant);
    await widget.page.locator(".hello").waitFor();
    expect(await widget.page.getByText("You are chatting with an AI.").count()).toBe(0);
    expect(await widget.page.getByRole("link", { name: "Privacy" }).count()).toBe(0);
    expect(await widget.page.locator("[part=ai-notice]").count()).toBe(0);
  });

  it("stays where the beginning of the conversation is not loaded", async () => {
    await using widget = await open("");
    await widget.set({ hasOlder: true, messages: [talk.question("a")] });
    await widget.page.getByRole("button", { name: "Earlier messages" }).waitFor();
    await widget.page.getByText("You are chatting with an AI.").waitFor();
  });

  it.each(["javascript:void 0", "data:text/html,a", "http://["])("does not link %j", async (address) => {
    await using widget = await open(`privacy="${address}"`);
    await widget.page.getByText("You are chatting with an AI.").waitFor();
    expect(await widget.page.getByRole("link", { name: "Privacy" }).count()).toBe(0);
  });

  it("passes axe in light, dark and Arabic", async () => {
    for (const [attributes, themes] of [
      ["", ["light", "dark"]],
      ['lang="ar"', ["dark"]],
    ] as const) {
      await using widget = await open(attributes);
      await widget.page.locator(".hello").waitFor();
      expect(await accessibilityFaults(widget.page, { themes, within: "parley-chat" })).toEqual([]);
    }
  });
});

async function open(attributes: string, assistant: object = {}, options: ScriptedOptions = {}) {
  const widget = await openScripted(browser, host, { attributes, ...options });
  await widget.set({ assistant: { ...support, ...assistant } });
  await widget.open();
  return widget;
}
