import type { BrowserContext, BrowserContextOptions, ConsoleMessage, Page } from "playwright-core";
import type { WidgetHost } from "./widget-host.ts";
import type { BrowserPart } from "../../shared/testing/processes/shared-chromium.ts";

/** Timeout of every expected change of the page. */
export const patience = { timeout: 10_000 };

/** Widget on a page of its own, with a chat that the test scripts. */
export interface ScriptedWidget extends AsyncDisposable {
  readonly page: Page;
  /** Changes the chat's state. */
  set(change: object): Promise<void>;
  /** Adds or changes a message. */
  put(message: object): Promise<void>;
  /** Lists the panel's calls to the chat, without drafts. */
  calls(): Promise<unknown[][]>;
  /** Opens the panel like a click on the button. */
  open(): Promise<void>;
  /** Lists the announcements to screen readers, in order. */
  said(): Promise<string[]>;
  /** Evaluates an expression over `it`, the element in the shadow root. */
  read<T>(selector: string, expression: string): Promise<T>;
}

export interface ScriptedOptions {
  /** Attributes of the element. */
  attributes?: string;
  head?: string;
  body?: string;
  lang?: string;
  policy?: string;
  /** Settings of a browser context of its own, which a case also needs that listens to its page or changes its requests. */
  context?: BrowserContextOptions;
  /** Runs before any script of the page, in a browser context of its own. */
  before?: (context: BrowserContext) => Promise<unknown>;
}

export async function openScripted(
  browser: BrowserPart,
  host: WidgetHost,
  options: ScriptedOptions = {},
): Promise<ScriptedWidget> {
  const { attributes = "", body = `<parley-chat ${attributes}></parley-chat>` } = options;
  const { page, leave } = await takePage(browser, options);
  const faults: string[] = [];
  const noteError = (error: Error) => faults.push(String(error));
  const noteLine = (line: ConsoleMessage) => {
    if (line.type() === "error" && !line.text().includes("favicon") && !line.text().includes("404"))
      faults.push(line.text());
  };
  page.on("pageerror", noteError).on("console", noteLine);
  await page.goto(host.show({ ...options, body }));
  await page.waitForFunction("customElements.get('parley-chat') !== undefined && 'scripted' in window");
  await page.evaluate(recordAnnouncements);
  const run = (code: string) => page.evaluate<unknown>(code);
  return {
    page,
    set: async (change) => void (await run(`scripted.set(${JSON.stringify(change)})`)),
    put: async (message) => void (await run(`scripted.put(${JSON.stringify(message)})`)),
    calls: async () => (await run(`scripted.calls.filter(([action]) => action !== "start")`)) as unknown[][],
    open: async () => {
      await page.locator(".launcher").click();
      await page.locator(".panel[data-open]").waitFor();
    },
    read: <T>(selector: string, expression: string) =>
      page.evaluate<T>(
        `(() => { const it = document.querySelector("parley-chat").shadowRoot.querySelector(${JSON.stringify(selector)}); return ${expression}; })()`,
      ),
    said: async () => (await run("window.said")) as string[],
    [Symbol.asyncDispose]: async () => {
      page.off("pageerror", noteError).off("console", noteLine);
      await leave();
      if (faults.length > 0) throw new Error(`The page complained:\n${faults.join("\n")}`);
    },
  };
}

/** Pages without a case, by the file's part of the browser. A page of its own takes twice the CPU time of a load. */
const idlePages = new WeakMap<BrowserPart, Page[]>();

/**
 * Takes a page of an earlier case, or opens one.
 * @returns the page, and a function that clears it for the next case
 */
async function takePage(
  browser: BrowserPart,
  options: ScriptedOptions,
): Promise<{ page: Page; leave: () => Promise<void> }> {
  const idle = idlePages.get(browser) ?? [];
  idlePages.set(browser, idle);
  const ofItsOwn = options.before !== undefined || options.context !== undefined;
  const page = (ofItsOwn ? undefined : idle.pop()) ?? (await openPage(browser, options));
  const leave = async () => {
    if (ofItsOwn) return page.context().close();
    await page.mouse.move(0, 0);
    // Without the element, which would store something at its end.
    await page.evaluate("document.body.replaceChildren(), localStorage.clear(), sessionStorage.clear()");
    await page.goto("about:blank");
    idle.push(page);
  };
  return { page, leave };
}

async function openPage(browser: BrowserPart, { before, context: settings }: ScriptedOptions): Promise<Page> {
  // Motion is reduced by default; tests of motion override it.
  const still = { viewport: { width: 1100, height: 800 }, reducedMotion: "reduce" } as const;
  const context = await browser.newContext({ ...still, ...settings });
  context.setDefaultTimeout(patience.timeout);
  await before?.(context);
  return context.newPage();
}

/** Records text added to live regions within the element, even if it is removed later. */
const recordAnnouncements = `
  window.said = [];
  const watch = () => {
    const region = document.querySelector("parley-chat")?.shadowRoot.querySelector("[aria-live=polite]");
    if (!region) return setTimeout(watch, 20);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const node of addedNodes) said.push(node.textContent);
    }).observe(region, { childList: true });
  };
  watch();`;

const now = Date.now();

/** Sample messages. */
export const talk = {
  question: (text: string, more: object = {}) => ({
    sender: "user",
    key: `question ${text}`,
    text,
    timestamp: now,
    delivery: "sent",
    ...more,
  }),
  reply: (text: string, more: object = {}) => ({
    sender: "ai",
    key: "reply",
    id: "reply",
    text,
    timestamp: now,
    phase: "complete",
    ...more,
  }),
  person: (text: string, more: object = {}) => ({
    sender: "operator",
    key: `person ${text}`,
    id: `person ${text}`,
    text,
    timestamp: now,
    operator: { name: "Ada Lovelace" },
    ...more,
  }),
};

export const support = {
  type: "default",
  name: "Customer support",
  description: "Helps with orders",
  provider: "presets",
  greeting: "Hello. How can we help?",
  suggestions: ["Where is my order?", "How do I return something?"],
};
