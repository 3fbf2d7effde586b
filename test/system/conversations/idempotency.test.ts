import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { ApiClient } from "../harness/api-client.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

onSharedProducts("an idempotency key", (product) => {
  const both = () => product().apis.map(({ url }) => new ApiClient(url));
  const twentyTimes = <T>(send: (client: ApiClient) => Promise<T>) =>
    Promise.all(Array.from({ length: 20 }, (_, index) => send(both()[index % 2] ?? product().client)));

  it("sent twenty times at once with a first message makes one conversation with one job", async () => {
    const { client, provider, query } = product();
    const key = randomUUID();
    const message = "Twenty times the first";
    const all = await twentyTimes((each) => each.submit(message, { key }));
    const [first] = all;
    for (const { jobId, conversationId, messageId } of all) {
      expect([jobId, conversationId, messageId]).toEqual([first?.jobId, first?.conversationId, first?.messageId]);
    }
    if (!first) throw new Error("nothing came back");
    await client.ended(first);
    expect((await client.history(first)).messages.map(({ text }) => text)).toEqual([message, echoOf(message)]);
    expect(provider.calls.filter(({ request }) => request.messages[1]?.text === message)).toHaveLength(1);
    expect(await query("select conversation_id from messages where text = $1", [message])).toHaveLength(1);
    // Each of the twenty tokens opens it.
    await Promise.all(all.map(({ token }) => client.conversation({ ...first, token })));
  });

  it("sent twenty times at once with a later message makes one job", async () => {
    const { client } = product();
    const chat = await client.submit("Before the twenty");
    const all = await twentyTimes((each) => each.submit("Twenty times a later one", { to: chat, key: "not-a-uuid!" }));
    expect(new Set(all.map(({ jobId }) => jobId)).size).toBe(1);
    expect(new Set(all.map(({ messageId }) => messageId)).size).toBe(1);
    await client.ended({ ...chat, jobId: all[0]?.jobId ?? "" });
    expect((await client.conversation(chat)).messageCount).toBe(4);
  });

  it("answers a repeat with the current status, and can wait for the end", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("Take", " your time");
    provider.answer("Repeat me", script);
    const key = randomUUID();
    const first = await client.submit("Repeat me", { key });
    await provider.called("Repeat me");
    expect(submitResponse.parse((await client.post("Repeat me", { key })).body)).toMatchObject({
      jobId: first.jobId,
      status: "active",
    });
    const waiting = client.post("Repeat me", { key, wait: 20 });
    release();
    expect(await waiting).toMatchObject({ status: 200, body: { jobId: first.jobId, reply: "Take your time" } });
    const repeat = await client.post("Repeat me", { key });
    expect(repeat).toMatchObject({ status: 202, body: { jobId: first.jobId, status: "completed" } });
    expect(await client.post("Repeat me", { key, wait: 1 })).toMatchObject({
      status: 200,
      body: { status: "completed", reply: "Take your time" },
    });
  });

  it("is refused with another body, and accepted with the same body in another notation", async () => {
    const { client } = product();
    const key = randomUUID();
    const first = await client.submit({ message: "The one body", metadata: { a: "1", b: "2" } }, { key });
    const same = await client.submit({ metadata: { b: "2", a: "1" }, message: "  The one body " }, { key });
    expect(same.jobId).toBe(first.jobId);
    expect(
      (await client.submit({ message: "The one body", metadata: { a: "1", b: "2" } }, { key: key.toUpperCase() }))
        .jobId,
    ).toBe(first.jobId);
    for (const other of [
      { message: "Another body" },
      { message: "The one body" },
      { message: "The one body", metadata: { a: "1", b: "2" }, assistantType: "technical" },
    ]) {
      expect(await client.post(other, { key })).toMatchObject({
        status: 409,
        body: { status: 409, type: "/problems/idempotency-conflict" },
      });
    }
  });

  it("is scoped to its conversation", async () => {
    const { client } = product();
    const [one, other] = await Promise.all(["Mine", "Yours"].map((message) => client.submit(message)));
    const mine = await client.submit("The same key", { to: one, key: "shared" });
    const yours = await client.submit("The same key", { to: other, key: "shared" });
    expect(mine.jobId).not.toBe(yours.jobId);
    expect(mine.conversationId).toBe(one?.conversationId);
    expect(yours.conversationId).toBe(other?.conversationId);
  });

  it.each([
    ["no UUID", "order-1"],
    ["a UUID of version 7", "01890a5d-ac96-774b-bcce-b302099a8057"],
    ["the nil UUID", "00000000-0000-0000-0000-000000000000"],
    ["a UUID and more", `${randomUUID()}0`],
  ])("with a first message is refused when it is %s", async (_, key) => {
    const answer = await product().client.post("Hello", { key });
    expect(answer).toMatchObject({
      status: 400,
      body: { errors: [{ path: "Idempotency-Key", message: expect.stringContaining("version-4 UUID") as string }] },
    });
  });

  it.each([
    ["empty", ""],
    ["of 256 characters", "k".repeat(256)],
    ["with a space", "two words"],
    ["not ASCII", "schl\u00fcssel"],
  ])("is refused when it is %s", async (_, key) => {
    const { client } = product();
    const chat = await client.submit("Hello there");
    expect(await client.post("With a bad key", { to: chat, key })).toMatchObject({ status: 400 });
  });

  it("opens nothing after the deletion of its conversation", async () => {
    const { client } = product();
    const key = randomUUID();
    const chat = await client.submit("Delete me", { key });
    await client.submit("And me", { to: chat, key: "later" });
    expect((await client.deleteConversation(chat)).status).toBe(204);
    expect((await client.post("Delete me", { key })).status).toBe(404);
    expect((await client.post("Another body", { key })).status).toBe(404);
    expect((await client.post("And me", { to: chat, key: "later" })).status).toBe(404);
  });

  it("is stored in no table and no log", async () => {
    const { client, output, query } = product();
    const key = randomUUID();
    const chat = await client.submit("Keep it secret", { key });
    await client.ended(chat);
    expect(output()).not.toContain(key);
    const rows = await query<{ row: string }>("select jobs::text as row from jobs where id = $1", [chat.jobId]);
    expect(rows[0]?.row).toContain(chat.jobId);
    expect(rows[0]?.row).not.toContain(key);
  });
});
