import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { type ConversationRef, ApiClient } from "../harness/api-client.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("feedback", (product) => {
  const rate = (chat: Pick<ConversationRef, "token">, messageId: string, body: unknown) =>
    product().client.request(`/api/messages/${messageId}/feedback`, { method: "POST", token: chat.token, body });
  const answered = async (message: string | Record<string, unknown>) => {
    const { client } = product();
    const chat = await client.submit(message);
    const view = await client.ended(chat);
    return { chat, reply: view.reply?.id ?? "" };
  };
  const ratings = async (chat: ConversationRef) =>
    (await product().client.history(chat)).messages.map(({ rating }) => rating ?? null);

  it("is stored, shown in the history, replaced, and withdrawn", async () => {
    const { client, query } = product();
    const { chat, reply } = await answered("Rate me");
    expect(await ratings(chat)).toEqual([null, null]);
    expect(await rate(chat, reply, { rating: "up", comment: "  Very kind.\n" })).toMatchObject({
      status: 204,
      text: "",
    });
    expect(await ratings(chat)).toEqual([null, "up"]);
    expect((await client.conversation(chat)).messages.map(({ rating }) => rating)).toEqual([undefined, "up"]);
    const kept = () => query("select rating, comment, provider from feedback where message_id = $1", [reply]);
    expect(await kept()).toEqual([{ rating: "up", comment: "Very kind.", provider: "compatible" }]);

    expect((await rate(chat, reply, { rating: "down" })).status).toBe(204);
    expect(await kept()).toEqual([{ rating: "down", comment: null, provider: "compatible" }]);
    for (let time = 0; time < 2; time += 1) expect((await rate(chat, reply, { rating: null })).status).toBe(204);
    expect(await kept()).toEqual([]);
    expect(await ratings(chat)).toEqual([null, null]);
  });

  it("keeps a reason from the list, and refuses another one", async () => {
    const { query } = product();
    const { chat, reply } = await answered("Rate me with a reason");
    const kept = () => query("select rating, reason from feedback where message_id = $1", [reply]);
    expect((await rate(chat, reply, { rating: "down", reason: "unclear" })).status).toBe(204);
    expect(await kept()).toEqual([{ rating: "down", reason: "unclear" }]);
    expect((await rate(chat, reply, { rating: "down", reason: "boring" })).status).toBe(400);
    expect((await rate(chat, reply, { rating: null, reason: "wrong" })).status).toBe(400);
    expect((await rate(chat, reply, { rating: "down" })).status).toBe(204);
    expect(await kept()).toEqual([{ rating: "down", reason: null }]);
  });

  it("is accepted for replies of this service alone", async () => {
    const history = [
      { sender: "user", text: "Do you ship?", timestamp: 1 },
      { sender: "ai", text: "We do.", timestamp: 2 },
    ];
    const { chat } = await answered({ message: "How fast?", history });
    const { messages } = await product().client.history(chat);
    for (const { id } of messages.slice(0, 3)) {
      const answer = await rate(chat, id, { rating: "up" });
      expect(answer).toMatchObject({ status: 400, body: { errors: [{ path: "id" }] } });
    }
    expect(messages[3]).toMatchObject({ sender: "ai" });
    expect((await rate(chat, messages[3]?.id ?? "", { rating: "up" })).status).toBe(204);
  });

  it.each([
    [{}, "rating"],
    [{ rating: "good" }, "rating"],
    [{ rating: "up", comment: "x".repeat(1001) }, "comment"],
    [{ rating: "up", comment: "a\0b" }, "comment"],
    [{ rating: null, comment: "but" }, "comment"],
    ["[]", ""],
    ["{", ""],
  ])("refuses %j, and names the field", async (body, path) => {
    const { chat, reply } = await answered("Rate me badly");
    const answer = await rate(chat, reply, body);
    expect(answer).toMatchObject({ status: 400, body: { type: "/problems/invalid-request" } });
    expect((answer.body as { errors: { path: string }[] }).errors.map((error) => error.path)).toContain(path);
    expect(await ratings(chat)).toEqual([null, null]);
  });

  it("requires the token of the message's conversation, and reveals nothing to others", async () => {
    const { client, startApi } = { ...product(), startApi: product().startApi };
    const { chat, reply } = await answered("Mine");
    const { chat: other } = await answered("Another's");
    const path = (id: string) => `/api/messages/${id}/feedback`;
    const body = { rating: "up" };
    expect((await client.request(path(reply), { method: "POST", body })).status).toBe(401);
    const known = await rate(other, reply, body);
    const unknown = await rate(other, randomUUID(), body);
    expect(known).toMatchObject({ status: 403, body: { type: "/problems/forbidden" } });
    expect(unknown.status).toBe(403);
    expect({ ...(unknown.body as object), instance: "" }).toEqual({ ...(known.body as object), instance: "" });
    expect(await rate(chat, "7", body)).toMatchObject({ status: 400 });
    expect(await ratings(chat)).toEqual([null, null]);

    const open = new ApiClient((await startApi({ CONVERSATION_ACCESS: "open" })).url);
    expect((await open.request(path(reply), { method: "POST", body })).status).toBe(204);
    expect((await open.request(path(randomUUID()), { method: "POST", body })).status).toBe(404);
    expect(await ratings(chat)).toEqual([null, "up"]);
  });

  it("is deleted with its conversation, which can then not be rated", async () => {
    const { client, query } = product();
    const { chat, reply } = await answered("Forget what I think");
    await rate(chat, reply, { rating: "down", comment: "Forget this" });
    expect((await client.deleteConversation(chat)).status).toBe(204);
    expect(await query("select from feedback where message_id = $1", [reply])).toEqual([]);
    expect((await rate(chat, reply, { rating: "up" })).status).toBe(404);
    expect((await rate(chat, randomUUID(), { rating: "up" })).status).toBe(404);
  });
});
