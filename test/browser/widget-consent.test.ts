import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedOptions, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the question before the first message", { timeout: 60_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  it.each([
    ["en", "To answer you, this chat stores your messages", "I agree", "Privacy"],
    ["de", "Um Ihnen zu antworten, speichert dieser Chat", "Ich stimme zu", "Datenschutz"],
    ["fr", "Pour vous répondre, ce chat enregistre vos messages", "J’accepte", "Confidentialité"],
    ["es", "Para responderte, este chat guarda tus mensajes", "Acepto", "Privacidad"],
    ["pt", "Para responder, este chat guarda as suas mensagens", "Concordo", "Privacidade"],
    ["ja", "お答えするために、このチャットはメッセージを保存し", "同意する", "プライバシー"],
    ["zh", "为了回答您，此聊天会保存您的消息", "我同意", "隐私"],
    ["ar", "للرد عليك، تحفظ هذه الدردشة رسائلك", "أوافق", "الخصوصية"],
  ])("stands in the place of the field, in the language %s", async (lang, words, agree, privacy) => {
    await using widget = await open({ attributes: `lang="${lang}"` });
    const question = widget.page.locator(".consent");
    await question.getByText(words).waitFor();
    expect(await question.getByRole("link", { name: privacy }).getAttribute("href")).toMatch(/\/privacy\?lang=/);
    expect(await widget.page.locator(".composer").isVisible()).toBe(false);
    await question.getByRole("button", { name: agree }).click();
    await widget.page.locator(".composer textarea:focus").waitFor();
    expect(await question.count()).toBe(0);
    expect(await widget.calls()).toEqual([["giveConsent"]]);
  });

  it("has the focus once it is there, and can be answered with the keyboard", async () => {
    await using widget = await open();
    await widget.page.locator(".consent button:focus").waitFor();
    await widget.page.keyboard.press("Enter");
    await widget.page.locator(".composer textarea:focus").waitFor();
    await widget.page.keyboard.type("Hello");
    await widget.page.keyboard.press("Enter");
    expect((await widget.calls()).filter(([action]) => action !== "setDraft")).toEqual([
      ["giveConsent"],
      ["send", "Hello"],
    ]);
  });

  it("keeps what a suggestion or the page sends in sight, and a draft", async () => {
    await using widget = await open({}, { draft: "half a thought" });
    await widget.page.locator(".consent").waitFor();
    await widget.page.getByRole("button", { name: "Where is my order?" }).click();
    await widget.put(talk.question("Where is my order?", { delivery: "waiting" }));
    await widget.page.locator(".mine").getByText("Waiting to be sent").waitFor();
    await widget.page.getByRole("button", { name: "I agree" }).click();
    await expect.poll(() => widget.page.getByLabel("Your message").inputValue(), patience).toBe("half a thought");
    expect(await widget.calls()).toEqual([["send", "Where is my order?"], ["giveConsent"]]);
  });

  it("has no link where the owner wants none", async () => {
    await using widget = await open({ attributes: 'privacy="none"' });
    await widget.page.getByRole("button", { name: "I agree" }).waitFor();
    expect(await widget.page.getByRole("link", { name: "Privacy" }).count()).toBe(0);
  });

  it("is not loaded where nobody asks, and says so where it cannot be loaded", async () => {
    const loaded: string[] = [];
    await using free = await openScripted(browser, host, { context: {} });
    free.page.on("request", (request) => loaded.push(request.url()));
    await free.set({ assistant: support });
    await free.open();
    await free.page.locator(".composer textarea:focus").waitFor();
    expect(loaded.filter((url) => url.includes("late-views"))).toEqual([]);
    const widget = await openScripted(browser, host, { context: {} });
    await widget.page.route("**/late-views-*", (route) => route.abort());
    await widget.set({ assistant: support, consentAsked: true });
    await widget.open();
    await widget.page.locator(".notice").getByText("This could not be loaded.").waitFor();
    expect(await widget.page.locator(".composer").isVisible()).toBe(false);
    await widget.page.unroute("**/late-views-*");
    await widget.page.getByRole("button", { name: "Try again" }).click();
    await widget.page.getByRole("button", { name: "I agree" }).click();
    await widget.page.locator(".composer textarea").waitFor();
    await expect(widget[Symbol.asyncDispose]()).rejects.toThrow("ERR_FAILED");
  });

  it("passes axe in light, dark and forced colours, in Arabic and on a narrow screen", async () => {
    for (const { themes, ...options } of [
      { themes: ["light", "dark", "forced"] },
      { themes: ["dark"], attributes: 'lang="ar"' },
      { themes: ["light"], attributes: 'color="#ffd400"', context: { viewport: { width: 320, height: 560 } } },
    ] as const) {
      await using widget = await open(options);
      await widget.page.locator(".consent").waitFor();
      expect(await accessibilityFaults(widget.page, { themes, within: "parley-chat" })).toEqual([]);
      expect(await widget.page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    }
  });
});

async function open(options: ScriptedOptions = {}, state: object = {}): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host, options);
  await widget.set({ assistant: support, consentAsked: true, ...state });
  await widget.open();
  return widget;
}
