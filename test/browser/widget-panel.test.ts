import { afterAll, describe, expect, it } from "vitest";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, patience, type ScriptedOptions, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

let host: WidgetHost;
let browser: BrowserPart;

const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

describe.skipIf(chromiumPath === undefined)("the widget panel", () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  describe("the message field", () => {
    it("sends with Enter, breaks the line with Shift+Enter, and sends nothing during composition", async () => {
      await using widget = await open();
      const field = widget.page.getByLabel("Your message");
      await field.pressSequentially("one");
      await field.press("Shift+Enter");
      await field.pressSequentially("two");
      await field.dispatchEvent("keydown", { key: "Enter", isComposing: true });
      await field.dispatchEvent("keydown", { key: "Enter", keyCode: 229 });
      expect(await widget.calls()).toEqual([]);
      await field.press("Enter");
      expect(await widget.calls()).toEqual([["send", "one\ntwo"]]);
      expect(await field.inputValue()).toBe("");
    });

    it("does not send blank text", async () => {
      await using widget = await open();
      const field = widget.page.getByLabel("Your message");
      await field.fill("  \n ");
      await field.press("Enter");
      await widget.page.getByRole("button", { name: "Send" }).click({ force: true });
      expect(await widget.calls()).toEqual([]);
    });

    it("grows with its text up to a limit", async () => {
      await using widget = await open();
      const field = widget.page.getByLabel("Your message");
      const height = async () => (await field.boundingBox())?.height ?? 0;
      const one = await height();
      await field.fill("1\n2\n3");
      const three = await height();
      await field.fill("line\n".repeat(40));
      const many = await height();
      await field.fill("");
      expect(three).toBeGreaterThan(one + 30);
      expect(many).toBeLessThan(200);
      expect(await height()).toBeCloseTo(one, -0.5);
    });

    it("counts the characters left near the limit, and does not send longer text", async () => {
      await using widget = await open();
      const field = widget.page.getByLabel("Your message");
      await field.fill("x".repeat(3500));
      expect(await shown(widget).getByText("Characters left").count()).toBe(0);
      await field.fill("😀".repeat(3900));
      await shown(widget).getByText("Characters left: 100").waitFor();
      await field.fill("x".repeat(4001));
      await shown(widget).getByText("Too long by 1").waitFor();
      expect(await field.getAttribute("aria-invalid")).toBe("true");
      await field.press("Enter");
      expect(await widget.calls()).toEqual([]);
      expect(await field.inputValue()).toHaveLength(4001);
    });

    it("restores a draft, and saves each change of it", async () => {
      await using widget = await open({}, { draft: "not sent yet" });
      const field = widget.page.getByLabel("Your message");
      expect(await field.inputValue()).toBe("not sent yet");
      await field.press("End");
      await field.pressSequentially("!");
      expect(await widget.page.evaluate("scripted.state.draft")).toBe("not sent yet!");
    });

    it("shows the greeting, and sends a suggestion when it is clicked", async () => {
      await using widget = await open();
      await shown(widget).getByText("Hello. How can we help?").waitFor();
      await widget.page.getByRole("button", { name: "How do I return something?" }).click();
      expect(await widget.calls()).toEqual([["send", "How do I return something?"]]);
    });
  });

  describe("message states", () => {
    it("show a waiting message with its position in the queue", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      await widget.put(talk.reply("", { phase: "queued", position: 2 }));
      await shown(widget).getByText("You are 3rd in line").waitFor();
      await widget.put(talk.reply("", { phase: "queued", position: 0 }));
      await shown(widget).getByText("You are next in line").waitFor();
      await widget.put(talk.question("b", { delivery: "waiting" }));
      await shown(widget).getByText("Waiting to be sent").waitFor();
    });

    it("stop a reply on request, and return the focus to the field", async () => {
      await using widget = await open();
      await widget.put(talk.reply("Long", { phase: "writing" }));
      await widget.page.getByRole("button", { name: "Stop" }).click();
      expect(await widget.calls()).toEqual([["stop"]]);
      await widget.put(talk.reply("Long", { phase: "stopped" }));
      await shown(widget).getByText("Stopped").waitFor();
      expect(await focused(widget)).toBe("Your message");
    });

    it("show why a message was refused or a reply failed, and retry it", async () => {
      await using widget = await open();
      await widget.put(talk.question("a", { delivery: "refused", refusal: "Not like this." }));
      await shown(widget).getByText("Not like this.").waitFor();
      await widget.page.getByRole("button", { name: "Try again" }).click();
      await widget.put(talk.question("a"));
      expect(await focused(widget)).toBe("Your message");
      await widget.put(talk.reply("", { phase: "failed", failure: "Nobody could answer." }));
      await shown(widget).getByText("Nobody could answer.").waitFor();
      await widget.page.getByRole("button", { name: "Try again" }).click();
      expect(await widget.calls()).toEqual([
        ["tryAgain", "question a"],
        ["tryAgain", "reply"],
      ]);
    });

    it("show the state of the connection, and count down to the next retry", async () => {
      await using widget = await open();
      await widget.set({ notice: { kind: "offline" } });
      await shown(widget).getByText("You are offline.").waitFor();
      await widget.set({ notice: { kind: "busy", resumesAt: Date.now() + 60_000 } });
      const left = async () =>
        Number(/\d+/.exec((await shown(widget).getByText("Trying again in").textContent()) ?? "")?.[0]);
      const first = await left();
      expect(first).toBeLessThanOrEqual(60);
      await expect.poll(left, patience).toBeLessThan(first);
    });

    it("show days and times", async () => {
      await using widget = await open({ context: { locale: "en-GB", timezoneId: "Europe/Berlin" } });
      const at = Date.parse("2025-03-04T09:05:00Z");
      await widget.put(talk.question("long ago", { timestamp: at }));
      await widget.put(talk.reply("today"));
      await shown(widget).getByText("4 March 2025").waitFor();
      await shown(widget).getByText("10:05").waitFor();
      await shown(widget).getByText("Today", { exact: true }).waitFor();
    });

    it("accept ratings, and a comment on a bad one", async () => {
      await using widget = await open();
      await widget.put(talk.reply("So."));
      await widget.page.getByRole("button", { name: "Helpful", exact: true }).click();
      await shown(widget).getByText("Thank you for your feedback").first().waitFor();
      await widget.page.getByRole("button", { name: "Not helpful" }).click();
      await widget.page.getByLabel("What could be better?").fill(" Everything. ");
      expect(await widget.page.locator(".thanks").count(), "thanks before the answer").toBe(0);
      await widget.page.getByRole("button", { name: "Send feedback" }).click();
      expect(await widget.calls()).toEqual([
        ["rate", "reply", "up", undefined],
        ["rate", "reply", "down", undefined],
        ["rate", "reply", "down", "Everything."],
      ]);
      await widget.page.getByRole("button", { name: "Not helpful", pressed: true }).click();
      expect((await widget.calls()).at(-1)).toEqual(["rate", "reply", undefined, undefined]);
      expect(await widget.page.locator(".thanks").count(), "thanks for nothing").toBe(0);
    });

    it("move the focus into the comment after a thumb down, and back to the thumb on Escape", async () => {
      await using widget = await open();
      await widget.put(talk.reply("So."));
      await widget.page.getByRole("button", { name: "Not helpful" }).focus();
      await widget.page.keyboard.press("Enter");
      await expect.poll(() => focused(widget), patience).toBe("What could be better?");
      // On the thumb, a space would take the rating back.
      await widget.page.keyboard.type("a b");
      await widget.page.keyboard.press("Escape");
      expect(await focused(widget)).toBe("Not helpful");
      await widget.page.getByLabel("What could be better?").waitFor({ state: "detached" });
      expect(await widget.calls()).toEqual([["rate", "reply", "down", undefined]]);
      await widget.page.getByRole("dialog").waitFor();
    });

    it("offer reasons for a thumb down, to be chosen with or without a comment", async () => {
      await using widget = await open();
      await widget.put(talk.reply("So."));
      await widget.page.getByRole("button", { name: "Not helpful" }).click();
      await widget.page.getByRole("radio", { name: "It is unclear" }).check();
      await widget.page.getByRole("button", { name: "Send feedback" }).click();
      expect((await widget.calls()).at(-1)).toEqual(["rate", "reply", "down", undefined, "unclear"]);
      expect(await focused(widget)).toBe("Not helpful");
    });

    it("say that a second question waits for the reply before it, once to screen readers", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      await widget.put(talk.reply("First", { phase: "writing" }));
      await widget.put(talk.question("b", { key: "b" }));
      await widget.put(talk.reply("", { key: "second", phase: "queued" }));
      await widget.put(talk.reply("", { key: "second", phase: "queued", position: 3 }));
      await shown(widget).getByText("Waiting for the reply before it").waitFor();
      await expect
        .poll(async () => (await widget.said()).join(" "), patience)
        .toContain("Waiting for the reply before it");
      await widget.put(talk.reply("First."));
      await widget.put(talk.reply("", { key: "second", phase: "queued", position: 2 }));
      await shown(widget).getByText("You are 3rd in line").waitFor();
      await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("You are 3rd in line");
      expect((await widget.said()).join(" ").split("Waiting for the reply").length).toBe(2);
    });

    it("say in the visitor's language why a message was refused or a reply failed", async () => {
      await using widget = await open({ attributes: 'lang="de"' });
      const refused = { delivery: "refused", refusal: "Your message must be shorter.", problem: "too-large" };
      await widget.put(talk.question("a", refused));
      await shown(widget).getByText("Diese Nachricht ist zu lang").waitFor();
      const failed = { phase: "failed", failure: "The answer took too long.", problem: "deadline" };
      await widget.put(talk.reply("", failed));
      await shown(widget).getByText("Die Antwort hat zu lange gedauert.").waitFor();
      await widget.put(talk.reply("", { ...failed, problem: "of-another-version" }));
      await shown(widget).getByText("Es kam keine Antwort").waitFor();
    });

    it("try a stopped reply again", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      await widget.put(talk.reply("Half a", { phase: "stopped" }));
      await widget.page.getByRole("button", { name: "Try again" }).click();
      expect(await widget.calls()).toEqual([["tryAgain", "reply"]]);
      await widget.put(talk.question("b", { key: "b", delivery: "waiting" }));
      await shown(widget).getByText("Waiting to be sent").waitFor();
      expect(await widget.page.getByRole("button", { name: "Try again" }).count()).toBe(0);
    });

    it("write the newest reply anew, and no other", async () => {
      await using widget = await open();
      const regenerate = widget.page.getByRole("button", { name: "Regenerate" });
      await widget.put(talk.question("a"));
      await widget.put(talk.reply("Half", { phase: "writing" }));
      await shown(widget).getByText("Half").waitFor();
      expect(await regenerate.count()).toBe(0);
      await widget.put(talk.reply("Half and half."));
      await regenerate.focus();
      await widget.page.keyboard.press("Enter");
      expect(await widget.calls()).toEqual([["tryAgain", "reply"]]);
      await widget.put(talk.question("a", { key: "again", delivery: "sending" }));
      await regenerate.waitFor({ state: "detached" });
      expect(await focused(widget)).toBe("Your message");
      await widget.put(talk.reply("Another one.", { key: "newer" }));
      await regenerate.click();
      expect((await widget.calls()).at(-1)).toEqual(["tryAgain", "newer"]);
    });

    it("copy a reply and a block of code", async () => {
      await using widget = await open({ context: { permissions: ["clipboard-read", "clipboard-write"] } });
      await widget.put(talk.reply("**Bold**\n\n```sh\nnpm ci && npm start\n```"));
      const clipboard = () => widget.page.evaluate("navigator.clipboard.readText()");
      await widget.page.getByRole("button", { name: "Copy code" }).click();
      await expect.poll(clipboard, patience).toBe("npm ci && npm start");
      await widget.page.getByRole("button", { name: "Copy", exact: true }).click();
      await widget.page.getByRole("button", { name: "Copied" }).waitFor();
      await expect.poll(clipboard, patience).toBe("**Bold**\n\n```sh\nnpm ci && npm start\n```");
      const html = `navigator.clipboard.read().then(([item]) => item.getType("text/html")).then((blob) => blob.text())`;
      expect(await widget.page.evaluate(html)).toContain("<strong>Bold</strong>");
    });
  });

  describe("the conversation", () => {
    it("is deleted only after a confirmation in the panel", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      await menu(widget, "Delete my data");
      expect(await focused(widget)).toBe("Cancel");
      await widget.page.keyboard.press("Escape");
      expect(await widget.calls()).toEqual([]);
      expect(await focused(widget)).toBe("More");
      await menu(widget, "Delete my data");
      await widget.page.getByRole("alertdialog").getByRole("button", { name: "Delete" }).click();
      expect(await widget.calls()).toEqual([["deleteData"]]);
      expect(await widget.page.getByRole("alertdialog").count()).toBe(0);
      expect(await focused(widget)).toBe("Your message");
    });

    it("starts anew after a confirmation", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      await menu(widget, "New conversation");
      await widget.page.getByRole("button", { name: "Start", exact: true }).click();
      expect(await widget.calls()).toEqual([["startNew"]]);
    });

    it("offers no deletion before its first message", async () => {
      await using widget = await open();
      await widget.page.getByRole("button", { name: "More" }).click();
      expect(await widget.page.getByRole("button", { name: "Delete my data" }).isDisabled()).toBe(true);
      await widget.page.getByLabel("Your message").click();
      expect(await widget.page.getByRole("button", { name: "Delete my data" }).count()).toBe(0);
    });

    it("keeps the scroll position while a reply grows, and follows the text when at the end", async () => {
      await using widget = await open();
      const top = () => widget.read<number>(".log", "it.scrollTop");
      const toEnd = () => widget.read<number>(".log", "it.scrollHeight - it.scrollTop - it.clientHeight");
      const lines = (count: number) => Array.from({ length: count }, (_, n) => `Line ${n}\n\n`).join("");
      await widget.put(talk.reply(lines(60), { phase: "writing" }));
      await expect.poll(toEnd, patience).toBeLessThan(2);
      await widget.page.getByRole("log").hover();
      await widget.page.mouse.wheel(0, -400);
      await widget.page.getByRole("button", { name: "Newest messages" }).waitFor();
      const reading = await top();
      await widget.put(talk.reply(lines(120), { phase: "writing" }));
      await shown(widget).getByText("Line 119").waitFor({ state: "attached" });
      expect(await top()).toBe(reading);
      await widget.page.getByRole("button", { name: "Newest messages" }).click();
      await expect.poll(toEnd, patience).toBeLessThan(2);
      await widget.put(talk.reply(lines(140), { phase: "writing" }));
      await shown(widget).getByText("Line 139").waitFor();
      await expect.poll(toEnd, patience).toBeLessThan(2);
    });

    it("keeps the scroll position when older messages are inserted above", async () => {
      await using widget = await open();
      const messages = Array.from({ length: 40 }, (_, n) => talk.question(`message ${n}`));
      await widget.set({ messages: messages.slice(20), hasOlder: true });
      const older = widget.page.getByRole("button", { name: "Earlier messages" });
      await older.scrollIntoViewIfNeeded();
      await older.click();
      expect(await widget.calls()).toEqual([["loadOlder"]]);
      const place = async () => (await shown(widget).getByText("message 25").boundingBox())?.y ?? 0;
      const before = await place();
      await widget.set({ messages, hasOlder: true });
      await shown(widget).getByText("message 3", { exact: true }).waitFor({ state: "attached" });
      expect(Math.abs((await place()) - before)).toBeLessThan(3);
    });
  });

  describe("keyboard navigation", () => {
    it("opens the panel, reaches every control, and restores the focus", async () => {
      await using widget = await open({}, {}, false);
      await widget.page.keyboard.press("Tab");
      expect(await focused(widget)).toBe("Open chat");
      await widget.page.keyboard.press("Enter");
      await expect.poll(() => focused(widget), patience).toBe("Your message");
      const stops = [];
      for (let n = 0; n < 5; n++) {
        await widget.page.keyboard.press("Shift+Tab");
        stops.push(await focused(widget));
      }
      expect(stops).toEqual([
        "How do I return something?",
        "Where is my order?",
        "Privacy",
        "Conversation",
        "Close chat",
      ]);
      await widget.page.keyboard.press("Escape");
      await expect.poll(() => focused(widget), patience).toBe("Open chat");
    });

    it("goes through the menu, and closes it when the focus leaves it", async () => {
      await using widget = await open({}, { messages: [talk.question("Hello")], conversationId: "one" });
      const { page } = widget;
      const press = async (key: string) => {
        await page.keyboard.press(key);
        return focused(widget);
      };
      const openMenu = async () => {
        await page.getByRole("button", { name: "More" }).focus();
        await page.keyboard.press("Enter");
        await page.locator(".menu").waitFor();
      };
      await openMenu();
      const entries = [await press("Tab"), await press("Tab"), await press("Tab")];
      expect(entries).toEqual(["Download transcript", "New conversation", "Delete my data"]);
      expect(await press("Escape")).toBe("More");
      expect(await page.locator(".menu").count()).toBe(0);
      await openMenu();
      for (let entry = 0; entry < 3; entry++) await press("Tab");
      expect(await press("Tab")).toBe("Close chat");
      expect(await page.locator(".menu").count()).toBe(0);
      await openMenu();
      await page.keyboard.press("Tab");
      await page.keyboard.press("Tab");
      await page.keyboard.press("Enter");
      await page.getByRole("alertdialog").waitFor();
    });

    it("closes the innermost element first with Escape", async () => {
      await using widget = await open();
      await widget.page.getByRole("button", { name: "More" }).focus();
      await widget.page.keyboard.press("Enter");
      await widget.page.getByRole("button", { name: "New conversation" }).waitFor();
      await widget.page.keyboard.press("Escape");
      expect(await widget.page.getByRole("button", { name: "New conversation" }).count()).toBe(0);
      expect(await widget.page.locator(".panel[data-open]").count()).toBe(1);
      await widget.page.keyboard.press("Escape");
      await expect.poll(() => widget.page.locator(".panel[data-open]").count(), patience).toBe(0);
    });

    it("never takes the focus from the page", async () => {
      const body = `<input id="own" autofocus><parley-chat open></parley-chat>`;
      await using widget = await openScripted(browser, host, { body });
      await widget.page.locator("#own").focus();
      await widget.page.locator(".panel[data-open]").waitFor();
      await widget.put(talk.question("a"));
      await widget.put(talk.reply("b"));
      await widget.set({ notice: { kind: "offline" } });
      await shown(widget).getByText("You are offline.").first().waitFor();
      expect(await widget.page.evaluate("document.activeElement.id")).toBe("own");
      await widget.page.evaluate(`document.querySelector("parley-chat").close()`);
      await expect.poll(() => widget.page.locator(".panel[data-open]").count(), patience).toBe(0);
      expect(await widget.page.evaluate("document.activeElement.id")).toBe("own");
    });
  });

  describe("screen reader output", () => {
    it("announces whole sentences, each once, however the text arrives", async () => {
      await using widget = await open();
      await widget.put(talk.question("a"));
      const text =
        "The **first** sentence. The second one, see [our page](https://example.com)! And\n\n- one item\n- another one";
      await widget.put(talk.reply("", { phase: "queued" }));
      for (let end = 1; end <= text.length; end += 3) {
        await widget.put(talk.reply(text.slice(0, end), { phase: "writing" }));
      }
      await widget.put(talk.reply(text));
      const spoken = async () => (await widget.said()).join(" ").replace("Writing a reply", "").trim();
      await expect
        .poll(spoken, patience)
        .toBe("The first sentence. The second one, see our page! And one item another one");
      expect((await widget.said()).length).toBeLessThan(8);
    });

    it("announces changes of messages, and none of the messages shown before", async () => {
      await using widget = await open({}, { messages: [talk.reply("Old news.", { key: "old" })] });
      await widget.put(talk.question("b", { delivery: "waiting" }));
      await widget.put(talk.reply("", { phase: "queued", position: 4 }));
      await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("You are 5th in line");
      await widget.put(talk.reply("", { phase: "failed", failure: "Nobody could answer." }));
      await widget.put(talk.question("b", { delivery: "refused", refusal: "Too long." }));
      await widget.set({ notice: { kind: "offline" } });
      await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("You are offline");
      const said = (await widget.said()).join(" ");
      expect(said).toContain("Nobody could answer.");
      expect(said).toContain("Not sent. Too long.");
      expect(said).not.toContain("Old news");
    });

    it("announces a reply anew when it restarts", async () => {
      await using widget = await open();
      await widget.put(talk.reply("", { phase: "queued" }));
      await widget.put(talk.reply("First try. It goes", { phase: "writing" }));
      await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("First try.");
      await widget.put(talk.reply("Second try. Done.", { phase: "complete" }));
      await expect.poll(async () => (await widget.said()).join(" "), patience).toContain("Second try. Done.");
    });

    it("labels the dialog, and keeps the log itself silent", async () => {
      await using widget = await open();
      expect(await widget.page.getByRole("log", { name: "Conversation" }).getAttribute("aria-live")).toBe("off");
      await widget.page.getByRole("dialog", { name: "Customer support" }).waitFor();
    });
  });

  describe("on a phone", () => {
    it("fills the screen, and shows no keyboard until it is needed", async () => {
      await using widget = await open({ context: phone }, {}, false);
      await widget.page.locator(".launcher").tap();
      const dialog = widget.page.getByRole("dialog");
      await dialog.waitFor();
      expect(await dialog.boundingBox()).toEqual({ x: 0, y: 0, width: 390, height: 844 });
      expect(await dialog.getAttribute("aria-modal")).toBe("true");
      expect(await widget.page.evaluate(activeTag)).toBe("DIV");
      expect(await widget.read(".composer textarea", "getComputedStyle(it).fontSize")).toBe("16px");
    });

    it("keeps the field above the on-screen keyboard", async () => {
      await using widget = await open({ context: phone, before: (context) => context.addInitScript(fakeKeyboard) });
      const field = widget.page.getByLabel("Your message");
      await widget.page.evaluate("keyboard(400, 120)");
      await expect.poll(async () => (await field.boundingBox())?.y ?? 0, patience).toBeLessThan(120 + 400 - 40);
      const dialog = await widget.page.getByRole("dialog").boundingBox();
      expect(dialog).toMatchObject({ y: 120, height: 400 });
      await widget.page.evaluate("keyboard(844, 0)");
      await expect
        .poll(() => widget.page.getByRole("dialog").boundingBox(), patience)
        .toMatchObject({ y: 0, height: 844 });
    });

    it("traps the focus inside the panel", async () => {
      await using widget = await open({
        context: phone,
        body: `<a href="#">before</a><parley-chat></parley-chat><a href="#">after</a>`,
      });
      for (let n = 0; n < 12; n++) {
        await widget.page.keyboard.press("Tab");
        expect(await widget.page.evaluate("document.activeElement.localName")).toBe("parley-chat");
      }
    });

    it("closes the innermost element first with Escape and the back gesture", async () => {
      await using widget = await open({ context: phone }, { messages: [talk.question("Hello")] });
      const { page } = widget;
      const openMenu = async () => {
        await page.getByRole("button", { name: "More" }).tap();
        await page.locator(".menu").waitFor();
      };
      const close = async (what: string) => {
        await page.keyboard.press("Escape");
        await page.locator(what).waitFor({ state: "detached" });
      };
      await openMenu();
      await close(".menu");
      expect(await page.locator(".panel[data-open]").count()).toBe(1);
      // Without the focus in the panel, the key is the browser's gesture.
      for (const what of [".menu", ".menu", ".panel[data-open]"]) {
        if (what === ".menu") await openMenu();
        await page.evaluate(`document.querySelector("parley-chat").shadowRoot.activeElement?.blur()`);
        await close(what);
        expect(await page.locator(".panel[data-open]").count()).toBe(what === ".menu" ? 1 : 0);
      }
    });

    it("adapts to a change of the screen while open", async () => {
      await using widget = await open({ context: {} });
      await widget.page.getByLabel("Your message").fill("half a thought");
      await widget.page.setViewportSize({ width: 400, height: 700 });
      await expect
        .poll(() => widget.page.getByRole("dialog").boundingBox(), patience)
        .toMatchObject({ x: 0, width: 400 });
      await widget.page.setViewportSize({ width: 1000, height: 700 });
      await expect
        .poll(() => widget.page.getByRole("dialog").boundingBox(), patience)
        .toMatchObject({ width: 400, x: 580 });
      expect(await widget.page.getByLabel("Your message").inputValue()).toBe("half a thought");
    });
  });

  describe("in Arabic", () => {
    it("runs from right to left, with code from left to right", async () => {
      await using widget = await open({ attributes: "lang=ar" });
      await widget.put(talk.question("مرحبًا"));
      await widget.put(talk.reply("أهلًا:\n\n1. أولًا\n2. ثانيًا\n\n```js\nlet a = 1;\n```"));
      await shown(widget).getByText("ثانيًا").waitFor();
      const box = async (selector: string) =>
        (await widget.page.locator(selector).first().boundingBox()) ?? { x: 0, width: 0 };
      const [panel, mine, item, block, code] = [
        await box(".panel"),
        await box(".mine .text"),
        await box(".reply li"),
        await box("pre"),
        await box("pre code"),
      ];
      // The panel in the left corner, one's own messages at its left, lists from the right, code from the left.
      expect(panel.x).toBe(20);
      expect(mine.x - panel.x).toBeLessThan(40);
      expect(panel.x + panel.width - (item.x + item.width)).toBeGreaterThan(30);
      expect(code.x - block.x).toBeLessThan(20);
      expect(block.x + block.width - (code.x + code.width)).toBeGreaterThan(20);
      expect(await widget.page.getByRole("button", { name: "إغلاق الدردشة" }).count()).toBe(1);
    });

    it("shows an Arabic reply from right to left in an English widget", async () => {
      await using widget = await open({ attributes: "lang=en" });
      await widget.put(talk.reply("مرحبًا بك"));
      // As Markdown: before it has come, a reply is shown as it is.
      await shown(widget).locator(".reply p").getByText("مرحبًا بك").waitFor();
      expect(await widget.read(".reply p", "getComputedStyle(it).direction")).toBe("rtl");
    });
  });
});

