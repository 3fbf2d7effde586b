import { describe, expect, it } from "vitest";
import type { ActionCard, ActionState } from "../../shared/protocol/actions/action-card.ts";
import { createClient, ServiceError } from "../../packages/client/source/client.ts";
import type { AnswerNews } from "../../services/widget/chat/chat-state.ts";
import { eventually } from "../system/harness/suite.ts";
import { ChatPage } from "./chat-page.ts";
import { FakeBrowser } from "./fake-browser.ts";

const uuid = (end: string) => `00000000-0000-4000-8000-00000000000${end}`;
const conversationId = uuid("d");
const [asked, replied, answered, outcome] = [uuid("1"), uuid("2"), uuid("3"), uuid("4")];
const [askJob, answerJob] = [uuid("a"), uuid("b")];
const card: ActionCard = {
  id: uuid("c"),
  tool: "cancel_order",
  title: "Cancel order 1042",
  lines: [{ label: "Order", value: "1042" }],
  state: "waiting",
  messageId: asked,
  expiresAt: "2031-01-06T09:30:00.000Z",
};

describe("the card of an action", () => {
  it("is shown with the reply that proposes it, and what comes of a yes as the service says it", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    await page.untilLines("> Cancel it", "< Shall I?");
    const [sent, acted] = [service.holdAnswer(), service.holdOutcome()];
    page.chat.answerAction(card.id, true);
    // A second press, and the other one, change nothing.
    page.chat.answerAction(card.id, false);
    await page.until("it is being sent", () => shown(page).sending === true);
    page.chat.answerAction(card.id, false);
    await eventually("it was sent", () => service.answers.length === 1);
    expect(shown(page).state).toBe("waiting");
    sent.release();
    await page.until("it is confirmed", () => shown(page).state === "confirmed");
    await eventually("its job is followed", () => service.isActing);
    acted.release();
    await page.untilLines("> Cancel it", "< Shall I?", "> Yes: Cancel order 1042", "< It is cancelled.");
    await page.until("it is done", () => shown(page).state === "done");
    expect(shown(page)).toMatchObject({ result: "Order 1042 is cancelled." });
    expect(shown(page).sending).toBeUndefined();
    expect(service.answers).toEqual([true]);
    expect(statesOf(page)).toEqual(["waiting", "waiting, sending", "confirmed", "done"]);
  });

  it("is answered once although the answer to it is lost, and the connection for a while", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    service.losesAnswers = 2;
    page.chat.answerAction(card.id, true);
    await page.until("it is done", () => shown(page).state === "done");
    expect(service.answers).toEqual([true, true, true]);
    expect(statesOf(page).slice(0, 2)).toEqual(["waiting", "waiting, sending"]);
  });

  it("says no", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    page.chat.answerAction(card.id, false);
    await page.until("it is refused", () => shown(page).state === "refused");
    expect(service.answers).toEqual([false]);
    // Over is over.
    page.chat.answerAction(card.id, true);
    await page.untilLines("> Cancel it", "< Shall I?", "> No: Cancel order 1042", "< Nothing was cancelled.");
    expect(service.answers).toEqual([false]);
  });

  it.each<[string, number, { state?: ActionState }, Shown]>([
    ["action-over", 410, { state: "expired" }, { state: "expired" }],
    ["action-over", 410, { state: "waiting" }, { state: "waiting", problem: "action-over" }],
    ["tool-changed", 410, {}, { state: "waiting", problem: "tool-changed" }],
    ["identity-required", 403, {}, { state: "waiting", problem: "identity-required" }],
  ])("tells why an answer was refused: %s (%i) %j", async (code, status, more, expected) => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    service.refusal = problem(code, status, more);
    const { reads } = service;
    page.chat.answerAction(card.id, true);
    await page.until("it is refused", () => service.reads > reads && shown(page).sending === undefined);
    expect(shown(page)).toMatchObject(expected);
    await page.untilLines("> Cancel it", "< Shall I?");
    const client = createClient({ server: "http://service.example", fetch: service.fetch });
    service.refusal = problem(code, status, more);
    const refused: unknown = await client.answerAction(card, true).catch((error: unknown) => error);
    if (!(refused instanceof ServiceError)) throw new Error("The answer was taken.");
    expect(refused).toMatchObject({ code, status, state: more.state, passing: false, gone: false });
  });

  it("shows the answer that was given elsewhere", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    service.action = { ...card, state: "refused" };
    service.refusal = problem("answered", 409, {});
    page.chat.answerAction(card.id, true);
    await page.until("it is refused", () => shown(page).state === "refused");
  });

  it("is there in another tab and after a reload, before the service has answered", async () => {
    const service = new FakeService();
    const browser = new FakeBrowser();
    using one = service.openPage(browser);
    one.chat.send("Cancel it");
    await one.until("it waits", () => shown(one).state === "waiting");
    service.isAway = true;
    using other = service.openPage(browser);
    await other.until("it waits there, too", () => shown(other).state === "waiting");
    service.isAway = false;
    one.chat.answerAction(card.id, true);
    await other.until("it is done there, too", () => shown(other).state === "done");
  });

  it("follows the events of other devices, and ignores those that it does not know", async () => {
    const service = new FakeService();
    using page = service.openPage();
    page.chat.send("Cancel it");
    await page.until("it waits", () => shown(page).state === "waiting");
    await eventually("events are followed", () => service.events !== undefined);
    service.push("of-a-later-version", { anything: 1 }, "2");
    service.push("action", { ...card, state: "withdrawn" }, "3");
    await page.until("it is withdrawn", () => shown(page).state === "withdrawn");
    service.push("action", { ...card, id: uuid("e"), title: "Another" }, "4");
    await page.until("another one waits by itself", ({ actions }) => actions[1]?.state === "waiting");
    // A read that is older than the events.
    service.action = card;
    const { reads } = service;
    service.refusal = problem("tool-changed", 410, {});
    page.chat.answerAction(uuid("e"), true);
    await page.until("it was read", () => service.reads > reads);
    expect(shown(page).state).toBe("withdrawn");
  });
});

