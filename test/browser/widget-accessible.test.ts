import type { Page } from "playwright-core";
import { afterAll, describe, expect, it } from "vitest";
import { accessibilityFaults } from "../../shared/testing/processes/axe.ts";
import { chromiumPath } from "../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../shared/testing/processes/shared-chromium.ts";
import { openScripted, type ScriptedWidget, support, talk } from "./scripted-widget.ts";
import { openWidgetHost, type WidgetHost } from "./widget-host.ts";

const markdown =
  "# Title\n\nA **word**, a [link](https://example.com), `code`.\n\n### Third\n\n- one\n  1. two\n- [x] done\n\n> quote\n\n| a | b |\n|---|--:|\n| 1 | 2 |\n\n```js\nlet a;\n```\n\n---\nEnd.";
const people = { ...support, people: true };
const alone = { handledBy: "waiting", expected: { state: "address", emailAsked: true }, lines: [] };
const ended = { handledBy: "ai", ratingAsked: { stretch: 2, operator: { name: "Ada Lovelace" } }, lines: [] };
const mine = talk.question("Hello, I have a question.");
const arabic = talk.reply("أهلًا! **الخطوات**:\n\n1. أولًا [هنا](https://example.com)\n2. ثانيًا `x`", { key: "arabic" });

function cardOf(state: string): object {
  const lines = [{ label: "Order", value: "1042" }];
  const expiresAt = "2031-01-06T09:30:00.000Z";
  return { id: state, tool: "cancel", title: "Cancel it", lines, state, messageId: "mine", expiresAt };
}

/** Everything the panel can look like. */
const states: { what: string; state: object; act?: (page: Page) => Promise<unknown> }[] = [
  { what: "nothing said yet", state: { messages: [] } },
  {
    what: "a reply with all of markdown",
    state: { messages: [mine, talk.reply(markdown, { rating: "up" })], hasOlder: true },
  },
  { what: "Arabic", state: { messages: [mine, arabic] } },
  {
    what: "waiting in line",
    state: { messages: [mine, talk.reply("", { phase: "queued", position: 3 })], busy: true },
  },
  {
    what: "waiting for the reply before it",
    state: {
      messages: [
        mine,
        talk.reply("That", { phase: "writing" }),
        talk.question("And?", { key: "b" }),
        talk.reply("", { key: "second", phase: "queued" }),
      ],
      busy: true,
    },
  },
  { what: "writing", state: { messages: [mine, talk.reply("That is", { phase: "writing" })], busy: true } },
  {
    what: "stopped and failed",
    state: {
      messages: [
        mine,
        talk.reply("That", { phase: "stopped" }),
        talk.reply("", { key: "failed", phase: "failed", failure: "No." }),
      ],
    },
  },
  {
    what: "messages not sent",
    state: {
      messages: [
        talk.question("a", { delivery: "waiting" }),
        talk.question("b", { delivery: "sending" }),
        talk.question("c", { delivery: "refused", refusal: "No." }),
      ],
    },
  },
  ...["offline", "unreachable", "busy", "limited", "restarted"].map((kind) => ({
    what: kind,
    state: { notice: { kind, resumesAt: Date.now() + 1e6 }, messages: [mine] },
  })),
  {
    what: "a text that is too long",
    state: {},
    act: (page) => page.locator(".composer textarea").fill("x".repeat(4100)),
  },
  {
    what: "cards of actions",
    state: {
      messages: [{ ...mine, id: "mine" }, talk.reply("Shall I?")],
      actions: [
        cardOf("waiting"),
        { ...cardOf("waiting"), id: "b", sending: true },
        { ...cardOf("waiting"), id: "c", problem: "identity-required" },
        { ...cardOf("done"), result: "It is cancelled." },
        cardOf("unknown"),
      ],
    },
    act: (page) => page.locator(".card").first().waitFor(),
  },
  {
    what: "a person who may be asked for, in vain",
    state: {
      assistant: people,
      conversationId: "one",
      messages: [mine, talk.reply("So.")],
      handling: { handledBy: "ai", problem: "updating", lines: [] },
    },
    act: (page) => page.locator(".people").waitFor(),
  },
  {
    what: "nobody there, and an address asked for",
    state: { messages: [mine, talk.reply("So.")], handling: alone },
    act: (page) => page.locator(".people").waitFor(),
  },
  {
    what: "an address left",
    state: { messages: [mine], handling: { ...alone, email: "ada@example.com" } },
    act: (page) => page.locator(".people").waitFor(),
  },
  {
    what: "a person who answers",
    state: {
      messages: [
        mine,
        talk.reply("So", { phase: "stopped", takenOver: true }),
        talk.person("Look: https://example.com/a"),
      ],
      handling: {
        handledBy: "operator",
        operator: { name: "Ada Lovelace" },
        typing: "Ada Lovelace",
        lines: [{ text: "Ada Lovelace is answering now.", after: "reply" }],
      },
    },
    act: (page) => page.locator(".person .name").waitFor(),
  },
  {
    what: "a question how it went",
    state: { assistant: people, messages: [mine, talk.person("Bye.")], handling: ended },
    act: (page) => page.locator(".rating").waitFor(),
  },
  {
    what: "an answer to it, and room for words",
    state: { assistant: people, messages: [mine, talk.person("Bye.")], handling: ended },
    act: async (page) => {
      await page.locator(".rating .secondary").first().click();
      await page.locator(".rating textarea").waitFor();
    },
  },
  {
    what: "a comment",
    state: { messages: [mine, talk.reply("So.")] },
    act: async (page) => {
      await page.locator(".footer .tool").last().click();
      await page.locator(".comment").waitFor();
    },
  },
  {
    what: "the menu",
    state: { messages: [mine] },
    act: async (page) => {
      await page.locator(".more").click();
      await page.locator(".menu").waitFor();
    },
  },
  {
    what: "a question",
    state: { messages: [mine] },
    act: async (page) => {
      await page.locator(".more").click();
      await page.locator(".menu .danger").click();
      await page.locator(".question").waitFor();
    },
  },
  {
    what: "somewhere above the end",
    state: { messages: Array.from({ length: 20 }, (_, n) => talk.question(`${n}`)) },
    act: async (page) => {
      const log = `document.querySelector("parley-chat").shadowRoot.querySelector(".log")`;
      // The log follows its messages first.
      await page.waitForFunction(`${log}.scrollTop > 0`);
      await page.evaluate(`${log}.scrollTo(0, 0)`);
      await page.locator(".newest").waitFor();
    },
  },
];

