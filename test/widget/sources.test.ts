import { describe, expect, it } from "vitest";
import type { CitedSource } from "../../services/widget/chat/cited-source.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";

const [jobId, messageId, replyId, conversationId] = ["a", "b", "c", "d"].map(
  (digit) => `00000000-0000-4000-8000-00000000000${digit}`,
);
const ids = { jobId, messageId, conversationId };
const text = "Three weeks. And free.";
const stored = [
  {
    n: 1,
    title: "Returns",
    url: "https://a.example/returns#:~:text=three",
    quote: "Within three weeks.",
    start: 0,
    end: 11,
  },
  { n: 2, title: "Costs", url: "", quote: "It is free.", start: 13, end: 21 },
];
const deleted = [{ n: 1, title: "", url: "", quote: "", start: 0, end: 11, removed: true }, stored[1]];
const live = (n: number, title: string, url: string, end: number) => ({ n, title, url, quote: "", end });
const first = live(1, "Returns", "https://a.example/returns", 11);

describe("the sources of a reply", () => {
  it("are shown as they are found, once each, and at the end as they are stored", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("How long?");
    service.stream.push("delta", { text: "Three weeks", offset: 11 }, "1:11");
    service.stream.push("source", { n: 1, title: "Returns", url: "https://a.example/returns", offset: 11 });
    await page.until("one source", () => sources(page).length === 1);
    expect(sources(page)).toEqual([first]);
    const broken = service.stream;
    service.stream = new EventSourceBody();
    broken.end();
    // After a reconnect, all of them arrive again.
    service.stream.push("source", { n: 1, title: "Returns", url: "https://a.example/returns", offset: 11 });
    service.stream.push("delta", { text: text.slice(11), offset: 22 }, "1:22");
    service.stream.push("source", { n: 2, title: "Costs", url: "", offset: 21 });
    await page.until("two sources", () => sources(page).length === 2);
    expect(sources(page)).toEqual([first, live(2, "Costs", "", 21)]);
    service.stream.push("done", service.job({ sources: stored }), "end");
    await page.untilLines("> How long?", `< ${text}`);
    expect(sources(page)).toEqual(stored.map(withoutStart));
  });

  it("go with the text that a new attempt takes back", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("How long?");
    service.stream.push("delta", { text: "Three weeks", offset: 11 }, "1:11");
    service.stream.push("source", { n: 1, title: "Returns", url: "", offset: 11 });
    await page.until("one source", () => sources(page).length === 1);
    service.stream.push("reset", { attempt: 2 });
    await page.until("none", () => sources(page).length === 0);
  });

  it("are there after a reload before the service has answered, and go where it has deleted them", async () => {
    const service = new FakeService();
    const browser = new FakeBrowser();
    {
      using page = service.openPage(browser);
      page.chat.send("How long?");
      service.stream.push("done", service.job({ sources: stored }), "end");
      await page.untilLines("> How long?", `< ${text}`);
    }
    const answer = Promise.withResolvers<void>();
    service.waitsFor = answer.promise;
    using page = service.openPage(browser);
    await page.until("the sources are shown", () => sources(page).length === 2);
    expect(sources(page)[0]).toMatchObject({ title: "Returns", quote: "Within three weeks." });
    service.sources = deleted;
    answer.resolve();
    await page.until("one is gone", () => sources(page)[0]?.removed === true);
    expect(sources(page)[0]).toMatchObject({ title: "", url: "", quote: "" });
  });

  it("stay where a service of an earlier version names none", async () => {
    const service = new FakeService();
    const browser = new FakeBrowser();
    {
      using page = service.openPage(browser);
      page.chat.send("How long?");
      service.stream.push("done", service.job({ sources: stored }), "end");
      await page.untilLines("> How long?", `< ${text}`);
    }
    service.sources = undefined;
    using page = service.openPage(browser);
    await page.until("the history is read", () => service.reads > 1);
    await page.until("it is ready", ({ ready }) => ready);
    expect(sources(page)).toHaveLength(2);
  });

  it("are not trusted from a storage in which other code has written", async () => {
    const service = new FakeService();
    const browser = new FakeBrowser();
    {
      using page = service.openPage(browser);
      page.chat.send("How long?");
      service.stream.push("done", service.job({ sources: stored }), "end");
      await page.untilLines("> How long?", `< ${text}`);
    }
    for (const [key, value] of browser.stored)
      if (key.endsWith("tail")) browser.stored.set(key, value.replaceAll(/"n":\d/g, '"n":{}'));
    service.sources = [];
    using page = service.openPage(browser);
    await page.untilLines("> How long?", `< ${text}`);
    expect(
      page.states.flatMap(({ messages }) => messages).some((message) => "sources" in message && message.sources),
    ).toBe(false);
  });
});

function withoutStart({ n, title, url, quote, end }: CitedSource): CitedSource {
  return { n, title, url, quote, end };
}

function sources({ chat }: ChatPage): readonly CitedSource[] {
  const reply = chat.state.messages.findLast(({ sender }) => sender === "ai");
  return (reply?.sender === "ai" && reply.sources) || [];
}

/** Body of an event stream. What is pushed before a client is there waits for it. */
class EventSourceBody {
  readonly #out = new TransformStream<string, string>(undefined, { highWaterMark: 1000 });
  readonly #writer = this.#out.writable.getWriter();
  readonly body = this.#out.readable.pipeThrough(new TextEncoderStream());

  push(event: string, data: object, id?: string): void {
    const named = id === undefined ? "" : `id: ${id}\n`;
    void this.#writer.write(`${named}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  end(): void {
    void this.#writer.close();
  }
}

/** The requests of a widget in a conversation of one message, answered in the page itself. */
class FakeService {
  stream = new EventSourceBody();
  /** Those of the stored reply, in the history. */
  sources: unknown = stored;
  waitsFor: Promise<unknown> = Promise.resolve();
  reads = 0;

  openPage(browser = new FakeBrowser()): ChatPage {
    return new ChatPage(browser, "http://service.example", {
      fetch: (input, init) => this.#answer(new Request(input).url, init),
    });
  }

  job(more: object): object {
    const reply = { id: replyId, text, sender: "ai", timestamp: 2, fallback: false, finishReason: "stop", ...more };
    return { ...ids, status: "completed", attempt: 1, reply, createdAt: new Date(1).toISOString() };
  }

  async #answer(url: string, { method = "GET" }: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    if (pathname === "/api/assistants") return Response.json({ assistants: [] });
    if (method === "POST") return Response.json({ ...ids, status: "queued", token: "token" }, { status: 202 });
    if (pathname === `/api/jobs/${jobId}/events`)
      return new Response(this.stream.body, { headers: { "Content-Type": "text/event-stream" } });
    await this.waitsFor;
    this.reads += 1;
    const messages = [
      { id: messageId, text: "How long?", sender: "user", timestamp: 1 },
      { id: replyId, text, sender: "ai", timestamp: 2, sources: this.sources },
    ];
    return Response.json({ id: conversationId, activeJobId: null, messages });
  }
}
