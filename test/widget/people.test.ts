import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { ChatState } from "../../services/widget/chat/chat-state.ts";
import { ApiClient } from "../system/harness/api-client.ts";
import { asSupport, askDesk, makeOperator, type OperatorHeaders } from "../system/harness/operators.ts";
import { echoOf, heldReply, pausedReply } from "../system/harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";
import { type FaultyProxy, type SeenRequest, startFaultyProxy } from "./faulty-proxy.ts";
import { OpenStreams } from "./open-streams.ts";

onSharedProducts("a chat with people behind it", (product) => {
  let front: FaultyProxy;
  let ada: OperatorHeaders;
  let pages: ChatPage[] = [];
  const open = (browser: FakeBrowser, options: ConstructorParameters<typeof ChatPage>[2] = {}) => {
    const page = new ChatPage(browser, front.url, { shown: true, ...options });
    pages.push(page);
    return page;
  };
  /** An operator's request about the conversation of a page. */
  const desk = async (page: ChatPage, what: string, body: unknown = {}, headers = ada) => {
    const { conversationId } = page.chat.state;
    const answer = await askDesk(new ApiClient(front.target), `/conversations/${conversationId}/${what}`, headers, {
      body,
    });
    expect(answer.status, `${what}: ${answer.text}`).toBeLessThan(300);
    return answer.body;
  };
  const say = (page: ChatPage, text: string) => desk(page, "messages", { text });
  const begin = async (message: string, browser = new FakeBrowser()) => {
    const page = open(browser);
    page.chat.send(message);
    const lines = [`> ${message}`, `< ${echoOf(message)}`];
    await page.untilLines(...lines);
    return { browser, page, lines };
  };
  const untilHandledBy = (page: ChatPage, handledBy: string) =>
    page.until(`it is handled by ${handledBy}`, ({ handling }) => handling.handledBy === handledBy);
  /** Asks for a person, and is taken by Ada. */
  const taken = async (message: string) => {
    const begun = await begin(message);
    begun.page.chat.handOff({});
    await untilHandledBy(begun.page, "waiting");
    await desk(begun.page, "take");
    await untilHandledBy(begun.page, "operator");
    return begun;
  };
  const told = (page: ChatPage) => page.chat.state.handling.lines.map(({ text }) => text);
  const untilTold = (page: ChatPage, ...texts: string[]) =>
    page.until(`it is told ${texts.join()}`, () => JSON.stringify(told(page)) === JSON.stringify(texts));
  beforeAll(async () => {
    front = await startFaultyProxy(product().client.base);
    ada = await makeOperator(product(), "Ada");
  });
  afterEach(() => {
    for (const page of pages) page.chat.close();
    pages = [];
    front.instead = () => undefined;
    front.hold = () => undefined;
    front.holdAnswer = () => undefined;
    front.seen.length = 0;
  });
  afterAll(() => front[Symbol.asyncDispose]());

  it("asks for one, is answered, and gets the assistant back, which answers the rest", async () => {
    const { page, lines } = await begin("I am lost");
    page.chat.handOff({});
    const { handling } = await untilHandledBy(page, "waiting");
    expect(handling).toMatchObject({ expected: { state: "address", emailAsked: true } });
    const waiting = "A person will answer you here as soon as somebody is available.";
    await untilTold(page, waiting);
    page.chat.send("Is anybody there?");
    await page.untilLines(...lines, "> Is anybody there?");
    await desk(page, "take");
    expect((await untilHandledBy(page, "operator")).handling.operator).toEqual({ name: "Ada" });
    await untilTold(page, waiting, "Ada is answering now.");
    await say(page, "Yes, I am.");
    await page.untilLines(...lines, "> Is anybody there?", "Ada: Yes, I am.");
    page.chat.send("Good");
    await page.untilLines(...lines, "> Is anybody there?", "Ada: Yes, I am.", "> Good");
    await desk(page, "release", { to: "ai" });
    const end = ["> Is anybody there?", "Ada: Yes, I am.", "> Good", `< ${echoOf("Good")}`];
    await page.untilLines(...lines, ...end);
    await untilHandledBy(page, "ai");
    await untilTold(page, waiting, "Ada is answering now.", "The assistant is answering again.");
    // The line stands where the assistant began to answer again.
    const { lines: said } = page.chat.state.handling;
    expect(page.chat.state.messages.find(({ key }) => key === said.at(-1)?.after)?.text).toBe("Good");
    // Nothing that looked like a reply was ever shown for what people were to answer.
    expect(
      page.states.flatMap(({ messages }) => messages.filter((each) => each.sender === "ai" && each.phase === "failed")),
    ).toEqual([]);
    expect(page.textsOf("Is anybody there?")).toEqual([]);
  });

  it("says that the visitor has seen an answer, once, while the chat is shown", async () => {
    const { page, lines } = await taken("Look at this");
    const path = `/api/conversations/${page.chat.state.conversationId}/seen`;
    const said = () => front.seen.filter((request) => request.path === path).length;
    await say(page, "Here it is.");
    await page.untilLines(...lines, "Ada: Here it is.");
    await eventually("it is said", () => said() === 1);
    page.chat.setShown(false);
    await say(page, "And another.");
    await page.untilLines(...lines, "Ada: Here it is.", "Ada: And another.");
    expect(said()).toBe(1);
    page.chat.setShown(true);
    await eventually("the other is said", () => said() === 2);
  });

  it("shows a reply as it stood when a person took over, and follows it no further", async () => {
    const { page, lines } = await begin("Cut in");
    const { script, release } = pausedReply("One two", " three four.");
    product().provider.answer("Count", script);
    page.chat.send("Count");
    await page.untilLines(...lines, "> Count", "< One two (writing)");
    await desk(page, "take");
    await page.untilLines(...lines, "> Count", "< One two (stopped)");
    release();
    await say(page, "Let me go on.");
    await page.untilLines(...lines, "> Count", "< One two (stopped)", "Ada: Let me go on.");
    expect(page.chat.state.messages.at(-2)).toMatchObject({ takenOver: true });
    expect(page.textsOf("Count").join("|")).not.toContain("three");
    await page.until("its key is its id", ({ messages }) => new Set(messages.map(({ id }) => id)).size === 5);
  });

  it("shows no reply for a message that waits at the handoff, and lets the reply under way end", async () => {
    const { page, lines } = await begin("Queue up");
    const { script, release } = heldReply("Half", " and whole.");
    product().provider.answer("First", script);
    page.chat.send("First");
    await page.untilLines(...lines, "> First", "< Half (writing)");
    page.chat.send("Second");
    await page.untilLines(...lines, "> First", "< Half (writing)", "> Second", "<  (queued)");
    page.chat.handOff({});
    await untilHandledBy(page, "waiting");
    release();
    await page.untilLines(...lines, "> First", "< Half and whole.", "> Second");
    expect(page.chat.state.busy).toBe(false);
  });

  it("goes back to the assistant while it waits, and gets an answer to what was said meanwhile", async () => {
    const { page, lines } = await begin("Impatient");
    page.chat.handOff({});
    await untilHandledBy(page, "waiting");
    page.chat.send("Nobody?");
    await page.untilLines(...lines, "> Nobody?");
    page.chat.handOff(null);
    await untilHandledBy(page, "ai");
    await page.untilLines(...lines, "> Nobody?", `< ${echoOf("Nobody?")}`);
  });

  it("keeps an address, and removes it again", async () => {
    const { page, browser } = await begin("Write to me");
    page.chat.handOff({});
    await untilHandledBy(page, "waiting");
    page.chat.handOff({ email: "no address" });
    await page.until("it is refused", ({ handling }) => handling.problem === "invalid-request");
    page.chat.handOff({ email: "ada@example.com" });
    await page.until("it is left", ({ handling }) => handling.email === "ada@example.com");
    expect(page.chat.state.handling.problem).toBeUndefined();
    page.chat.close();
    const again = open(browser);
    expect(again.chat.state.handling).toMatchObject({ handledBy: "waiting", email: "ada@example.com" });
    await again.until("it is read", ({ ready }) => ready);
    again.chat.handOff({ email: null });
    await again.until("it is removed", ({ handling }) => !handling.email);
    expect(front.seen.filter(({ path }) => path.endsWith("/handoff")).at(-1)?.body).toContain('"email":null');
  });

  it("shows people after a reload, and on a page that was closed meanwhile", async () => {
    const { page, browser, lines } = await taken("Come back");
    await say(page, "Take your time.");
    await page.untilLines(...lines, "Ada: Take your time.");
    page.chat.close();
    await say(page, "I wait.");
    const again = open(browser);
    // At once, from the browser's storage.
    expect(again.lines).toEqual([...lines, "Ada: Take your time."]);
    expect(again.chat.state.handling).toMatchObject({ handledBy: "operator", operator: { name: "Ada" } });
    await again.untilLines(...lines, "Ada: Take your time.", "Ada: I wait.");
    expect(told(again)).toEqual([]);
    await desk(again, "close");
    await untilTold(again, "Ada has ended the conversation. You can write again at any time.");
    expect(again.chat.state.handling.handledBy).toBe("ai");
  });

  it("is asked how it went with a person once, on all pages, also after a reload", async () => {
    const { page, browser, lines } = await taken("How was it");
    await say(page, "All done.");
    await page.untilLines(...lines, "Ada: All done.");
    const other = open(browser);
    const asked = ({ handling: { ratingAsked, rated } }: ChatState) =>
      ratingAsked && ratingAsked.stretch !== rated ? ratingAsked : undefined;
    await desk(page, "close");
    for (const each of [page, other]) await each.until("it is asked", (state) => asked(state) !== undefined);
    expect(asked(page.chat.state)).toEqual({ stretch: 2, operator: { name: "Ada" } });
    const reloaded = open(browser);
    await reloaded.until("it is asked", (state) => asked(state) !== undefined);
    page.chat.rateStretch(2, { rating: "bad" });
    page.chat.rateStretch(2, { rating: "good", comment: "Quick" });
    for (const each of [page, other, reloaded]) {
      await each.until("nothing is asked", ({ handling }) => handling.ratingAsked === undefined);
    }
    const again = open(browser);
    await again.until("it is read", ({ ready }) => ready);
    expect(asked(again.chat.state)).toBeUndefined();
    await eventually("the last answer is kept", async () => {
      const rows = await product().query(
        "select rating, comment from stretches where conversation_id = $1 and no = 2",
        [page.chat.state.conversationId],
      );
      return JSON.stringify(rows) === '[{"rating":"good","comment":"Quick"}]';
    });
  });

  it("says that a person has it, to whoever asks for one or for the assistant too late", async () => {
    const { page } = await taken("Too late");
    page.chat.handOff(null);
    await page.until("it is refused", ({ handling }) => handling.problem === "handled" && handling.asking === false);
    expect(page.chat.state.handling).toMatchObject({ handledBy: "operator", operator: { name: "Ada" } });
  });

  it("is followed on one connection by all tabs, also while the chat is closed", async () => {
    const browser = new FakeBrowser();
    const streams = new OpenStreams();
    const tabs = [1, 2, 3].map(() => open(browser, { fetch: streams.fetch, shown: false }));
    const [first] = tabs;
    if (!first) throw new Error("no tab");
    first.tab.focus();
    first.chat.send("In many tabs");
    const lines = ["> In many tabs", `< ${echoOf("In many tabs")}`];
    await Promise.all(tabs.map((page) => page.untilLines(...lines)));
    first.chat.handOff({});
    await Promise.all(tabs.map((page) => untilHandledBy(page, "waiting")));
    await say(first, "Hello to all of them.");
    await Promise.all(tabs.map((page) => page.untilLines(...lines, "Ada: Hello to all of them.")));
    await Promise.all(tabs.map((page) => untilHandledBy(page, "operator")));
    expect(streams.most).toBe(1);
    for (const page of tabs) page.tab.show(false);
    await eventually("no stream is open", () => front.openStreams === 0);
  });

  it("is read now and then where no events arrive", async () => {
    front.instead = (request) => (isNewsStream(request) ? "cut" : undefined);
    const { page, lines } = await begin("No streams");
    page.chat.handOff({});
    await untilHandledBy(page, "waiting");
    await say(page, "Here I am.");
    await page.untilLines(...lines, "Ada: Here I am.");
    expect((await untilHandledBy(page, "operator")).handling.operator).toEqual({ name: "Ada" });
  });

  it("puts a person's message before one of the visitor that was accepted after it", async () => {
    const { page, lines } = await taken("In order");
    const answering = Promise.withResolvers<void>();
    front.hold = (request) => (isPost(request) ? answering.promise : undefined);
    page.chat.send("After");
    await page.untilLines(...lines, "> After (sending)");
    await say(page, "Before");
    await page.untilLines(...lines, "Ada: Before", "> After (sending)");
    answering.resolve();
    await page.untilLines(...lines, "Ada: Before", "> After");
    const { messages } = await new ApiClient(front.target).history(known(page));
    expect(messages.map(({ text }) => text).slice(-2)).toEqual(["Before", "After"]);
  });

  it("sends what was written offline to the person, once", async () => {
    const { page, browser, lines } = await taken("Offline");
    browser.setOnline(false);
    front.instead = () => "cut";
    page.chat.send("From the tunnel");
    await page.untilNotice("offline");
    front.instead = () => undefined;
    browser.setOnline(true);
    await page.untilLines(...lines, "> From the tunnel");
    await say(page, "I see.");
    await page.untilLines(...lines, "> From the tunnel", "Ada: I see.");
    const { messages } = await new ApiClient(front.target).history(known(page));
    expect(messages.filter(({ text }) => text === "From the tunnel")).toHaveLength(1);
  });

  it("begins anew with the assistant, and deletes what a person said", async () => {
    const { page, browser } = await taken("Forget it");
    await say(page, "Sure.");
    const old = known(page);
    page.chat.startNew();
    expect(page.chat.state).toMatchObject({ messages: [], handling: { handledBy: "ai", lines: [] } });
    page.chat.send("Another one");
    await page.untilLines("> Another one", `< ${echoOf("Another one")}`);
    await desk(page, "take", {}, asSupport);
    expect((await untilHandledBy(page, "operator")).handling.operator).toMatchObject({ name: "Support" });
    const { conversationId = "" } = page.chat.state;
    page.chat.deleteData();
    await eventually("it is deleted", async () => {
      const answer = await new ApiClient(front.target).request(`/api/conversations/${conversationId}`, old);
      return [403, 404].includes(answer.status) && browser.read(`/erase/${conversationId}`) === undefined;
    });
    expect([...browser.stored.values()].join()).not.toContain("Support");
    expect(page.chat.state.handling.handledBy).toBe("ai");
  });

  it("asks for the assistant's reply again only while the assistant answers", async () => {
    const { page, lines } = await taken("Again");
    page.chat.tryAgain(page.chat.state.messages.at(-1)?.key ?? "");
    await say(page, "No need.");
    await page.untilLines(...lines, "Ada: No need.");
    expect(front.seen.filter(isPost)).toHaveLength(1);
  });

  it("tells a person that the visitor is typing, once in three seconds, and the visitor that the person is", async () => {
    const typed = () => front.seen.filter(({ path }) => path.endsWith("/typing"));
    const { page } = await begin("Typing");
    page.chat.setDraft("To the assistant");
    await desk(page, "take");
    await untilHandledBy(page, "operator");
    expect(typed()).toHaveLength(0);
    for (const draft of ["I", "I t", "I ty", ""]) page.chat.setDraft(draft);
    await eventually("it is told", () => typed().length > 0);
    page.chat.setDraft("More");
    await desk(page, "typing");
    await page.until("Ada is typing", ({ handling }) => handling.typing === "Ada");
    await say(page, "I see you type.");
    await page.until("she no longer is", ({ handling }) => handling.typing === undefined);
    expect(typed()).toHaveLength(1);
  });

  it("shows who waits their place, and somebody who comes online meanwhile", async () => {
    const { page } = await begin("Is anybody there?");
    page.chat.handOff({});
    await page.until("nobody is there", ({ handling: { expected, position } }) => {
      return expected?.emailAsked === true && (position ?? 0) > 0;
    });
    const client = new ApiClient(front.target);
    await askDesk(client, "/presence", ada, { method: "PUT", body: { state: "online" } });
    await page.until("somebody is there", ({ handling: { expected } }) => expected?.state === "now");
    await askDesk(client, "/presence", ada, { method: "PUT", body: { state: "away" } });
    await page.until("nobody is there again", ({ handling: { expected } }) => expected?.emailAsked === true);
    await desk(page, "take");
    await page.until("it waits no more", ({ handling }) => handling.position === undefined);
  });

  it("goes on with whatever a later version of the service says", async () => {
    const { page, lines } = await taken("From the future");
    const news = ["future\ndata: {}", 'typing\ndata: {"by":"operator","name":"Ada"}', 'wait\ndata: {"retryMs":0}'];
    const body = news.map((event) => `event: ${event}\n\n`).join("");
    let times = 0;
    front.instead = (request) =>
      isNewsStream(request) && times++ === 0
        ? { status: 200, headers: { "content-type": "text/event-stream" }, body }
        : undefined;
    front.cut();
    await page.until("somebody types", ({ handling }) => handling.typing === "Ada");
    await say(page, "Still here.");
    const { handling } = await page.untilLines(...lines, "Ada: Still here.");
    expect(handling.typing).toBeUndefined();
  });

  function known(page: ChatPage) {
    const { conversationId = "" } = page.chat.state;
    const token = front.seen.findLast(
      ({ path, token: sent }) => sent !== undefined && path.includes(conversationId),
    )?.token;
    return { conversationId, token: token ?? "" };
  }
});

function isNewsStream({ method, path }: SeenRequest): boolean {
  return method === "GET" && /\/conversations\/.*\/events$/.test(path);
}

function isPost({ method, path }: SeenRequest): boolean {
  return method === "POST" && path === "/api/chat";
}