let host: WidgetHost;
let browser: BrowserPart;

describe.skipIf(chromiumPath === undefined)("the accessibility of the widget", { timeout: 120_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [host, browser] = await Promise.all([openWidgetHost(), sharedChromium.open()]);
  });
  afterAll(async () => {
    await browser?.close();
    await host?.[Symbol.asyncDispose]();
  });

  // Each state in each theme and in each direction; all four pairs of these would take twice the time.
  it.each([
    ["light", "en"],
    ["dark", "ar"],
  ])("passes axe in the %s theme, in %s", async (theme, lang) => {
    await using widget = await open({ attributes: `lang="${lang}" theme="${theme}"`, lang });
    expect(await accessibilityFaults(widget.page), "the button").toEqual([]);
    await widget.open();
    for (const { what, state, act } of states) {
      await widget.set({ messages: [], notice: undefined, busy: false, hasOlder: false, draft: "", ...state });
      await act?.(widget.page);
      expect(await accessibilityFaults(widget.page), what).toEqual([]);
      await widget.page.keyboard.press("Escape");
      if (!(await widget.page.locator(".panel[data-open]").isVisible())) await widget.open();
    }
  });

  it.each([
    "#ffd400",
    "#000",
    "#fff",
    "tomato",
    "oklch(0.7 0.2 150)",
    "hsl(220 90% 60%)",
    "rgb(120 120 120)",
    "nonsense",
  ])("keeps text readable with the accent colour %s", async (color) => {
    await using widget = await open({ attributes: `color="${color}"` });
    await widget.set({ messages: [mine, talk.reply("A [link](https://example.com).", { rating: "up" })], draft: "x" });
    await widget.open();
    expect(await accessibilityFaults(widget.page, { themes: ["light", "dark"] })).toEqual([]);
  });

  it("passes axe on a phone, and when embedded in the page", async () => {
    const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };
    await using small = await open({ context: phone });
    await small.set({ messages: [mine, talk.reply(markdown)] });
    await small.open();
    expect(await accessibilityFaults(small.page)).toEqual([]);
    await using inline = await open({ attributes: "position=inline" });
    await inline.set({ messages: [mine, talk.reply(markdown)] });
    await inline.page.locator(".reply h3").first().waitFor();
    expect(await accessibilityFaults(inline.page)).toEqual([]);
  });

  it("gives every control a touch target of sufficient size", async () => {
    await using widget = await open({
      context: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    });
    await widget.set({
      messages: [mine, talk.reply("So. `x`\n\n```\ny\n```", { rating: "down" })],
      busy: true,
      hasOlder: true,
    });
    await widget.open();
    const sizes = await widget.read<{ name: string; width: number; height: number }[]>(
      ".panel",
      `[...it.querySelectorAll("button, textarea")].filter((each) => each.getClientRects().length > 0).map((each) => {
        const { width, height } = each.getBoundingClientRect();
        return { name: each.ariaLabel ?? each.textContent.trim(), width, height };
      })`,
    );
    expect(sizes.length).toBeGreaterThan(6);
    expect(sizes.filter(({ width, height }) => width < 24 || height < 24)).toEqual([]);
  });

  it("shows the keyboard's focus, also in forced colours", async () => {
    await using widget = await open({ context: { forcedColors: "active" } });
    await widget.set({ messages: [mine, talk.reply("So.", { rating: "up" })] });
    await widget.page.keyboard.press("Tab");
    expect(await outline(widget)).toMatch(/solid [^0]/);
    await widget.page.keyboard.press("Enter");
    await widget.page.locator(".panel[data-open]").waitFor();
    for (let stops = 0; stops < 6; stops++) {
      await widget.page.keyboard.press("Shift+Tab");
      expect(await outline(widget)).toMatch(/solid [^0]/);
    }
  });
});

async function open(options: Parameters<typeof openScripted>[2]): Promise<ScriptedWidget> {
  const widget = await openScripted(browser, host, {
    body: siteWith(options?.attributes ?? ""),
    policy: "",
    ...options,
  });
  await widget.set({ assistant: support });
  return widget;
}

function siteWith(attributes: string): string {
  return `<main><h1>A site</h1><p>With text.</p><parley-chat ${attributes}></parley-chat></main>`;
}

function outline({ page }: ScriptedWidget): Promise<string> {
  return page.evaluate<string>(`(() => {
    const active = document.querySelector("parley-chat").shadowRoot.activeElement;
    const { outlineStyle, outlineWidth } = getComputedStyle(active);
    return outlineStyle + " " + outlineWidth;
  })()`);
}
