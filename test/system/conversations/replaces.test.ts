import { randomUUID } from "node:crypto";
import { describe, expect, it } from "vitest";
import type { SubmitResponse } from "../../../shared/protocol/submit.ts";
import { openTcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import { ApiClient } from "../harness/api-client.ts";
import { echoOf, heldReply, messageOf } from "../harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

/** Reads a stream until it holds the text. */
async function readUntil(url: string, text: string): Promise<string> {
  const leaving = new AbortController();
  const response = await fetch(url, { signal: leaving.signal });
  let read = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    read += chunk;
    if (read.includes(text)) break;
  }
  leaving.abort();
  return read;
}

onSharedProducts("a message that replaces an earlier one", (product) => {
  const clients = () => product().apis.map(({ url }) => new ApiClient(url));
  const other = () => clients()[1] ?? product().client;

  /** A conversation whose message has its reply. */
  const begin = async (message: string): Promise<SubmitResponse> => {
    const chat = await product().client.submit(message);
    await product().client.ended(chat);
    return chat;
  };
  const replace = (chat: SubmitResponse, message: string, key?: string) =>
    product().client.submit({ message, replaces: chat.messageId }, { to: chat, key });

  it("is answered as if that one and its reply had never been, through the whole chain", async () => {
    const { client, provider } = product();
    const chat = await begin("The first words");
    const wrong = await client.submit("The wrong question", { to: chat });
    await client.ended(wrong);
    const better = await replace(wrong, "A better question");
    await client.ended(better);
    const best = await replace(better, "The best question");
    await client.ended(best);
    const next = await client.submit("And on it goes", { to: chat });
    await client.ended(next);
    for (const [message, left] of [
      ["A better question", []],
      ["The best question", []],
      ["And on it goes", ["The best question", echoOf("The best question")]],
    ] as const) {
      const call = provider.calls.find((each) => messageOf(each) === message);
      const texts = call?.request.messages.slice(1).map(({ text }) => text.split("\n\n").at(-1));
      expect(texts).toEqual(["The first words", echoOf("The first words"), ...left, message]);
    }
  });

  it("names it in the history, the conversation, the export and the events, where both stay", async () => {
    const { client } = product();
    const chat = await begin("Show me once");
    // Twice, so that the page is in the cache, where there is one.
    for (let time = 0; time < 2; time += 1) expect((await client.history(chat)).messages).toHaveLength(2);
    const next = await replace(chat, "Show me instead");
    await client.ended(next);
    const shown = [
      { text: "Show me once" },
      { text: echoOf("Show me once") },
      { text: "Show me instead", replaces: chat.messageId },
      { text: echoOf("Show me instead") },
    ];
    for (const each of clients()) {
      for (const { messages } of [await each.history(chat), await each.conversation(chat), await each.history(chat)]) {
        expect(messages).toMatchObject(shown);
        expect(messages.filter((message) => "replaces" in message)).toHaveLength(1);
      }
    }
    const path = `/api/conversations/${chat.conversationId}/export`;
    const { body } = await client.request(path, { token: chat.token });
    expect(body).toMatchObject({ messages: shown.map((message) => ({ replaces: null, ...message })) });
    const { text } = await client.request(path, { token: chat.token, headers: { accept: "text/plain" } });
    expect(text.match(/in place of an earlier message/g)).toHaveLength(1);
    const query = new URLSearchParams({ access_token: chat.token, after: chat.cursor });
    const events = await readUntil(
      `${other().base}/api/conversations/${chat.conversationId}/events?${query.toString()}`,
      `"jobId":"${next.jobId}","status":"completed"`,
    );
    expect(events.match(/"replaces":"[^"]+"/g)).toEqual([`"replaces":"${chat.messageId}"`]);
  });

  it("is one job under its key, however often it is sent, and a conflict with another one to replace", async () => {
    const { client } = product();
    const chat = await begin("Replace me under a key");
    const key = randomUUID();
    const all = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (clients()[index % 2] ?? client).submit(
          { message: "Under a key", replaces: chat.messageId.toUpperCase() },
          { to: chat, key },
        ),
      ),
    );
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(1);
    const [first] = all;
    if (!first) throw new Error("nothing came back");
    await client.ended(first);
    expect(await replace(chat, "Under a key", key)).toMatchObject({ jobId: first.jobId, status: "completed" });
    for (const body of [{}, { replaces: first.messageId }]) {
      expect(await client.post({ message: "Under a key", ...body }, { to: chat, key })).toMatchObject({
        status: 409,
        body: { type: "/problems/idempotency-conflict" },
      });
    }
    expect((await client.conversation(chat)).messageCount).toBe(4);
  });

  it("is accepted once when two replace the same one at the same time; the other is told so", async () => {
    const { client } = product();
    const chat = await begin("Two want me");
    const answers = await Promise.all(
      clients().map((each, index) =>
        each.post({ message: `Replacement ${index}`, replaces: chat.messageId }, { to: chat }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([202, 409]);
    expect(answers.find(({ status }) => status === 409)?.body).toMatchObject({ type: "/problems/already-replaced" });
    expect((await client.conversation(chat)).messageCount).toBeLessThanOrEqual(4);
  });

  it("is refused while a reply of the conversation is being written", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("Not", " yet");
    provider.answer("Hold on", script);
    const chat = await client.submit("Hold on");
    await provider.called("Hold on");
    const early = () => client.post({ message: "Hold on, edited", replaces: chat.messageId }, { to: chat });
    expect(await early()).toMatchObject({ status: 409, body: { type: "/problems/reply-open" } });
    release();
    await client.ended(chat);
    expect(await early()).toMatchObject({ status: 202 });
  });

  it("replaces a stopped one", async () => {
    const { client, provider } = product();
    provider.answer("Stop me", heldReply("Half", " never").script);
    const chat = await client.submit("Stop me");
    await provider.called("Stop me");
    await client.cancel(chat);
    await client.ended(chat);
    await client.ended(await replace(chat, "Stopped before"));
    const call = provider.calls.find((each) => messageOf(each) === "Stopped before");
    expect(JSON.stringify(call?.request.messages)).not.toContain("Stop me");
  });

  it("is found again under its key after the process that accepted it died before its answer", async () => {
    const { query, startApi } = product();
    const chat = await begin("Answered by a dead process");
    const doomed = await startApi();
    await using wire = await openTcpGate(doomed.url);
    wire.freeze("answers");
    const body = { message: "Lost answer", replaces: chat.messageId };
    const key = randomUUID();
    const lost = new ApiClient(wire.url.replace(/\/$/, "")).post(body, { to: chat, key });
    lost.catch(() => undefined);
    const rows = () => query<{ id: string }>("select id from messages where replaces = $1", [chat.messageId]);
    const [stored] = await eventually("it is stored", async () => ((await rows()).length > 0 ? rows() : undefined));
    await doomed.kill();
    await wire.shut();
    await expect(lost).rejects.toThrow();
    expect(await other().submit(body, { to: chat, key })).toMatchObject({ messageId: stored?.id });
    expect(await rows()).toHaveLength(1);
    expect(await other().post(body, { to: chat })).toMatchObject({
      status: 409,
      body: { type: "/problems/already-replaced" },
    });
  });

  describe("names a message that", () => {
    it.each([
      ["is no UUID", () => "message-1"],
      ["is unknown", () => randomUUID()],
      ["is of another conversation", async () => (await begin("Of another")).messageId],
      ["is a reply", async (chat: SubmitResponse) => (await product().client.job(chat)).reply?.id ?? ""],
    ])("%s, and is refused", async (_, find) => {
      const { client } = product();
      const chat = await begin("Where it belongs");
      const answer = await client.post({ message: "Instead", replaces: await find(chat) }, { to: chat });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "replaces" }] } });
      expect((await client.conversation(chat)).messageCount).toBe(2);
    });

    it("came with the request as earlier history, and is refused", async () => {
      const { client } = product();
      const history = [{ text: "Said elsewhere", sender: "user", timestamp: 1_700_000_000_000 }];
      const chat = await client.submit({ message: "And now here", history });
      await client.ended(chat);
      const [imported] = (await client.history(chat)).messages;
      const answer = await client.post({ message: "Instead", replaces: imported?.id }, { to: chat });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "replaces" }] } });
    });

    it("cannot be, as the conversation is new, and is refused", async () => {
      const chat = await begin("Not new");
      const answer = await product().client.post({ message: "Instead", replaces: chat.messageId });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "replaces" }] } });
    });
  });
});
