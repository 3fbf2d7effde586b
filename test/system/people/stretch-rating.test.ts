import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { conversationExport } from "../../../shared/protocol/export.ts";
import { operatorConversation } from "../../../shared/protocol/operator.ts";
import type { ConversationRef } from "../harness/api-client.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("how it went with a person", (product) => {
  const operator = () => new OperatorClient(product().apis[1]?.url ?? "");
  const ask = async (path: string, { conversationId, token }: ConversationRef, accept?: string) =>
    product().client.request(`/api/conversations/${conversationId}${path}`, {
      token,
      ...(accept !== undefined && { headers: { accept } }),
    });
  const rate = ({ conversationId, token }: ConversationRef, no: number | string, body: unknown) =>
    product().client.request(`/api/conversations/${conversationId}/stretches/${no}/rating`, {
      method: "POST",
      token,
      body,
    });
  const askedIn = async (chat: ConversationRef) => {
    const { client } = product();
    const { ratingAsked } = await client.conversation(chat);
    expect((await client.history(chat)).ratingAsked).toEqual(ratingAsked);
    return ratingAsked;
  };
  let shared: Promise<ConversationRef> | undefined;
  /** A conversation that a person has, after the assistant. */
  const begin = async ({ words = true } = {}) => {
    const { client } = product();
    const chat = await client.submit(`Hello ${randomUUID()}`);
    await client.ended(chat);
    await operator().take(chat.conversationId);
    if (words) await operator().say(chat.conversationId, "Here I am.");
    return chat;
  };

  it("is asked once a person who wrote has given the conversation to the assistant, and not after an answer", async () => {
    const chat = await begin();
    expect(await askedIn(chat)).toBeUndefined();
    await operator().change(chat.conversationId, "close");
    expect(await askedIn(chat)).toEqual({ stretch: 1, operator: { name: "Support" } });
    const newest = async () => Number((await product().client.conversation(chat)).cursor.split("-")[0]);
    const before = await newest();
    expect(await rate(chat, 1, { rating: "bad" })).toMatchObject({ status: 204, text: "" });
    expect(await askedIn(chat)).toBeUndefined();
    // A second answer takes the place of the first, and is told as an event, too.
    expect((await rate(chat, 1, { rating: "good", comment: "  Quick,\nand kind " })).status).toBe(204);
    expect(await newest()).toBe(before + 2);
    const rated = { rating: "good", comment: "Quick,\nand kind", ratedAt: expect.any(String) as string };
    const desk = await operator().request(`/conversations/${chat.conversationId}`);
    expect(operatorConversation.parse(desk.body).stretches).toMatchObject([{ no: 0 }, { no: 1, rated }, { no: 2 }]);
    const { conversation } = conversationExport.strict().parse((await ask("/export", chat)).body);
    expect(conversation.stretchRatings).toEqual([{ stretch: 1, operator: { name: "Support" }, ...rated }]);
    const { text } = await ask("/export", chat, "text/plain");
    expect(text).toMatch(/^How it went with Support: good, .* UTC\n {4}Quick,\n {4}and kind\n/m);

    // The next person is another stretch.
    await operator().say(chat.conversationId, "One more thing.");
    await operator().change(chat.conversationId, "release", { to: "ai" });
    expect(await askedIn(chat)).toMatchObject({ stretch: 3 });
    expect((await rate(chat, 3, { rating: null })).status).toBe(204);
    expect(await askedIn(chat)).toBeUndefined();
    expect((await rate(chat, 1, { rating: null })).status).toBe(204);
    const after = conversationExport.parse((await ask("/export", chat)).body);
    expect(after.conversation.stretchRatings).toEqual([]);
  });

  it("is told with the event that the assistant has it again, and is asked for a week", async () => {
    const { client, query } = product();
    const chat = await begin();
    await operator().change(chat.conversationId, "close");
    const events = await fetch(`${client.base}/api/conversations/${chat.conversationId}/events?after=0`, {
      headers: { authorization: `Bearer ${chat.token}` },
    });
    let read = "";
    for await (const chunk of events.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      read += chunk;
      if (read.includes("event: handling")) break;
    }
    expect(read).toContain('"ratingAsked":{"stretch":1,"operator":{"name":"Support"}}');
    await query("update stretches set ended_at = now() - interval '8 days' where conversation_id = $1", [
      chat.conversationId,
    ]);
    expect(await askedIn(chat)).toBeUndefined();
  });

  it("is not asked about people who wrote nothing, nor while somebody is waited for", async () => {
    const silent = await begin({ words: false });
    await operator().change(silent.conversationId, "release", { to: "ai" });
    expect(await askedIn(silent)).toBeUndefined();
    expect((await rate(silent, 1, { rating: "good" })).status).toBe(404);
    const chat = await begin();
    await operator().change(chat.conversationId, "release", { to: "queue" });
    expect(await askedIn(chat)).toBeUndefined();
    expect((await rate(chat, 1, { rating: "good" })).status).toBe(404);
  });

  it.each([
    ["1", { rating: "great" }, 400, "rating"],
    ["1", {}, 400, "rating"],
    ["1", { rating: null, comment: "why" }, 400, "comment"],
    ["1", { rating: "good", comment: "x".repeat(1001) }, 400, "comment"],
    ["0", { rating: "good" }, 404, undefined],
    ["2", { rating: "good" }, 404, undefined],
    ["99999999999", { rating: "good" }, 404, undefined],
    ["1.5", { rating: "good" }, 404, undefined],
    ["one", { rating: "good" }, 404, undefined],
  ])("refuses an answer about stretch %s: %j", async (no, body, status, path) => {
    shared ??= begin().then(async (begun) => {
      await operator().change(begun.conversationId, "close");
      return begun;
    });
    const chat = await shared;
    const answer = await rate(chat, no, body);
    expect(answer.status, answer.text).toBe(status);
    if (path !== undefined) expect(answer.body).toMatchObject({ errors: [{ path }] });
    expect(await askedIn(chat)).toMatchObject({ stretch: 1 });
    const stranger = await product().client.submit("A stranger");
    expect((await rate({ ...chat, token: stranger.token }, no, body)).status).toBe(403);
  });
});
