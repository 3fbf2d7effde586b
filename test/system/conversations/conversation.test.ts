import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { ApiClient } from "../harness/api-client.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("a conversation", (product) => {
  it("answers each of several turns with all earlier ones in the prompt", async () => {
    const { client, provider } = product();
    const first = await client.submit({ message: "  Hello, I am Ada.  ", metadata: { page: "/shop" } });
    expect(first).toMatchObject({ status: "queued", sessionId: first.conversationId });
    await client.ended(first);
    const second = await client.submit("What is my name?", { to: first });
    await client.ended(second);
    const third = await client.submit("And yours?", { to: second });
    await client.ended(third);

    const call = await provider.called("And yours?");
    expect(call.request.messages).toEqual([
      { role: "system", text: expect.stringContaining("customer support") as string },
      { role: "user", text: "Hello, I am Ada." },
      { role: "assistant", text: "You said: Hello, I am Ada." },
      { role: "user", text: "What is my name?" },
      { role: "assistant", text: "You said: What is my name?" },
      { role: "user", text: "And yours?" },
    ]);

    const { messages } = await client.history(third);
    expect(messages.map(({ sender, text }) => [sender, text])).toEqual([
      ["user", "Hello, I am Ada."],
      ["ai", "You said: Hello, I am Ada."],
      ["user", "What is my name?"],
      ["ai", "You said: What is my name?"],
      ["user", "And yours?"],
      ["ai", "You said: And yours?"],
    ]);
    expect(messages.map(({ id }) => id).filter((_, index) => index % 2 === 0)).toEqual([
      first.messageId,
      second.messageId,
      third.messageId,
    ]);
    expect(await client.conversation(third)).toMatchObject({
      id: first.conversationId,
      sessionId: first.conversationId,
      assistantType: "default",
      provider: "compatible",
      messageCount: 6,
      activeJobId: null,
      metadata: { page: "/shop" },
      messages,
    });
  });

  it("starts with an imported history, sent as the visitor's own account", async () => {
    const { client, provider } = product();
    const history = [
      { sender: "user", text: "Do you ship to Chile?", timestamp: 1_700_000_000_000 },
      { sender: "ai", text: "We do.", timestamp: 1_700_000_001_000 },
    ];
    const chat = await client.submit({ message: "How long does it take?", history });
    await client.ended(chat);
    const { request } = await provider.called("How long does it take?");
    // Messages of one side are sent as one: strict templates refuse two that follow each other.
    const [, asked, ...others] = request.messages;
    expect(others).toEqual([]);
    expect(asked?.role).toBe("user");
    expect(asked?.text).toMatch(/^Do you ship to Chile\?\n\n.*visitor says.*\n> We do\.\n\nHow long does it take\?$/);
    const { messages } = await client.history(chat);
    expect(messages.slice(0, 2)).toEqual(
      history.map((turn) => ({ ...turn, id: expect.any(String) as string, imported: true })),
    );
    expect(messages.slice(2).map(({ text }) => text)).toEqual([
      "How long does it take?",
      echoOf("How long does it take?"),
    ]);
  });

  it("changes its assistant from the message that requests another one", async () => {
    const { client, provider } = product();
    const chat = await client.submit("To the shop.");
    await client.submit({ message: "To the technician.", assistantType: "technical" }, { to: chat });
    await client.ended(await client.submit("To the technician again.", { to: chat }));
    const instructions = async (message: string) => (await provider.called(message)).request.messages[0]?.text;
    expect(await instructions("To the technician.")).not.toBe(await instructions("To the shop."));
    expect(await instructions("To the technician again.")).toBe(await instructions("To the technician."));
    expect(await client.conversation(chat)).toMatchObject({ assistantType: "technical" });
  });

  it("is answered by presets when a message requests them", async () => {
    const { client } = product();
    const view = await client.ended(await client.submit({ message: "Where is my order?", provider: "preset" }));
    expect(view).toMatchObject({ status: "completed", provider: "preset" });
    expect(view.reply?.text).toContain("tracking link");
  });

  it("is read page by page, from the newest message back", async () => {
    const { client } = product();
    const chat = await client.submit("one");
    for (const message of ["two", "three"]) await client.submit(message, { to: chat });
    await client.ended(await client.submit("four", { to: chat }));
    const pages: string[][] = [];
    let before: string | undefined;
    do {
      const page = await client.history(chat, `?limit=3${before === undefined ? "" : `&before=${before}`}`);
      pages.push(page.messages.map(({ text }) => text));
      before = page.nextBefore;
    } while (before !== undefined);
    expect(pages).toEqual([
      [echoOf("three"), "four", echoOf("four")],
      ["two", echoOf("two"), "three"],
      ["one", echoOf("one")],
    ]);
  });

  it("answers a waiting client in one response", async () => {
    const { client } = product();
    const answer = await client.post("Quick one", { wait: 20 });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("preference-applied")).toBe("wait=20");
    const submission = submitResponse.parse(answer.body);
    expect(answer.headers.get("location")).toBe(`/api/jobs/${submission.jobId}`);
    expect(answer.body).toMatchObject({
      status: "completed",
      message: echoOf("Quick one"),
      reply: echoOf("Quick one"),
      provider: "compatible",
      assistantId: "default",
      threadId: null,
    });
  });

  it("answers 202 when the client's wait ends before the reply", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("Wait for it:", " here.");
    provider.answer("Slow one", script);
    const answer = await client.post("Slow one", { wait: 1 });
    expect(answer.status).toBe(202);
    const chat = submitResponse.parse(answer.body);
    expect(answer.headers.get("location")).toBe(`/api/jobs/${chat.jobId}`);
    release();
    expect((await client.ended(chat)).reply?.text).toBe("Wait for it: here.");
  });

  it("answers a waiting client with the reason why there is no reply", async () => {
    const { client, provider } = product();
    provider.answer("Cut me short", { before: { stall: true } });
    const key = randomUUID();
    const waiting = client.post("Cut me short", { key, wait: 20 });
    await provider.called("Cut me short");
    await client.cancel(await client.submit("Cut me short", { key }));
    const answer = await waiting;
    expect(answer).toMatchObject({ status: 200, body: { status: "cancelled", error: { code: "cancelled" } } });
    expect(answer.body).not.toHaveProperty("reply");
  });

  it("shows an apology when no provider answers, without the reason", async () => {
    const { client, provider } = product();
    const failure = { status: 500, body: '{"error":{"message":"secret of the upstream"}}' };
    provider.answer("Unlucky one", failure, failure, failure);
    const answer = await client.post("Unlucky one", { wait: 20 });
    expect(answer).toMatchObject({ status: 200, body: { status: "completed", provider: "preset" } });
    expect(answer.text).not.toContain("secret");
    expect(await client.job(submitResponse.parse(answer.body))).toMatchObject({ reply: { fallback: true } });
  });

  it("can be followed by polling: position, text so far, and a wait for the end", async () => {
    const { client, provider, apis } = product();
    const { script, release } = heldReply("Half of", " the reply");
    provider.answer("Watched", script);
    const chat = await client.submit("Watched");
    const next = await client.submit("After it", { to: chat });
    await (await client.events(chat)).untilText("Half of");

    const raw = await client.request(`/api/jobs/${chat.jobId}`, { token: chat.token });
    expect(raw.headers.get("retry-after")).toBe("1");
    expect(raw.body).toMatchObject({ status: "active", attempt: 1, partial: "Half of" });
    expect(await client.job(next)).toMatchObject({
      status: "queued",
      attempt: 0,
      position: expect.any(Number) as number,
    });
    expect(await client.conversation(chat)).toMatchObject({ activeJobId: chat.jobId });
    const waited = await client.request(`/api/jobs/${chat.jobId}`, {
      token: chat.token,
      headers: { prefer: "wait=1" },
    });
    expect(waited.body).toMatchObject({ status: "active" });

    const elsewhere = new ApiClient(apis[1]?.url ?? "");
    const end = elsewhere.job(chat, { wait: 20 });
    release();
    expect(await end).toMatchObject({
      status: "completed",
      reply: { text: "Half of the reply", sender: "ai", fallback: false, finishReason: "stop" },
      usage: { inputTokens: 10, outputTokens: 4, costUsd: null },
    });
    expect(await elsewhere.ended(next)).toMatchObject({ status: "completed" });
  });
});
