import { createHash, randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { visitorConversations } from "../../../shared/protocol/identity.ts";
import { type SubmitResponse, submitResponse } from "../../../shared/protocol/submit.ts";
import { type ApiAnswer, ApiClient } from "../harness/api-client.ts";
import { tokenSecret } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";

const identitySecret = "the secret of the embedding site: long enough";
const env = { IDENTITY_SECRET: identitySecret };

function identityOf(sub: string, { secret = identitySecret, expires = "1 hour" } = {}): Promise<string> {
  return new SignJWT({ name: "Ada", email: "ada@example.com" })
    .setProtectedHeader({ alg: "HS256" })
    .setSubject(sub)
    .setExpirationTime(expires)
    .sign(Buffer.from(secret));
}

async function as(sub: string): Promise<{ "x-parley-identity": string }> {
  return { "x-parley-identity": await identityOf(sub) };
}

onEachBackend("a verified visitor", { apis: 2, env }, (product) => {
  const post = (body: object, headers: Record<string, string>, token?: string, client = product().client) =>
    client.request("/api/chat", { method: "POST", body, headers, token });
  const submitAs = async (sub: string, body: object, headers: Record<string, string> = {}): Promise<SubmitResponse> => {
    const answer = await post(body, { ...(await as(sub)), ...headers });
    expect([answer.status, answer.text]).toEqual([202, expect.anything()]);
    return submitResponse.parse(answer.body);
  };
  const ways = ({ conversationId, jobId }: { conversationId: string; jobId: string }) =>
    [
      ["GET", `/api/conversations/${conversationId}`],
      ["GET", `/api/chat/history/${conversationId}`],
      ["GET", `/api/jobs/${jobId}`],
      ["GET", `/api/jobs/${jobId}/timeline`],
      ["GET", `/api/jobs/${jobId}/events`],
      ["POST", "/api/chat", { message: "Let me in", conversationId }],
      ["DELETE", `/api/jobs/${jobId}`],
      ["DELETE", `/api/conversations/${conversationId}`],
    ] as [method: string, path: string, body?: object][];
  const tryAll = async (ids: { conversationId: string; jobId: string }, headers: object, token?: string) => {
    const answers: ApiAnswer[] = [];
    for (const [method, path, body] of ways(ids)) {
      const options = { method, headers: { ...headers }, token, ...(body && { body }) };
      answers.push(await product().client.request(path, options));
    }
    return answers;
  };
  const listOf = async (sub: string, query = "") => {
    const answer = await product().client.request(`/api/me/conversations${query}`, { headers: await as(sub) });
    expect([answer.status, answer.text]).toEqual([200, expect.anything()]);
    return visitorConversations.parse(answer.body);
  };

  it("opens their conversations without a token, on any device and by every route", async () => {
    const sub = randomUUID();
    const chat = await submitAs(sub, { message: "From my desk" });
    await product().client.ended(chat);
    const statuses = (await tryAll(chat, await as(sub))).map(({ status }) => status);
    // The job has ended: there is nothing to stop.
    expect(statuses).toEqual([200, 200, 200, 200, 200, 202, 409, 204]);
  });

  it("gets a streamed reply with their identity alone", async () => {
    const { provider, apis } = product();
    const sub = randomUUID();
    const { script, release } = heldReply("held");
    provider.answer("From my phone", script);
    const chat = await submitAs(sub, { message: "From my phone" });
    const events = new ApiClient(apis[1]?.url ?? "").request(`/api/jobs/${chat.jobId}/events`, {
      headers: await as(sub),
    });
    release();
    expect((await events).text).toContain("event: done");
  });

  it("lists their own conversations page by page, and no others", async () => {
    const { client } = product();
    const [sub, other] = [randomUUID(), randomUUID()];
    const chats: SubmitResponse[] = [];
    for (const message of ["one", "two", "three"]) {
      const chat = await submitAs(sub, { message });
      await client.ended(chat);
      chats.push(chat);
    }
    await submitAs(other, { message: "another's" });
    await client.submit("nobody's");
    const all = await listOf(sub);
    expect(all.nextBefore).toBeUndefined();
    expect(all.conversations.map(({ id, messageCount, preview }) => [id, messageCount, preview])).toEqual(
      [2, 1, 0].map((index) => [chats[index]?.conversationId, 2, `You said: ${["one", "two", "three"][index]}`]),
    );
    const first = await listOf(sub, "?limit=2");
    expect(first.conversations).toEqual(all.conversations.slice(0, 2));
    expect(first.nextBefore).toBe(chats[1]?.conversationId);
    expect(await listOf(sub, `?limit=2&before=${first.nextBefore}`)).toEqual({
      conversations: all.conversations.slice(2),
    });
    expect((await listOf(other, `?before=${first.nextBefore}`)).conversations).toEqual([]);
    await client.deleteConversation(chats[2] as SubmitResponse);
    expect((await listOf(sub)).conversations.map(({ id }) => id)).toEqual([
      chats[1]?.conversationId,
      chats[0]?.conversationId,
    ]);
  });

  it.each(["?limit=0", "?limit=101", "?limit=x", "?before=1", "?limit=1&limit=2"])(
    "requests a page within bounds (%s)",
    async (query) => {
      const answer = await product().client.request(`/api/me/conversations${query}`, { headers: await as("somebody") });
      expect(answer.status).toBe(400);
    },
  );

  it("must prove their identity to list conversations: a token is not enough", async () => {
    const { client } = product();
    const chat = await submitAs(randomUUID(), { message: "Hello" });
    for (const token of [undefined, chat.token]) {
      const answer = await client.request("/api/me/conversations", { token });
      expect(answer).toMatchObject({ status: 401, body: { type: "/problems/identity-required" } });
    }
  });

  it("never opens another's conversation, whatever accompanies the identity, and learns nothing of it", async () => {
    const { client } = product();
    const [ada, eve] = [randomUUID(), randomUUID()];
    const chat = await submitAs(ada, { message: "Ada's secret" });
    await client.ended(chat);
    const own = await submitAs(eve, { message: "Eve's" });
    const nothing = { conversationId: randomUUID(), jobId: randomUUID() };
    const withoutIds = ({ status, body }: ApiAnswer) => ({ status, body: { ...(body as object), instance: "" } });
    const refused = (await tryAll(nothing, await as(eve))).map(withoutIds);
    for (const { status } of refused) expect(status).toBe(403);
    // Her own token, and Ada's, as on a computer that both use.
    for (const token of [undefined, own.token, chat.token]) {
      expect((await tryAll(chat, await as(eve), token)).map(withoutIds)).toEqual(refused);
    }
    expect((await client.history(chat)).messages.map(({ text }) => text)).toEqual([
      "Ada's secret",
      "You said: Ada's secret",
    ]);
    // Nor is a deleted one told from one that never was.
    await client.deleteConversation(chat);
    expect((await tryAll(chat, await as(eve))).map(withoutIds)).toEqual(refused);
  });

  it("with an invalid identity is anonymous, even with a valid token", async () => {
    const { client } = product();
    const sub = randomUUID();
    const chat = await submitAs(sub, { message: "Mine" });
    const forged = [
      await identityOf(sub, { secret: "another site's secret, and long enough" }),
      await identityOf(sub, { secret: tokenSecret }),
      await identityOf(sub, { expires: "2 minutes ago" }),
      await identityOf(sub, { expires: "2 days" }),
      `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(`{"sub":"${sub}","exp":9999999999}`).toString("base64url")}.`,
      chat.token,
      sub,
      "",
    ];
    for (const identity of forged) {
      const header = { "x-parley-identity": identity };
      for (const token of [undefined, chat.token]) {
        for (const answer of await tryAll(chat, header, token)) {
          expect(answer).toMatchObject({ status: 401, body: { type: "/problems/identity-invalid" } });
        }
      }
      expect((await post({ message: "Who am I?" }, header)).status).toBe(401);
      expect((await client.request("/api/me/conversations", { headers: header })).status).toBe(401);
    }
    expect((await client.conversation(chat)).messageCount).toBeGreaterThan(0);
  });

  it("keeps a conversation begun anonymously, from the first message with their identity", async () => {
    const { client } = product();
    const [sub, other] = [randomUUID(), randomUUID()];
    const chat = await client.submit("Not signed in yet");
    expect((await post({ message: "Mine?", conversationId: chat.conversationId }, await as(sub))).status).toBe(403);
    const signedIn = await post(
      { message: "Signed in", conversationId: chat.conversationId },
      await as(sub),
      chat.token,
    );
    expect(signedIn.status).toBe(202);
    expect((await listOf(sub)).conversations.map(({ id }) => id)).toEqual([chat.conversationId]);
    const stolen = await post(
      { message: "Mine now", conversationId: chat.conversationId },
      await as(other),
      chat.token,
    );
    expect(stolen.status).toBe(403);
    // An EventSource sends the token alone.
    expect((await client.request(`/api/jobs/${chat.jobId}/events?access_token=${chat.token}`)).status).toBe(200);
  });

  it("is not found under another's key, nor under their own key as another visitor", async () => {
    const [sub, other] = [randomUUID(), randomUUID()];
    const key = randomUUID();
    const chat = await submitAs(sub, { message: "Once" }, { "idempotency-key": key });
    const again = await submitAs(sub, { message: "Once" }, { "idempotency-key": key.toUpperCase() });
    expect([again.jobId, again.conversationId]).toEqual([chat.jobId, chat.conversationId]);
    const others = await submitAs(other, { message: "Once" }, { "idempotency-key": key });
    const nobodys = submitResponse.parse((await post({ message: "Once" }, { "idempotency-key": key })).body);
    expect(new Set([chat, others, nobodys].map(({ conversationId }) => conversationId)).size).toBe(3);
    expect((await listOf(other)).conversations.map(({ id }) => id)).toEqual([others.conversationId]);
  });

  it("is stored as a hash alone, and erased with the conversation", async () => {
    const { client, query } = product();
    const sub = `canary-${randomUUID()}`;
    const chat = await submitAs(sub, { message: "Who am I?" });
    const owners = () =>
      query<{ row: string; owned: boolean }>(
        "select conversations::text as row, visitor_hash is not null as owned from conversations where id = $1",
        [chat.conversationId],
      );
    expect(await owners()).toMatchObject([{ owned: true }]);
    expect(JSON.stringify(await owners())).not.toMatch(new RegExp(`${sub}|Ada|ada@`));
    await client.deleteConversation(chat);
    expect(await owners()).toMatchObject([{ owned: false }]);
    expect(product().output()).not.toMatch(new RegExp(`${sub}|ada@example`));
  });

  it("is found in data of an earlier version by every route, and gets the keyed hash", async () => {
    const { client, query } = product();
    const hashOf = async ({ conversationId }: SubmitResponse) => {
      const [row] = await query<{ hash: string }>(
        "select encode(visitor_hash, 'hex') as hash from conversations where id = $1",
        [conversationId],
      );
      return row?.hash;
    };
    const touches: ((sub: string, chat: SubmitResponse) => Promise<unknown>)[] = [
      (sub) => listOf(sub),
      async (sub, { conversationId }) => post({ message: "Again", conversationId }, await as(sub)),
      async (sub, { conversationId }) =>
        client.request(`/api/conversations/${conversationId}`, { headers: await as(sub) }),
      async (sub, { jobId }) => client.request(`/api/jobs/${jobId}`, { headers: await as(sub) }),
    ];
    for (const touch of touches) {
      const sub = randomUUID();
      const former = createHash("sha256").update(sub).digest("hex");
      const chat = await submitAs(sub, { message: "From before the update" });
      // A hash is left for later while the end of a job holds the row.
      await client.ended(chat);
      const keyed = await hashOf(chat);
      expect(keyed).not.toBe(former);
      await query("update conversations set visitor_hash = decode($2, 'hex') where id = $1", [
        chat.conversationId,
        former,
      ]);
      expect((await tryAll(chat, await as(randomUUID()))).map(({ status }) => status)).toEqual(Array(8).fill(403));
      expect(await hashOf(chat)).toBe(former);
      await touch(sub, chat);
      expect(await hashOf(chat)).toBe(keyed);
      expect((await listOf(sub)).conversations.map(({ id }) => id)).toEqual([chat.conversationId]);
    }
  });

  it("repeats a message accepted by an earlier version, and gets its job", async () => {
    const { query } = product();
    const [sub, key] = [randomUUID(), randomUUID()];
    const chat = await submitAs(sub, { message: "Once" }, { "idempotency-key": key });
    const hash = createHash("sha256")
      .update(`first:${createHash("sha256").update(sub).digest("hex")}:${key}`)
      .digest("hex");
    expect(
      await query("select from jobs where id = $1 and idempotency_hash = decode($2, 'hex')", [chat.jobId, hash]),
    ).toHaveLength(1);
  });

  describe("with CONVERSATION_ACCESS=open", () => {
    let open: ApiClient;
    beforeAll(async () => {
      open = new ApiClient((await product().startApi({ CONVERSATION_ACCESS: "open" })).url);
    });

    it("is accessible by the visitor's token or identity alone", async () => {
      const sub = randomUUID();
      const chat = submitResponse.parse((await post({ message: "Mine" }, await as(sub), undefined, open)).body);
      await open.ended(chat);
      const other = await open.submit("Another's");
      const own = await Promise.all(
        ways(chat).map(([method, path, body]) => open.request(path, { method, ...(body && { body }) })),
      );
      for (const answer of own) expect(answer).toMatchObject({ status: 403, body: { type: "/problems/forbidden" } });
      for (const token of ["nonsense", other.token]) {
        expect((await open.request(`/api/conversations/${chat.conversationId}`, { token })).status).toBe(403);
      }
      expect(
        (await open.request(`/api/conversations/${chat.conversationId}`, { headers: await as("eve") })).status,
      ).toBe(403);
      for (const proof of [{ token: chat.token }, { headers: await as(sub) }]) {
        expect((await open.request(`/api/conversations/${chat.conversationId}`, proof)).status).toBe(200);
        expect((await open.request(`/api/jobs/${chat.jobId}/events`, proof)).status).toBe(200);
        const body = { message: "More", conversationId: chat.conversationId };
        expect((await open.request("/api/chat", { method: "POST", body, ...proof })).status).toBe(202);
      }
      expect((await open.history(chat)).messages.map(({ text }) => text)).not.toContain("Let me in");
    });

    it("has no owner until a verified visitor writes to it", async () => {
      const sub = randomUUID();
      const chat = await open.submit("As nobody");
      expect((await open.request(`/api/conversations/${chat.conversationId}`)).status).toBe(200);
      const body = { message: "Signed in", conversationId: chat.conversationId };
      expect((await post(body, await as(sub), undefined, open)).status).toBe(202);
      expect((await open.request(`/api/conversations/${chat.conversationId}`)).status).toBe(403);
      expect((await post({ ...body, message: "Let me in" }, {}, undefined, open)).status).toBe(403);
    });
  });

  describe("where an identity is required", () => {
    let strict: ApiClient;
    beforeAll(async () => {
      strict = new ApiClient((await product().startApi({ IDENTITY: "required" })).url);
    });

    it("refuses anonymous writes; anonymous conversations can still be read and deleted", async () => {
      const { client } = product();
      const chat = await client.submit("As nobody");
      await client.ended(chat);
      for (const body of [{ message: "Hello" }, { message: "Hello", conversationId: chat.conversationId }]) {
        const answer = await post(body, {}, chat.token, strict);
        expect(answer).toMatchObject({ status: 401, body: { type: "/problems/identity-required" } });
      }
      expect(await strict.conversation(chat)).toMatchObject({ id: chat.conversationId });
      const accepted = await post({ message: "Hello" }, await as("somebody"), undefined, strict);
      expect(accepted.status).toBe(202);
      const mine = submitResponse.parse(accepted.body);
      expect(await strict.ended(mine)).toMatchObject({ status: "completed" });
      expect((await strict.deleteConversation(chat)).status).toBe(204);
    });
  });

  it("may adopt a thread of the provider, and an anonymous visitor may not", async () => {
    const thread = { message: "Where were we?", threadId: "thread_1" };
    const nobody = await post(thread, {});
    expect(nobody).toMatchObject({ status: 400, body: { detail: expect.stringContaining("did not begin") as string } });
    const visitor = await post(thread, await as("somebody"));
    expect(visitor).toMatchObject({ status: 400, body: { detail: expect.stringContaining("no threads") as string } });
  });
});