/** Part that can be seen: the part read aloud says the same. */
function shown({ page }: Widget) {
  return page.locator(".inside");
}

type Widget = Awaited<ReturnType<typeof openScripted>>;

async function open(options: ScriptedOptions = {}, state: object = {}, opened = true): Promise<Widget> {
  const widget = await openScripted(browser, host, options);
  await widget.set({ assistant: support, ...state });
  if (opened) await widget.open();
  return widget;
}

async function menu({ page }: Widget, item: string): Promise<void> {
  await page.getByRole("button", { name: /^(More|المزيد)$/ }).click();
  await page.getByRole("button", { name: item }).click();
}

/** Name of the part within the element that has the focus. */
function focused({ page }: Widget): Promise<string> {
  return page.evaluate<string>(
    `(() => {
      const active = document.querySelector("parley-chat").shadowRoot.activeElement;
      return active?.ariaLabel ?? active?.textContent.trim() ?? "";
    })()`,
  );
}

const activeTag = `document.querySelector("parley-chat").shadowRoot.activeElement?.tagName`;

/** Chromium without a screen has no keyboard to bring up: its viewport is played. */
const fakeKeyboard = `
  const viewport = Object.assign(new EventTarget(), { height: innerHeight, offsetTop: 0, scale: 1 });
  Object.defineProperty(window, "visualViewport", { value: viewport });
  window.keyboard = (height, offsetTop) => {
    Object.assign(viewport, { height, offsetTop });
    viewport.dispatchEvent(new Event("resize"));
  };`;
