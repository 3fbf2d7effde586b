import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { messageOf, pausedReply } from "../harness/scripted-provider.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

/** Reads a conversation's stream from the start until it holds the text; returns its events. */
async function readEvents(url: string, until: string): Promise<{ event: string; data: Record<string, unknown> }[]> {
  const leaving = new AbortController();
  const response = await fetch(url, { signal: leaving.signal });
  let read = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    read += chunk;
    if (read.includes(until) && read.endsWith("\n\n")) break;
  }
  leaving.abort();
  return [...read.matchAll(/^event: (\w+)\ndata: (.*)$/gm)].map(([, event = "", data = ""]) => ({
    event,
    data: JSON.parse(data) as Record<string, unknown>,
  }));
}

onSharedProducts("people beside the assistant", (product) => {
  const operator = () => new OperatorClient(product().apis[1]?.url ?? "");

  it("take over in mid-word, talk, and hand back to an assistant that knows what was said", async () => {
    const { client, provider } = product();
    const asked = `Where is my order? ${randomUUID()}`;
    const held = pausedReply("One two three ", "four five.");
    provider.answer(asked, held.script);
    const chat = await client.submit({ message: asked, metadata: { locale: "de" } });
    const stream = await client.events(chat);
    await stream.untilText("One two three ");
    const taken = await operator().change(chat.conversationId, "take");
    expect(taken).toMatchObject({ handledBy: "operator", operator: { name: "Support" } });
    held.release();
    await stream.ended;
    expect(stream.terminal).toMatchObject({
      event: "cancelled",
      data: { error: { code: "taken_over" }, reply: { text: "One two three ", finishReason: "taken_over" } },
    });
    expect(stream.text).toBe("One two three ");

    await operator().say(chat.conversationId, "Hello, I am looking.");
    const more = await client.post("It is the red one.", { to: chat, wait: 10 });
    expect(more).toMatchObject({
      status: 200,
      body: { status: "completed", handledBy: "operator", message: null, reply: null, notice: { code: "taken" } },
    });
    expect((more.body as { notice: { text: string } }).notice.text).toContain("Support");
    const question = `And its colour? ${randomUUID()}`;
    expect((await client.post(question, { to: chat })).body).toMatchObject({
      handledBy: "operator",
      status: "completed",
    });
    expect(await client.conversation(chat)).toMatchObject({ handledBy: "operator", operator: { name: "Support" } });

    await operator().change(chat.conversationId, "release", { to: "ai" });
    const call = await provider.called(question);
    expect(messageOf(call)).toBe(question);
    const prompt = call.request.messages.map(({ text }) => text).join("\n");
    expect(prompt).toContain("One two three");
    expect(prompt).toContain("> Hello, I am looking.");
    await eventually("the assistant's answer", async () =>
      (await client.history(chat)).messages.at(-1)?.text.startsWith("You said:"),
    );
    const url = `${product().apis[1]?.url}/api/conversations/${chat.conversationId}/events?access_token=${chat.token}`;
    const cursor = `1-${chat.conversationId.slice(0, 8)}`;
    const events = await readEvents(`${url}&after=${cursor}`, `"status":"completed","seq":14`);
    expect(
      events.map(({ event, data }) => [event, data["sender"] ?? data["status"] ?? data["handledBy"]].join(" ")),
    ).toEqual([
      "job queued",
      "message ai",
      "job cancelled",
      "handling operator",
      "message operator",
      "message user",
      "job completed",
      "message user",
      "job completed",
      "handling ai",
      "job queued",
      "message ai",
      "job completed",
    ]);
    expect(events[3]?.data).toMatchObject({ operator: { name: "Support" }, notice: { code: "taken" } });
    expect(events[9]?.data).toMatchObject({ notice: { text: expect.stringContaining("Assistent") as string } });
  });

  it("answer in place of a reply that a client waits for", async () => {
    const { client, provider, query } = product();
    const asked = `Anybody there? ${randomUUID()}`;
    const held = pausedReply("One two three ", "four.");
    provider.answer(asked, held.script);
    const waiting = client.post(asked, { wait: 20 });
    await provider.called(asked);
    const [found] = await query<{ id: string }>("select conversation_id as id from messages where text = $1", [asked]);
    await operator().take(found?.id ?? "");
    held.release();
    expect(await waiting).toMatchObject({
      status: 200,
      body: {
        status: "cancelled",
        handledBy: "operator",
        operator: { name: "Support" },
        message: null,
        error: { code: "taken_over" },
        notice: { code: "taken", text: "Support is answering now." },
      },
    });
  });

  it("are asked for by the visitor, by words, and after failed replies", async () => {
    const { client } = product();
    const chat = await client.submit("Hello");
    await client.ended(chat);
    const path = `/api/conversations/${chat.conversationId}/handoff`;
    const post = (body?: unknown) =>
      client.request(path, { method: "POST", token: chat.token, ...(body !== undefined && { body }) });
    expect(await post()).toMatchObject({
      status: 200,
      body: { handledBy: "waiting", expected: { state: "address", emailAsked: true }, notice: { code: "waiting" } },
    });
    expect(await post({ email: "not an address" })).toMatchObject({ status: 400 });
    expect(await post({ email: "visitor@example.com" })).toMatchObject({ status: 200 });
    const be = (state: string) =>
      client.request("/api/operator/presence", { method: "PUT", headers: operator().headers, body: { state } });
    await be("online");
    await eventually("somebody is there", async () => {
      const { expected } = (await post()).body as { expected: { state: string } };
      return expected.state === "now";
    });
    await be("away");
    await operator().take(chat.conversationId);
    expect(await post()).toMatchObject({
      status: 409,
      body: { type: "/problems/handled", operator: { name: "Support" } },
    });
    expect(await client.request(path, { method: "DELETE", token: chat.token })).toMatchObject({ status: 409 });
    const byWords = await client.submit("I want to talk to a human, please");
    expect(byWords).toMatchObject({ handledBy: "waiting", status: "completed" });
    expect(await client.job(byWords)).toMatchObject({ status: "completed", handledBy: "waiting" });
    const back = { method: "DELETE", token: byWords.token };
    expect(await client.request(`/api/conversations/${byWords.conversationId}/handoff`, back)).toMatchObject({
      status: 200,
      body: { handledBy: "ai" },
    });
    await eventually("the assistant's answer", async () => (await client.history(byWords)).messages.length === 2);
  });

  it("have one conversation each: conflicts, repeats and strangers are told apart", async () => {
    const { client, query } = product();
    const chat = await client.submit("Hello");
    await client.ended(chat);
    await query("insert into operators (id, name, role) values ($1, 'Ben', 'operator') on conflict do nothing", [
      randomUUID(),
    ]);
    const [ben] = await query<{ id: string }>("select id from operators where name = 'Ben'");
    const path = `/conversations/${chat.conversationId}`;
    const given = { operatorId: ben?.id, note: "Knows teapots, wants two." };
    const named = { "idempotency-key": randomUUID() };
    // The answer of the first may have been lost.
    for (let again = 0; again < 2; again += 1) {
      expect(await operator().request(`${path}/assign`, given, named)).toMatchObject({
        status: 200,
        body: { operator: { name: "Ben" } },
      });
    }
    const { notes } = (await operator().request(path)).body as { notes: object[] };
    expect(notes).toEqual([expect.objectContaining({ text: given.note, operator: "Support" })]);
    expect(JSON.stringify(await client.history(chat))).not.toContain("teapots");
    expect(await operator().request(`${path}/take`, {})).toMatchObject({
      status: 409,
      body: { type: "/problems/handled", operator: { name: "Ben" } },
    });
    expect(await operator().request(`${path}/messages`, { text: "Me too" })).toMatchObject({ status: 409 });
    expect(await operator().request(`${path}/take`, { force: true })).toMatchObject({ status: 200 });
    const key = { "idempotency-key": randomUUID() };
    const say = (text: string) => operator().request(`${path}/messages`, { text }, key);
    const [one, two] = await Promise.all([say("Once."), say("Once.")]);
    expect([one.status, two.status]).toEqual([201, 201]);
    expect((await say("Once.")).body).toMatchObject({ message: (one.body as { message: object }).message });
    expect(await say("Another.")).toMatchObject({ status: 409, body: { type: "/problems/idempotency-conflict" } });
    expect((await client.history(chat)).messages.filter(({ sender }) => sender === "operator")).toHaveLength(1);
    expect(await client.request(`/api/operator${path}`, { token: chat.token })).toMatchObject({ status: 401 });
    await operator().change(chat.conversationId, "block");
    expect(await client.post("Still here", { to: chat })).toMatchObject({
      status: 403,
      body: { type: "/problems/blocked" },
    });
    await operator().change(chat.conversationId, "unblock");
    expect(await client.post("Still here", { to: chat })).toMatchObject({ status: 202 });
    await operator().change(chat.conversationId, "close");
    expect(await client.conversation(chat)).toMatchObject({ handledBy: "ai" });
    const next = await client.submit("Once more", { to: chat });
    expect(await client.ended(next)).toMatchObject({ status: "completed", reply: { text: "You said: Once more" } });
  });
});
