import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type { BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, describe, expect, it } from "vitest";
import { chromiumPath } from "../../../shared/testing/processes/chromium.ts";
import { type BrowserPart, withChromium } from "../../../shared/testing/processes/shared-chromium.ts";
import type { Product } from "../../system/harness/product.ts";
import { echoOf, heldReply } from "../../system/harness/scripted-provider.ts";
import { withSharedProducts } from "../../system/harness/shared-product.ts";
import { openEmbeddingSite, type EmbeddingSite, strictPolicy } from "./embedding-site.ts";

/** Timeout for everything that the page should come to show. */
const patience = { timeout: 10_000 };
const kilobyte = 1024;

let product: Product;
let site: EmbeddingSite;
let browser: BrowserPart;
let contexts: BrowserContext[] = [];
/** Faults of pages, the browser's refusals by policy among them. */
let faults: string[] = [];

describe.skipIf(chromiumPath === undefined)("the embedded widget", { timeout: 30_000 }, () => {
  withChromium.beforeAll(async ({ sharedChromium }) => {
    [site, browser] = await Promise.all([openEmbeddingSite(), sharedChromium.open()]);
  });
  withSharedProducts.beforeAll(async ({ sharedProducts }) => {
    product = await sharedProducts.lend("postgres");
  });
  afterAll(async () => {
    await browser?.close();
    await site?.[Symbol.asyncDispose]();
    await product?.[Symbol.asyncDispose]();
  });
  afterEach(async ({ task }) => {
    await Promise.all(contexts.map((context) => context.close()));
    contexts = [];
    if (task.result?.state === "fail") console.error(`${task.name}:\n${product?.output()}`);
    const found = faults;
    faults = [];
    if (found.length > 0) throw new Error(`A page complained:\n${found.join("\n")}`);
  });

  it("loads from one script tag under the strictest policy, and answers", async () => {
    const page = await visit(tag(), strictPolicy(host()));
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("dialog", { name: "Customer support" }).waitFor();
    await say(page, "Are you there?");
    await page.locator(".reply").getByText(echoOf("Are you there?")).waitFor();
    await page.locator(".reply").getByRole("button", { name: "Helpful", exact: true }).waitFor();
  });

  it.each([
    ["en", false],
    ["ja", false],
    ["ja", true],
  ])(
    "costs at most 8 KB before it is opened, and 49.5 KB in total, in %s (with people, 53 KB: %s)",
    async (locale, people) => {
      const context = await newContext({ locale });
      const page = await context.newPage();
      await page.route("**/api/assistants*", async (route) => {
        const { assistants } = (await (await route.fetch()).json()) as { assistants: object[] };
        await route.fulfill({ json: { assistants: assistants.map((assistant) => ({ ...assistant, people })) } });
      });
      const limit = people ? 53 : 49.5;
      const sizes = new Map<string, Promise<number>>();
      page.on("response", (response) => {
        const { pathname } = new URL(response.url());
        if (!pathname.startsWith("/widget")) return;
        sizes.set(
          pathname,
          response.body().then((body) => gzipSync(body).length),
        );
      });
      const total = async () => (await Promise.all(sizes.values())).reduce((sum, size) => sum + size, 0);
      await page.goto(site.page(document(tag()), strictPolicy(host())), { waitUntil: "networkidle" });
      await page.locator(".launcher").waitFor();
      expect(await total()).toBeGreaterThan(kilobyte);
      expect(await total()).toBeLessThan(8 * kilobyte);
      await page.locator(".launcher").click();
      const { script, release } = heldReply("This is **all**", ".");
      product.provider.answer("Tell **me** all.", script);
      await page.locator(".composer textarea").fill("Tell **me** all.");
      await page.locator(".composer textarea").press("Enter");
      await page.locator(".reply strong").waitFor();
      if (people) await page.getByRole("button", { name: "担当者と話す" }).waitFor();
      expect(await total()).toBeLessThan(limit * kilobyte);
      // One file of words: the language that is needed.
      expect([...sizes.keys()].filter((path) => /\/(en|de|fr|es|pt|ja|zh|ar)-/.test(path))).toHaveLength(1);
      // Following the conversation costs another one, once there is no reply to follow.
      const late = page.waitForResponse((response) => response.url().includes("/widget/show-news-"));
      release();
      await late;
      expect(await total()).toBeLessThan((limit + 2) * kilobyte);
      // The views of sources and cards come with the first of them.
      await load(page, "source-views", "card-views", `card-${locale}`);
      expect([...sizes.keys()].filter((path) => /\/(source|card)-/.test(path))).toHaveLength(3);
      expect(await total()).toBeLessThan((limit + 6) * kilobyte);
    },
  );

  it("puts another reply in the place of the newest one, and shows one after a reload", async () => {
    const page = await visit(tag());
    await page.getByRole("button", { name: "Open chat" }).click();
    await say(page, "Once more");
    const replies = page.locator(".reply");
    await replies.getByText(echoOf("Once more")).waitFor();
    product.provider.answer("Once more", { steps: ["Something else."] });
    await page.getByRole("button", { name: "Regenerate" }).click();
    await replies.getByText("Something else.").waitFor();
    expect(await replies.count()).toBe(1);
    expect(await page.locator(".mine").count()).toBe(1);
    await page.reload();
    await replies.getByText("Something else.").waitFor();
    await page.getByRole("button", { name: "Regenerate" }).waitFor();
    expect(await replies.count()).toBe(1);
  });

  it("causes no layout shift of the page", async () => {
    const page = await visit(`${tag()}<p>Text</p>`);
    const watch = `new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => (window.shift += value)))
      .observe({ type: "layout-shift", buffered: true })`;
    await page.evaluate(`window.shift = 0; ${watch}`);
    const before = await page.getByText("Text").boundingBox();
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.locator(".suggestion").first().waitFor();
    expect(await page.evaluate("window.shift")).toBe(0);
    await say(page, "Hello");
    await page.locator(".reply").getByText(echoOf("Hello")).waitFor();
    expect(await page.getByText("Text").boundingBox()).toEqual(before);
    expect(await page.evaluate("document.documentElement.scrollHeight - innerHeight")).toBeLessThanOrEqual(0);
  });

  it("is isolated from the page's styles, and the page from its own", async () => {
    const hostile = `<style>
      body * { all: unset !important; display: inline !important; font: italic 40px serif !important; color: lime !important;
        transform: rotate(9deg) !important; letter-spacing: 9px !important; opacity: 0.3; margin: 33px !important;
        border: 9px solid red !important; animation: none !important; direction: rtl !important; zoom: 2 }
      body { filter: blur(3px); transform: scale(0.9); perspective: 1px; overflow: hidden; visibility: hidden; letter-spacing: 9px }
      div, button, textarea, p, svg { background: red !important; position: static !important; width: 7px !important }
      button:focus { outline: none !important } [role=dialog], [hidden] { display: none !important }
      :root { --_ink: red; --_ground: red; --_accent: red; font-size: 3px; color-scheme: dark }
    </style>`;
    const look = async (head: string) => {
      const page = await visit(`${head}<h1 id="own">Title</h1>${tag(`data-lang="en" data-theme="light"`)}`, "", {
        reducedMotion: "reduce",
      });
      const own = () =>
        page.evaluate(`JSON.stringify([...document.querySelectorAll("#own, body, html")].map((each) => {
        const style = getComputedStyle(each);
        return [style.font, style.color, style.display, style.transform, style.overflow, each.getBoundingClientRect().width];
      }))`);
      await page.locator(".launcher").waitFor();
      const before = await own();
      const closed = await picture(page, ".launcher", 10);
      await page.evaluate(`document.querySelector("parley-chat").open()`);
      await page.locator(".suggestion").first().waitFor();
      await page.locator("textarea:focus").waitFor();
      const opened = await picture(page, ".panel", 20);
      expect(await own()).toBe(before);
      return [closed, opened];
    };
    const [plain, harmed] = [await look(""), await look(hostile)];
    for (const [index, what] of ["button", "panel"].entries()) {
      expect(harmed[index]?.box, what).toEqual(plain[index]?.box);
      // The edge of a curve or a letter is smoothed a little differently now and then; 20 were seen. A rule that came
      // through would move text or colour areas, which is a difference of a hundred and more.
      expect(await largestDifference(harmed[index]?.pixels, plain[index]?.pixels), what).toBeLessThanOrEqual(48);
    }
  });

  it("takes its attributes from the script tag", async () => {
    const attributes = `data-lang="de" data-theme="dark" data-position="left" data-title="Frag uns" data-greeting="Moin!" data-color="#a0f" data-open`;
    const page = await visit(tag(attributes));
    const dialog = page.getByRole("dialog", { name: "Frag uns" });
    await dialog.waitFor();
    await page.getByText("Moin!").waitFor();
    await page.getByLabel("Ihre Nachricht").waitFor();
    expect((await dialog.boundingBox())?.x).toBe(20);
    const look = await inPanel(
      page,
      "[getComputedStyle(it).backgroundColor, getComputedStyle(it.querySelector('.mark')).color]",
    );
    expect(look).toEqual(["rgb(21, 25, 26)", expect.stringMatching(/^rgb\((1[89]\d|2\d\d), \d+, 255\)$/)]);
    expect(await page.evaluate("document.activeElement.localName")).toBe("body");
  });

  it("follows changes of its attributes", async () => {
    const page = await visit(tag("data-open"));
    const set = (name: string, value: string) =>
      page.evaluate(`document.querySelector("parley-chat").setAttribute("${name}", ${JSON.stringify(value)})`);
    await page.getByLabel("Your message").fill("half a thought");
    await set("lang", "fr");
    await page.getByLabel("Votre message").waitFor();
    expect(await page.getByLabel("Votre message").inputValue()).toBe("half a thought");
    await set("assistant", "technical");
    await page.getByRole("dialog", { name: "Assistance technique" }).waitFor();
    await page.getByText("Bonjour. Décrivez le problème").waitFor();
  });

  it("dispatches events to the page, and obeys the page's calls", async () => {
    const page = await visit(tag());
    await page.evaluate(`
      window.heard = [];
      for (const type of ["open", "close", "message", "reply", "error"]) {
        document.addEventListener("parley:" + type, ({ type, detail, composed }) => heard.push([type, detail, composed]));
      }
      window.chat = document.querySelector("parley-chat");`);
    const heard = () => page.evaluate<[string, Record<string, unknown>, boolean][]>("heard");
    await page.evaluate(`chat.send("From the page")`);
    await expect
      .poll(async () => (await heard()).map(([type]) => type), patience)
      .toEqual(["parley:message", "parley:reply"]);
    await page.evaluate("chat.open()");
    await page.locator(".reply").getByText(echoOf("From the page")).waitFor();
    await page.evaluate("chat.close()");
    await expect.poll(async () => (await heard()).length, patience).toBe(4);
    const [, [, reply] = []] = await heard();
    expect(await heard()).toEqual([
      ["parley:message", { text: "From the page" }, true],
      ["parley:reply", { id: reply?.["id"], text: echoOf("From the page"), status: "complete" }, true],
      ["parley:open", {}, true],
      ["parley:close", {}, true],
    ]);
    await page.evaluate("chat.reset(); chat.open()");
    await page.getByRole("button", { name: "Where is my order?" }).or(page.locator(".suggestion")).first().waitFor();
    expect(await page.getByText("From the page").count()).toBe(0);
  });

  it("takes a button, a text and metadata of the page, and tells it when it works and what is unread", async () => {
    const page = await visit(`<script>
      window.heard = [];
      for (const type of ["ready", "unread"]) {
        document.addEventListener("parley:" + type, ({ type, detail }) => heard.push([type, detail]));
      }</script>${tag('data-launcher="none"')}<button onclick="chat.open()">Help</button>`);
    const heard = () => page.evaluate<unknown[]>("heard");
    await expect.poll(heard, patience).toEqual([["parley:ready", {}]]);
    await page.evaluate(`
      window.chat = document.querySelector("parley-chat");
      chat.metadata = { order: "1042", page: "" };
      chat.prefill("About order 1042");`);
    expect(await page.locator(".launcher").isVisible()).toBe(false);
    await page.getByRole("button", { name: "Help", exact: true }).click();
    const field = page.locator(".composer textarea");
    await expect.poll(() => field.inputValue(), patience).toBe("About order 1042");
    await page.evaluate(`chat.prefill("In place of what is there")`);
    const { script, release } = heldReply("It is", " on its way.");
    product.provider.answer("About order 1042", script);
    const request = page.waitForRequest((sent) => sent.method() === "POST" && sent.url().endsWith("/api/chat"));
    await field.press("Enter");
    expect((await request).postDataJSON()).toMatchObject({
      message: "About order 1042",
      metadata: { order: "1042", page: "", locale: "en-US" },
    });
    await page.locator(".reply").getByText("It is").waitFor();
    await page.evaluate("chat.close()");
    release();
    await expect.poll(async () => (await heard()).at(-1), patience).toEqual(["parley:unread", { count: 1 }]);
    expect(await page.locator(".launcher").isVisible()).toBe(false);
    await page.evaluate("chat.open()");
    await expect.poll(async () => (await heard()).at(-1), patience).toEqual(["parley:unread", { count: 0 }]);
  });

  it("shows unread replies on its button, also after a reload", async () => {
    const { script, release } = heldReply("Slowly", ".");
    product.provider.answer("Take your time.", script);
    const page = await visit(tag());
    await page.getByRole("button", { name: "Open chat" }).click();
    await say(page, "Take your time.");
    await page.locator(".reply").getByText("Slowly").waitFor();
    await page.keyboard.press("Escape");
    await page.reload();
    await page.getByRole("button", { name: "Open chat", exact: true }).waitFor();
    release();
    await page.getByRole("button", { name: "Open chat. New replies: 1" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Open chat. New replies: 1" }).click();
    await page.locator(".reply").getByText("Slowly.").waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Open chat", exact: true }).waitFor();
  });

  it("stays open across a reload without taking the keyboard focus", async () => {
    const page = await visit(tag());
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("dialog").waitFor();
    await page.reload();
    await page.getByRole("dialog").waitFor();
    expect(await page.evaluate("document.activeElement.localName")).toBe("body");
    await page.getByRole("button", { name: "Close chat" }).click();
    await page.reload();
    await page.getByRole("button", { name: "Open chat" }).waitFor();
    expect(await page.getByRole("dialog").count()).toBe(0);
  });

  it("reports a failed load, and loads again on request", async () => {
    const page = await visit(tag(), "", {}, "**/widget/panel-*");
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("alert").getByText("The chat could not be loaded.").waitFor();
    await page.unroute("**/widget/panel-*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("dialog").waitFor();
    faults = faults.filter((fault) => !fault.includes("ERR_FAILED"));
  });

  it("says so if the rating's form cannot be loaded, and shows it on request", async () => {
    const page = await visit(tag(), strictPolicy(host()), {}, "**/widget/late-views-*");
    await page.getByRole("button", { name: "Open chat" }).click();
    await say(page, "A question");
    await page.getByRole("button", { name: "Not helpful" }).click();
    await page.locator(".notice").getByText("This could not be loaded.").waitFor();
    await page.getByRole("button", { name: "Not helpful", pressed: true }).waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await page.locator(".notice").getByText("This could not be loaded.").waitFor();
    await page.unroute("**/widget/late-views-*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByLabel("What could be better?").fill("Its form");
    await page.locator(".notice").waitFor({ state: "detached" });
    await page.getByRole("button", { name: "Send feedback" }).click();
    await page.locator(".footer").getByText("Thank you for your feedback").waitFor();
    faults = faults.filter((fault) => !fault.includes("ERR_FAILED"));
  });

  it("says so if the menu cannot be loaded, and opens it on request", async () => {
    const page = await visit(tag(), strictPolicy(host()), {}, "**/widget/late-views-*");
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "More", expanded: false }).waitFor();
    await page.locator(".notice").getByText("This could not be loaded.").waitFor();
    await page.unroute("**/widget/late-views-*");
    await page.getByRole("button", { name: "Try again" }).click();
    await page.getByRole("button", { name: "Delete my data" }).waitFor();
    await page.locator(".notice").waitFor({ state: "detached" });
    await page.keyboard.press("Escape");
    await page.locator(".more[aria-expanded=false]:focus").waitFor();
    faults = faults.filter((fault) => !fault.includes("ERR_FAILED"));
  });

  it("saves the transcript of the conversation, also after a failure, on request", async () => {
    const page = await visit(tag(), strictPolicy(host()));
    await page.getByRole("button", { name: "Open chat" }).click();
    await say(page, "Keep this.");
    await page.locator(".reply").getByText(echoOf("Keep this.")).waitFor();
    await page.route("**/export", (route) => route.abort());
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Download transcript" }).click();
    const notice = page.locator(".notice").getByText("This could not be loaded.");
    await notice.waitFor();
    expect(await page.locator(".menu").count()).toBe(0);
    await page.unroute("**/export");
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Try again" }).click();
    const file = await downloading;
    expect(file.suggestedFilename()).toMatch(/^conversation-[\da-f-]{36}\.txt$/);
    const text = await readFile(await file.path(), "utf8");
    expect(text).toMatch(/\nVisitor, .*\n {4}Keep this\.\n/);
    expect(text).toContain(echoOf("Keep this."));
    expect(await notice.count()).toBe(0);
    faults = faults.filter((fault) => !fault.includes("ERR_FAILED"));
  });

  it("asks to agree before the first message, in one tab for all, and loses no text", async () => {
    // Chromium paints one of two pages only; without motion, text needs no frames.
    const context = await newContext({ reducedMotion: "reduce" });
    const address = site.page(document(tag("data-consent")), strictPolicy(host()));
    const [page, other] = await Promise.all([context.newPage(), context.newPage()]);
    // By their keys: another tab may see late that a message was sent, and repeat it.
    const posts = new Map<string | undefined, string>();
    context.on("request", (request) => {
      if (request.method() === "POST") posts.set(request.headers()["idempotency-key"], request.postData() ?? "");
    });
    await Promise.all([page.goto(address), other.goto(address)]);
    await page.locator(".launcher").waitFor();
    await page.evaluate(`document.querySelector("parley-chat").send("From the page")`);
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByText("Waiting to be sent").waitFor();
    await other.getByRole("button", { name: "Open chat" }).click();
    await other.getByRole("button", { name: "I agree" }).waitFor();
    expect(posts.size).toBe(0);
    await page.getByRole("button", { name: "I agree" }).click();
    await page.locator(".reply").getByText(echoOf("From the page")).waitFor();
    await other.getByLabel("Your message").waitFor();
    await other.locator(".reply").getByText(echoOf("From the page")).waitFor();
    const sent = [...posts.values()].map((body) => JSON.parse(body) as { metadata: object });
    expect(sent.map(({ metadata }) => Object.keys(metadata))).toEqual([["page", "locale", "consent"]]);
    await page.reload();
    await page.getByLabel("Your message").waitFor();
    await page.getByRole("button", { name: "More" }).click();
    await page.getByRole("button", { name: "Delete my data" }).click();
    await page.getByRole("button", { name: "Delete", exact: true }).click();
    await page.getByRole("button", { name: "I agree" }).waitFor();
    await other.getByRole("button", { name: "I agree" }).waitFor();
  });

  it("is added once per page, and not where the page adds it or opts out", async () => {
    const count = async (html: string) => {
      const page = await visit(html);
      await page.waitForFunction(`customElements.get("parley-chat") !== undefined`);
      return page.locator("parley-chat").count();
    };
    expect(await count(tag() + tag())).toBe(1);
    expect(await count(`<parley-chat></parley-chat>${tag()}`)).toBe(1);
    expect(await count(`<parley-chat position="inline"></parley-chat>${tag()}`)).toBe(2);
    expect(await count(`<script src="${host()}/widget.js" async></script>`)).toBe(0);
  });

  it("is shown inline where the page places it", async () => {
    const html = `<div style="width: 500px; height: 400px"><parley-chat position="inline" style="height: 100%"></parley-chat></div>`;
    const page = await visit(`${html}<script src="${host()}/widget.js" async></script>`);
    const chat = page.getByRole("region", { name: "Customer support" });
    await chat.waitFor();
    expect(await chat.boundingBox()).toMatchObject({ width: 500, height: 400 });
    expect(await page.locator(".launcher").isVisible()).toBe(false);
    await say(page, "Within.");
    await page.locator(".reply").getByText(echoOf("Within.")).waitFor();
    await page.keyboard.press("Escape");
    expect(await chat.isVisible()).toBe(true);
  });

  it("can be imported as a module that does nothing until it is called", async () => {
    const page = await visit("<parley-chat></parley-chat>");
    const before = `import("${host()}/widget/element.js").then(({ ParleyChat }) => {
      window.globals = Object.keys(window);
      return [ParleyChat.name, customElements.get("parley-chat") === undefined];
    })`;
    expect(await page.evaluate(before)).toEqual([expect.any(String), true]);
    await page.evaluate(`import("${host()}/widget/element.js").then(({ defineParleyChat }) => defineParleyChat())`);
    await page.getByRole("button", { name: "Open chat" }).click();
    await page.getByRole("dialog", { name: "Customer support" }).waitFor();
    const client = `import("${host()}/widget/client.js").then(({ createClient }) => createClient({ server: "${host()}" }).assistants())`;
    expect(await page.evaluate(client)).toEqual(expect.arrayContaining([expect.objectContaining({ type: "default" })]));
  });

  it("explains on a page opened from a file why it cannot work there", async () => {
    const folder = await mkdtemp(join(tmpdir(), "parley-page-"));
    try {
      const path = join(folder, "page.html");
      await writeFile(path, document(tag()));
      const page = await (await newContext()).newPage();
      await page.goto(pathToFileURL(path).href);
      await page.getByRole("button", { name: "Open chat" }).click();
      await page.getByText("This page was opened as a file").waitFor();
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it("says on a page of an origin that is not allowed that it cannot be used there, and stops", async () => {
    const strict = await product.startApi({ ALLOWED_ORIGINS: "https://shop.example" });
    const context = await newContext();
    const page = await context.newPage();
    const lines: string[] = [];
    const requests: string[] = [];
    page.on("console", (line) => lines.push(line.text()));
    page.on("request", (request) => requests.push(new URL(request.url()).pathname));
    await page.goto(site.page(document(`<script src="${strict.url}/widget.js" data-open async></script>`)));
    const notice = page.locator(".notice");
    await notice.getByText("This chat can’t be used on this page.").waitFor();
    await say(page, "Hello?");
    await page.getByText("Not sent").waitFor();
    await notice.getByText("This chat can’t be used on this page.").waitFor();
    const asked = requests.filter((path) => path.startsWith("/api/")).length;
    // Longer than the first delay of a retry would be.
    await page.waitForTimeout(4000);
    expect(requests.filter((path) => path.startsWith("/api/"))).toHaveLength(asked);
    const told = lines.filter((line) => line.startsWith("Parley:"));
    expect(told).toEqual([expect.stringContaining(`Add ${site.url} to the setting ALLOWED_ORIGINS`)]);
    expect(strict.output).toContain(`To let the pages of ${site.url} in, add that to ALLOWED_ORIGINS.`);
    faults = faults.filter((fault) => !/^Parley:|CORS policy/.test(fault));
  });

  it("keeps trying while the service is down, as that is no refusal", async () => {
    const page = await visit(tag("data-open"));
    await page.getByLabel("Your message").waitFor();
    await page.route("**/api/**", (route) => route.abort());
    await say(page, "Are you back?");
    await page.locator(".notice").getByText("We can’t be reached").waitFor();
    await page.unroute("**/api/**");
    await page.locator(".reply").getByText(echoOf("Are you back?")).waitFor();
  });

  it("is cached by browsers while its content is unchanged", async () => {
    const script = await fetch(`${host()}/widget.js`, { headers: { "Accept-Encoding": "gzip" } });
    const [, panel = ""] = /["`](panel-[A-Z\d]{8}\.js)["`]/.exec(await script.text()) ?? [];
    const headers = (response: Response, ...names: string[]) => names.map((name) => response.headers.get(name));
    const names = ["Access-Control-Allow-Origin", "Cross-Origin-Resource-Policy", "Content-Type", "Content-Encoding"];
    expect(headers(script, ...names)).toEqual(["*", "cross-origin", "text/javascript; charset=utf-8", "gzip"]);
    expect(script.headers.get("Vary")).toContain("Accept-Encoding");

    const again = await fetch(`${host()}/widget.js`, {
      headers: { "If-None-Match": script.headers.get("ETag") ?? "", "Cache-Control": "max-age=0" },
    });
    expect(again.status).toBe(304);

    const module = await fetch(`${host()}/widget/${panel}`, { headers: { "Accept-Encoding": "br" } });
    expect(headers(module, "Content-Encoding", "Cache-Control")).toEqual(["br", "public, max-age=31536000, immutable"]);
    const outdated = await fetch(`${host()}/widget/panel-AAAAAAAA.js`);
    expect(await outdated.text()).toBe(await module.text());
    expect(outdated.headers.get("Cache-Control")).not.toContain("immutable");
    for (const missing of ["nothing.js", "chunk-AAAAAAAA.js", "..%2f..%2fbuild.ts", "%00"]) {
      expect((await fetch(`${host()}/widget/${missing}`)).status, missing).toBe(404);
    }
  });
});

function host(): string {
  return product.client.base;
}

/** Loads files of the widget by the start of their names, as the panel does. */
async function load(page: Page, ...starts: string[]): Promise<void> {
  const names = await readdir(new URL("../../../services/widget/dist/widget/", import.meta.url));
  const files = starts.map((start) => names.find((name) => name.startsWith(`${start}-`)) ?? start);
  // As text: vitest would replace the import by one of its own.
  const urls = JSON.stringify(files.map((name) => `${host()}/widget/${name}`));
  await page.evaluate(`Promise.all(${urls}.map((url) => import(url)))`);
}

function tag(attributes = `data-assistant="default"`): string {
  return `<script src="${host()}/widget.js" ${attributes} async></script>`;
}

function document(body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A site</title></head><body>${body}</body></html>`;
}

/** @param broken requests to these fail, until the test has it otherwise */
async function visit(body: string, policy = "", options: BrowserContextOptions = {}, broken?: string): Promise<Page> {
  const page = await (await newContext(options)).newPage();
  if (broken !== undefined) await page.route(broken, (route) => route.abort());
  await page.goto(site.page(document(body), policy));
  return page;
}

async function newContext(options: BrowserContextOptions = {}): Promise<BrowserContext> {
  const context = await browser.newContext({ viewport: { width: 1100, height: 800 }, locale: "en-US", ...options });
  contexts.push(context);
  context.setDefaultTimeout(patience.timeout);
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("console", (line) => {
    const ignored = /favicon|404|Access to fetch at .* from origin 'null'|net::ERR_FAILED/;
    if (line.type() === "error" && !ignored.test(line.text())) faults.push(line.text());
  });
  return context;
}

async function say(page: Page, text: string): Promise<void> {
  await page.getByLabel("Your message").fill(text);
  await page.getByLabel("Your message").press("Enter");
}

/** Position and looks of an element, but for its corners: behind those is the page. */
async function picture(page: Page, selector: string, corner: number) {
  const box = await page.locator(selector).boundingBox();
  if (box === null) throw new Error(`${selector} is not there`);
  const { x, y, width, height } = box;
  const clip = { x: x + corner, y: y + corner, width: width - 2 * corner, height: height - 2 * corner };
  return { box, pixels: await page.screenshot({ clip, caret: "hide", animations: "disabled" }) };
}

/** Largest difference of a channel of a pixel, of 255 steps, between two pictures of one size. */
async function largestDifference(...pictures: (Buffer | undefined)[]): Promise<number> {
  const page = await (await newContext()).newPage();
  return page.evaluate<number>(`(async () => {
    const read = async (png) => {
      const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (sign) => sign.charCodeAt(0))]));
      const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
      canvas.drawImage(image, 0, 0);
      return canvas.getImageData(0, 0, image.width, image.height).data;
    };
    const [one, other] = await Promise.all(${JSON.stringify(pictures.map((png) => png?.toString("base64")))}.map(read));
    return one.length === other.length ? one.reduce((most, step, at) => Math.max(most, Math.abs(step - other[at])), 0) : 255;
  })()`);
}

/** An expression over the panel. */
function inPanel(page: Page, expression: string): Promise<unknown> {
  return page.evaluate(
    `(() => { const it = document.querySelector("parley-chat").shadowRoot.querySelector(".panel"); return ${expression}; })()`,
  );
}
