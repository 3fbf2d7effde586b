import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { expect, it } from "vitest";
import { ApiClient } from "../harness/api-client.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";
import { shownText, UiClient } from "./ui-client.ts";

const secret = "a secret of the embedding site that is long enough";

async function identityOf(sub: string): Promise<Record<string, string>> {
  const claims = new SignJWT({ sub }).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime("1 hour");
  return { "x-parley-identity": await claims.sign(Buffer.from(secret)) };
}

/** A request as the AI SDK's own transport sends it. */
function bodyOf(text: string, id: string = randomUUID()) {
  return {
    id: "support",
    trigger: "submit-message",
    messages: [{ id, role: "user", parts: [{ type: "text", text }] }],
  };
}

onSharedProducts("requests of the AI SDK", (product) => {
  const send = (body: unknown, { token, headers }: { token?: string; headers?: Record<string, string> } = {}) =>
    product().client.request("/api/ui/chat", { method: "POST", body, token, ...(headers && { headers }) });
  const stream = (token?: string, method = "GET") =>
    product().client.request("/api/ui/chat/support/stream", { method, token });
  const tokenOf = ({ headers }: { headers: Headers }) => headers.get("x-parley-token") ?? "";
  const jobsOf = (text: string) =>
    product().query<{ id: string }>(
      "select jobs.id from jobs join messages on messages.id = message_id where text = $1 order by jobs.turn",
      [text],
    );

  it("are answered with a stream that names its protocol, its conversation and its end", async () => {
    const text = `Hello ${randomUUID()}`;
    const answer = await send(bodyOf(text));
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(answer.headers.get("x-vercel-ai-ui-message-stream")).toBe("v1");
    const chunks = answer.text
      .trim()
      .split("\n\n")
      .map((line) => line.replace(/^data: /, ""));
    expect(chunks.pop()).toBe("[DONE]");
    const read = chunks.filter((chunk) => !chunk.startsWith(":")).map((chunk) => JSON.parse(chunk) as { type: string });
    const [job] = await jobsOf(text);
    expect(read.slice(0, 4)).toMatchObject([
      { type: "start", messageId: job?.id },
      { type: "data-parley", data: { token: tokenOf(answer) } },
      { type: "data-handling", data: { handledBy: "ai" } },
      { type: "start-step" },
    ]);
    expect(read.map(({ type }) => type).slice(-4)).toEqual(["text-end", "finish-step", "data-parley", "finish"]);
  });

  it("are one message for each id, however often it is sent", async () => {
    const [first, second] = [`First ${randomUUID()}`, `Second ${randomUUID()}`];
    const begun = bodyOf(first);
    const answers = await Promise.all([send(begun), send(begun)]);
    expect(await jobsOf(first)).toHaveLength(1);
    const [token = ""] = answers.map(tokenOf);
    const next = bodyOf(second, "1");
    const all = await Promise.all([send(next, { token }), send(next, { token }), send(next, { token })]);
    const later = await send(next, { token });
    const [job] = await jobsOf(second);
    expect(await jobsOf(second)).toHaveLength(1);
    for (const { text } of [...all, later]) expect(text).toContain(`"messageId":"${job?.id}"`);
    expect(later.text).toContain(`"delta":${JSON.stringify(echoOf(second))}`);
  });

  it("open nothing by the id of a chat, and find the chat of a verified visitor by it", async () => {
    const { startApi } = product();
    const { url } = await startApi({ IDENTITY_SECRET: secret });
    const mine = await identityOf(randomUUID());
    const visitor = new UiClient(product(), () => mine);
    const page = await visitor.open({ url });
    await page.chat.sendMessage({ text: "My first" });
    const { conversationId } = visitor.kept;
    const client = new ApiClient(url);
    const body = { ...bodyOf("From my phone"), id: visitor.chatId };
    const post = (headers: Record<string, string>) =>
      client.request("/api/ui/chat", { method: "POST", body: { ...body, messages: bodyOf("x").messages }, headers });
    const [phone, stranger, nobody] = await Promise.all([
      client.request("/api/ui/chat", { method: "POST", body, headers: mine }),
      post(await identityOf(randomUUID())),
      post({}),
    ]);
    expect(phone.text).toContain(`"conversationId":"${conversationId}"`);
    for (const other of [stranger, nobody]) {
      expect(other.status).toBe(200);
      expect(other.text).not.toContain(conversationId);
    }
    const path = `/api/ui/chat/${encodeURIComponent(visitor.chatId)}/stream`;
    expect((await client.request(path)).status).toBe(204);
    expect((await client.request(path, { headers: mine })).status).toBe(204);
    expect(await client.request(path, { method: "DELETE" })).toMatchObject({ status: 401 });
    expect(await client.request(path, { token: "not one of ours" })).toMatchObject({ status: 401 });
  });

  it("that begin the chat of a verified visitor at once begin it once", async () => {
    const { url } = await product().startApi({ IDENTITY_SECRET: secret });
    const headers = await identityOf(randomUUID());
    const client = new ApiClient(url);
    const bodies = ["one", "two", "three"].map((text) => bodyOf(`${text} ${randomUUID()}`));
    const answers = await Promise.all(
      bodies.map((body) => client.request("/api/ui/chat", { method: "POST", body, headers })),
    );
    const found = answers.map(({ text }) => /"conversationId":"([^"]+)"/.exec(text)?.[1]);
    expect(found[0]).toBeDefined();
    expect(new Set(found).size).toBe(1);
  });

  it("are refused with the field and the reason, and leave nothing", async () => {
    const { status, body } = await send({
      id: "support",
      messages: [{ id: "1", role: "user", parts: [{ type: "file" }] }],
    });
    expect({ status, body }).toMatchObject({
      status: 400,
      body: { type: "/problems/invalid-request", errors: [{ path: "messages.0.parts.0" }] },
    });
    expect((await send("{")).status).toBe(400);
    const long = { ...bodyOf("Hello"), more: "x".repeat(2 ** 20) };
    expect(await send(long)).toMatchObject({
      status: 413,
      body: { detail: expect.stringContaining("last message") as string },
    });
    const answered = {
      id: "1",
      role: "assistant",
      parts: [{ type: "dynamic-tool", state: "approval-responded", approval: { id: randomUUID(), approved: true } }],
    };
    const token = tokenOf(await send(bodyOf(`Hello ${randomUUID()}`)));
    // Neither another's action nor one that never was.
    expect((await send({ id: "support", messages: [answered] }, { token })).status).toBe(403);
    expect((await send({ id: "support", messages: [answered] })).status).toBe(401);
  });

  it("are broken off, never ended, when their process ends or their reply is lost, and stop by DELETE", async () => {
    const { provider, startApi } = product();
    const text = `Drain ${randomUUID()}`;
    const { script, release } = heldReply("Half", " whole.");
    provider.answer(text, script);
    const ending = await startApi();
    const response = await fetch(`${ending.url}/api/ui/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(bodyOf(text)),
    });
    const token = tokenOf(response);
    await provider.called(text);
    const reading = response.text();
    const stopping = ending.stop();
    await expect(reading).rejects.toThrow();
    expect(await stopping).toBe(0);
    const resumed = await fetch(`${product().client.base}/api/ui/chat/support/stream`, {
      headers: { authorization: `Bearer ${token}` },
    });
    release();
    expect(await resumed.text()).toContain("[DONE]");
    expect((await stream(token)).status).toBe(204);
    expect((await stream(token, "DELETE")).status).toBe(204);
  });

  it("are refused while a process runs that knows no doors, but for a message that was accepted before", async () => {
    const { query } = product();
    const accepted = bodyOf(`Before ${randomUUID()}`);
    const token = tokenOf(await send(accepted));
    const older = randomUUID();
    const report = "insert into process_reports (process_id, name, place, version) values ($1, 'api', 'older:1', 2)";
    await query(report, [older]);
    const text = `Meanwhile ${randomUUID()}`;
    let refused = await send(bodyOf(text));
    await eventually("it is known", async () => (refused = await send(bodyOf(text))).status === 409);
    expect(refused.body).toMatchObject({ type: expect.stringContaining("updating") as string });
    expect(refused.headers.get("retry-after")).toBe("30");
    const before = await jobsOf(text);
    expect((await send(bodyOf(text), { token })).status).toBe(409);
    expect(await jobsOf(text)).toEqual(before);
    expect((await send(accepted, { token })).status).toBe(200);
    await query("delete from process_reports where process_id = $1", [older]);
    await eventually("it is over", async () => (await send(bodyOf(text))).status === 200);
  });

  it("show at the desk as what they are", async () => {
    const visitor = new UiClient(product());
    const { chat } = await visitor.open();
    const text = `Inbox ${randomUUID()}`;
    await chat.sendMessage({ text });
    expect(shownText(chat.lastMessage)).toBe(echoOf(text));
    const desk = new OperatorClient(product().client.base);
    const { body } = await desk.request(`/conversations/${visitor.kept.conversationId}`);
    expect(body).toMatchObject({ channel: "ai-sdk" });
  });
});
