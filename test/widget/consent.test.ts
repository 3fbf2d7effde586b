import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { echoOf } from "../system/harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, startFaultyProxy } from "./faulty-proxy.ts";

const assistants = {
  assistants: [
    { type: "default", name: "Support", description: "", provider: "compatible", consent: true },
    { type: "technical", name: "Technical", description: "", provider: "compatible" },
  ],
};

onSharedProducts("a chat whose visitor must agree first", (product) => {
  let front: FaultyProxy;
  let pages: ChatPage[] = [];
  const open = (browser = new FakeBrowser(), options: ConstructorParameters<typeof ChatPage>[2] = {}) => {
    const page = new ChatPage(browser, front.url, { consent: true, ...options });
    pages.push(page);
    return page;
  };
  const posts = () => front.seen.filter(({ method, path }) => method === "POST" && path === "/api/chat");
  const metadataSent = () => posts().map(({ body }) => (JSON.parse(body) as { metadata?: object }).metadata);
  const asked = (page: ChatPage) => page.until("it asks", ({ consentAsked }) => consentAsked);
  const answered = (page: ChatPage, text: string) =>
    page.until(`"${text}" is answered`, ({ busy }) => !busy && page.lines.at(-1) === `< ${echoOf(text)}`);
  /** Serves the assistants of this test, of which one asks. */
  const assistantAsks = () => {
    const body = JSON.stringify(assistants);
    front.instead = ({ path }) =>
      path.startsWith("/api/assistants")
        ? { status: 200, headers: { "Content-Type": "application/json" }, body }
        : undefined;
  };

  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
  });
  afterEach(() => {
    for (const page of pages) page.chat.close();
    pages = [];
    front.instead = () => undefined;
    front.hold = () => undefined;
    front.seen.length = 0;
  });
  afterAll(() => front[Symbol.asyncDispose]());

  it("sends nothing before, keeps the text, and says with it when the visitor agreed", async () => {
    const page = open();
    page.chat.send("Am I heard?");
    await asked(page);
    await product().query("select pg_sleep(0.3)");
    expect(page.lines).toEqual(["> Am I heard? (waiting)"]);
    expect(posts()).toEqual([]);
    const before = Date.now();
    page.chat.giveConsent();
    expect(page.chat.state.consentAsked).toBe(false);
    await answered(page, "Am I heard?");
    const [{ consent = "" } = {}] = metadataSent() as { consent?: string }[];
    expect(new Date(consent).toISOString()).toBe(consent);
    expect(Date.parse(consent)).toBeGreaterThanOrEqual(before);
    // The metadata of a later message replaces that of the first.
    page.chat.send("Still?");
    await answered(page, "Still?");
    expect(metadataSent()).toEqual([{ consent }, { consent }]);
    expect(await storedMetadata(page)).toEqual([{ metadata: { consent } }]);
  });

  it("keeps the text over a reload, and sends it once another tab has been told", async () => {
    const browser = new FakeBrowser();
    const first = open(browser);
    first.chat.send("Remember me");
    await asked(first);
    first.chat.close();
    const [one, other] = [open(browser), open(browser)];
    await Promise.all([asked(one), asked(other)]);
    expect(other.lines).toEqual(["> Remember me (waiting)"]);
    one.chat.giveConsent();
    await Promise.all([answered(one, "Remember me"), answered(other, "Remember me")]);
    expect(new Set(posts().map(({ key }) => key)).size).toBe(1);
  });

  it("is asked once for all chats with the server, in other tabs as well, until the data are deleted", async () => {
    const browser = new FakeBrowser();
    const [page, technical] = [open(browser), open(browser, { assistant: "technical" })];
    await Promise.all([asked(page), asked(technical)]);
    page.chat.giveConsent();
    await technical.until("it knows", ({ consentAsked }) => !consentAsked);
    page.chat.send("Yes");
    await answered(page, "Yes");
    page.chat.startNew();
    expect(page.chat.state.consentAsked).toBe(false);
    page.chat.send("Once more");
    await answered(page, "Once more");
    page.chat.deleteData();
    expect(page.chat.state.consentAsked).toBe(true);
    await asked(technical);
    await eventually("the conversation is erased", () => front.seen.some(({ method }) => method === "DELETE"));
    page.chat.send("No");
    await product().query("select pg_sleep(0.3)");
    expect(posts()).toHaveLength(2);
  });

  it("asks nobody who writes in a conversation already, until they begin another", async () => {
    const browser = new FakeBrowser();
    const before = open(browser, { consent: false });
    before.chat.send("Before");
    await answered(before, "Before");
    before.chat.close();
    const page = open(browser);
    page.chat.send("After");
    await answered(page, "After");
    expect(page.chat.state.consentAsked).toBe(false);
    expect(metadataSent()).toEqual([undefined, undefined]);
    page.chat.startNew();
    expect(page.chat.state.consentAsked).toBe(true);
  });

  it("waits for the assistant, which may want it, where the page says nothing", async () => {
    assistantAsks();
    const known = Promise.withResolvers<void>();
    front.hold = ({ path }) => (path.startsWith("/api/assistants") ? known.promise : undefined);
    const page = open(new FakeBrowser(), { consent: undefined });
    page.chat.send("Too early?");
    await page.until("it waits", () => page.lines[0] === "> Too early? (waiting)");
    expect(page.chat.state.consentAsked).toBe(false);
    known.resolve();
    await asked(page);
    expect(posts()).toEqual([]);
    page.chat.giveConsent();
    await answered(page, "Too early?");
  });

  it("asks nothing where the page or another assistant does not want it", async () => {
    assistantAsks();
    const pageWins = open(new FakeBrowser(), { consent: false });
    const technical = open(new FakeBrowser(), { consent: undefined, assistant: "technical" });
    pageWins.chat.send("Page");
    technical.chat.send("Assistant");
    await Promise.all([answered(pageWins, "Page"), answered(technical, "Assistant")]);
    expect(metadataSent()).toEqual([undefined, undefined]);
  });

  it("still erases a conversation whose first message was on its way when the data were deleted", async () => {
    const page = open();
    await asked(page);
    page.chat.giveConsent();
    front.instead = ({ method, path }) => (method === "POST" && path === "/api/chat" ? "lost" : undefined);
    page.chat.send("Gone");
    await eventually("it was sent", () => posts().length > 0);
    page.chat.deleteData();
    front.instead = () => undefined;
    await eventually("the conversation is erased", () => front.seen.some(({ method }) => method === "DELETE"));
    expect(new Set(posts().map(({ key }) => key)).size).toBe(1);
    expect(page.chat.state.consentAsked).toBe(true);
  });

  it("asks on each page where the browser stores nothing, and takes no other value for an agreement", async () => {
    const denied = new FakeBrowser();
    denied.storageIs = "denied";
    const page = open(denied);
    await asked(page);
    page.chat.giveConsent();
    page.chat.send("Denied");
    await answered(page, "Denied");
    const odd = new FakeBrowser();
    odd.stored.set(`parley.consent ${front.url} time`, "yes\r\n");
    await asked(open(odd));
  });

  function storedMetadata(page: ChatPage) {
    return product().query("select metadata from conversations where id = $1", [page.chat.state.conversationId]);
  }
});