type Shown = Partial<ActionCard> & AnswerNews;

function shown({ chat }: ChatPage): Shown {
  const [action] = chat.state.actions;
  return { ...action, ...chat.state.answers[action?.id ?? ""] };
}

/** Lists what the card was seen as, without repeats. */
function statesOf({ states }: ChatPage): string[] {
  const seen = states.flatMap(({ actions, answers }) =>
    actions.map(({ id, state }) => state + (answers[id]?.sending === undefined ? "" : ", sending")),
  );
  return seen.filter((state, at) => state !== seen[at - 1]);
}

function problem(code: string, status: number, more: object): Response {
  return Response.json({ type: `/problems/${code}`, detail: "No.", status, ...more }, { status });
}

/** The service of one conversation in which an action is proposed, answered in the page itself. */
class FakeService {
  action: ActionCard | undefined;
  readonly answers: boolean[] = [];
  /** Number of answers to a card that are stored and lost on the way back. */
  losesAnswers = 0;
  refusal: Response | undefined;
  isAway = false;
  reads = 0;
  /** Stream of the conversation's events. */
  events: ReadableStreamDefaultController<Uint8Array> | undefined;
  /** True once the job of an answer is followed. */
  isActing = false;
  #held: Promise<unknown> = Promise.resolve();
  #acts: Promise<unknown> = Promise.resolve();

  readonly fetch: typeof globalThis.fetch = (input, init) => this.#answer(new Request(input).url, init);

  openPage(browser = new FakeBrowser()): ChatPage {
    return new ChatPage(browser, "http://service.example", { fetch: this.fetch, shown: true });
  }

  /** Holds back the answer to the next card. */
  holdAnswer(): { release: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return { release: resolve };
  }

  /** Holds back the end of the job of an answer. */
  holdOutcome(): { release: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#acts = promise;
    return { release: resolve };
  }

  push(event: string, data: object, id: string): void {
    const text = `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
    this.events?.enqueue(new TextEncoder().encode(text));
  }

  async #answer(url: string, { method = "GET", body, signal }: RequestInit = {}): Promise<Response> {
    const { pathname } = new URL(url);
    if (this.isAway) throw new TypeError("The service is away.");
    if (pathname === "/api/assistants") return Response.json({ assistants: [] });
    if (pathname === "/api/chat") return this.#accepted(askJob, asked);
    if (pathname.startsWith("/api/actions/")) return this.#take(JSON.parse(body as string) as { confirm: boolean });
    if (method === "POST") return Response.json(null);
    if (pathname.endsWith("/events")) return this.#stream(pathname, signal ?? undefined);
    if (pathname.startsWith("/api/jobs/")) return Response.json(this.#job(pathname.includes(askJob)));
    this.reads += 1;
    return Response.json(this.#conversation());
  }

  #accepted(jobId: string, messageId: string): Response {
    this.action ??= card;
    const status = "queued";
    return Response.json({ jobId, messageId, conversationId, status, token: "token", cursor: "1" }, { status: 202 });
  }

  async #take({ confirm }: { confirm: boolean }): Promise<Response> {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) return refusal;
    this.answers.push(confirm);
    this.action = { ...card, state: confirm ? "confirmed" : "refused" };
    await this.#held;
    if (this.losesAnswers-- > 0) throw new TypeError("The connection was lost.");
    return this.#accepted(answerJob, answered);
  }

  #job(isFirst: boolean): object {
    const [jobId, messageId, id] = isFirst ? [askJob, asked, replied] : [answerJob, answered, outcome];
    const end = this.action?.state === "refused" ? "Nothing was cancelled." : "It is cancelled.";
    const reply = { id, text: isFirst ? "Shall I?" : end, sender: "ai", timestamp: 2, sources: [] };
    const actions = isFirst ? { actions: [card] } : {};
    const at = new Date(1).toISOString();
    return { jobId, messageId, conversationId, status: "completed", attempt: 1, reply, ...actions, createdAt: at };
  }

  async #stream(pathname: string, signal: AbortSignal | undefined): Promise<Response> {
    const headers = { "Content-Type": "text/event-stream" };
    if (pathname.startsWith("/api/jobs/")) {
      const isFirst = pathname.includes(askJob);
      this.isActing ||= !isFirst;
      if (!isFirst) await this.#acts;
      if (!isFirst && this.action?.state === "confirmed")
        this.action = { ...card, state: "done", result: "Order 1042 is cancelled." };
      return new Response(`id: end\nevent: done\ndata: ${JSON.stringify(this.#job(isFirst))}\n\n`, { headers });
    }
    const body = new ReadableStream<Uint8Array>({
      start: (events) => {
        this.events = events;
        signal?.addEventListener("abort", () => events.error(signal.reason));
      },
    });
    return new Response(body, { headers });
  }

  #conversation(): object {
    const yes = this.action?.state === "refused" ? "No" : "Yes";
    const messages = [
      { id: asked, text: "Cancel it", sender: "user", timestamp: 1 },
      { id: replied, text: "Shall I?", sender: "ai", timestamp: 2 },
      ...(this.answers.length > 0
        ? [{ id: answered, text: `${yes}: ${card.title}`, sender: "user", timestamp: 3 }]
        : []),
    ];
    const activeJobId = this.answers.length > 0 ? answerJob : null;
    return { id: conversationId, activeJobId, messages, actions: [this.action], cursor: "1", handledBy: "ai" };
  }
}
