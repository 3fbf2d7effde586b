import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { colleague, operatorAnswer, operatorConversation, operatorList } from "../../../shared/protocol/operator.ts";
import type { ConversationRef } from "../harness/api-client.ts";
import { asSupport, askDesk, makeOperator, type OperatorHeaders } from "../harness/operators.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

onSharedProducts("the desk", (product) => {
  let mia: OperatorHeaders;
  let reader: OperatorHeaders;
  beforeAll(async () => {
    mia = await makeOperator(product(), "Mia");
    reader = await makeOperator(product(), "Rea", "reader");
  });

  const desk = (path: string, headers = mia, options?: { method?: string; body?: unknown }) =>
    askDesk(product().client, path, headers, options);
  const post = (path: string, body: unknown = {}, headers = mia) => desk(path, headers, { body });
  const read = async ({ conversationId }: ConversationRef, query = "") =>
    operatorConversation.parse((await desk(`/conversations/${conversationId}${query}`)).body);
  /** A conversation with that many answered messages. */
  const converse = async (...messages: string[]) => {
    const { client } = product();
    let chat = await client.submit({ message: messages[0] ?? "", metadata: { page: "/a", locale: "de" } });
    await client.ended(chat);
    for (const message of messages.slice(1)) {
      chat = await client.submit(message, { to: chat });
      await client.ended(chat);
    }
    return chat;
  };

  describe("operators", () => {
    it("learn who they are, and who is there", async () => {
      expect(colleague.parse((await desk("/me")).body)).toMatchObject({ name: "Mia", role: "operator", online: false });
      const put = (state: string, headers = mia) => desk("/presence", headers, { method: "PUT", body: { state } });
      expect((await put("online")).status).toBe(204);
      expect((await desk("/me")).body).toMatchObject({ online: true });
      const { operators } = operatorList.parse((await desk("/operators", reader)).body);
      expect(operators.map(({ name, online }) => [name, online])).toEqual(
        expect.arrayContaining([
          ["Mia", true],
          ["Rea", false],
        ]),
      );
      expect((await put("away")).status).toBe(204);
      expect((await desk("/me")).body).toMatchObject({ online: false });
      expect((await put("lunch")).status).toBe(400);
      expect((await put("online", reader)).status).toBe(403);
    });

    it("lose their open streams soon after their key was revoked", async () => {
      const leaving = await makeOperator(product(), "Leaving");
      const url = `${product().client.base}/api/operator/inbox/events`;
      const stream = await fetch(url, { headers: leaving });
      expect(stream.status).toBe(200);
      await product().query(
        `update operator_keys set revoked_at = now()
         where operator_id = (select id from operators where name = 'Leaving')`,
      );
      expect(await stream.text()).toMatch(/event: wait\n.*\n\n$/);
      expect((await fetch(url, { headers: leaving })).status).toBe(401);
    });

    it("are not kept out by a visitor's limits, and their answers are for no page of another origin", async () => {
      const api = await product().startApi({
        RATE_LIMIT_MAX_READS: "3",
        RATE_LIMIT_WINDOW_MS: "600000",
        ALLOWED_ORIGINS: "https://shop.example",
      });
      const visit = () => fetch(`${api.url}/api/chat/history/${crypto.randomUUID()}`);
      for (let time = 0; time < 5; time += 1) await visit();
      expect((await visit()).status).toBe(429);
      const answer = await fetch(`${api.url}/api/operator/me`, {
        headers: { ...mia, origin: "https://shop.example" },
      });
      expect(answer.status).toBe(200);
      expect(answer.headers.has("access-control-allow-origin")).toBe(false);
      expect(await api.stop()).toBe(0);
    });
  });

  describe("a conversation", () => {
    it("is read with its notes, jobs and a cursor from which its stream goes on", async () => {
      const chat = await converse("first", "second");
      expect((await post(`/conversations/${chat.conversationId}/notes`, { text: " Call back. " })).status).toBe(201);
      const whole = await read(chat);
      expect(whole).toMatchObject({
        id: chat.conversationId,
        handledBy: "ai",
        channel: "widget",
        verifiedVisitor: false,
        metadata: { page: "/a", locale: "de" },
        emailLeft: false,
        activeJobId: null,
        notes: [{ operator: "Mia", text: "Call back." }],
        jobs: [{ status: "completed" }, { jobId: chat.jobId, status: "completed", attempt: 1 }],
        stretches: [],
      });
      expect(whole.messages.map(({ text, sender }) => [sender, text])).toEqual([
        ["user", "first"],
        ["ai", "You said: first"],
        ["user", "second"],
        ["ai", "You said: second"],
      ]);
      const page = await read(chat, "?limit=1");
      expect([page.messages.length, page.nextBefore]).toEqual([1, whole.messages[3]?.id]);
      const older = await read(chat, `?limit=2&before=${page.nextBefore}`);
      expect(older.messages).toEqual(whole.messages.slice(1, 3));
      const unknown = `/conversations/${chat.conversationId}?before=${chat.conversationId}`;
      expect((await desk(unknown)).body).toMatchObject({ status: 400, errors: [{ path: "before" }] });

      const url = `${product().client.base}/api/operator/conversations/${chat.conversationId}/events`;
      const stream = await fetch(`${url}?after=${whole.cursor}`, { headers: reader });
      await product().client.submit("third", { to: chat });
      let text = "";
      for await (const chunk of stream.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        text += chunk;
        if (text.includes("completed")) break;
      }
      expect(text.match(/^event: .*/gm)).toEqual(["event: message", "event: job", "event: message", "event: job"]);
    });

    it("is unknown once it is deleted, and to those without credentials", async () => {
      const chat = await converse("Hello");
      const path = `/conversations/${chat.conversationId}`;
      const asVisitor = { authorization: `Bearer ${chat.token}` };
      for (const each of [path, `${path}/events`, `/jobs/${chat.jobId}`, `/jobs/${chat.jobId}/events`, "/operators"]) {
        expect((await desk(each, asVisitor)).status, each).toBe(401);
      }
      expect((await desk("/conversations/7")).status).toBe(400);
      await product().client.deleteConversation(chat);
      for (const each of [path, `${path}/events`, `/jobs/${chat.jobId}`]) {
        expect((await desk(each)).status, each).toBe(404);
      }
      for (const change of ["seen", "block", "unblock"]) expect((await post(`${path}/${change}`)).status).toBe(404);
      expect((await post(`${path}/notes`, { text: "late" })).status).toBe(404);
    });

    it("is marked and blocked as often as asked, but not by readers", async () => {
      const chat = await converse("Hello");
      const row = async () =>
        (
          await product().query<{ seen: boolean; blocked: boolean; visitors: number }>(
            `select seen_turn = next_turn - 1 as seen, blocked_at is not null as blocked,
                    (select count(*)::int from blocked_visitors where visitor_hash = conversations.visitor_hash) as visitors
             from conversations where id = $1`,
            [chat.conversationId],
          )
        )[0];
      const visitorHash = randomBytes(32);
      await product().query("update conversations set visitor_hash = $2 where id = $1", [
        chat.conversationId,
        visitorHash,
      ]);
      const other = await converse("Another conversation of the same visitor");
      await product().query("update conversations set visitor_hash = $2 where id = $1", [
        other.conversationId,
        visitorHash,
      ]);
      for (const change of ["seen", "seen", "block", "block"]) {
        const { status, body } = await post(`/conversations/${chat.conversationId}/${change}`);
        expect(status).toBe(200);
        expect(operatorAnswer.parse(body)).toMatchObject({ handledBy: "ai" });
        expect((await post(`/conversations/${chat.conversationId}/${change}`, {}, reader)).status).toBe(403);
      }
      expect(await row()).toEqual({ seen: true, blocked: true, visitors: 1 });
      // The token alone does not help, and strangers are not concerned.
      const { client } = product();
      for (const each of [chat, other]) {
        expect((await client.post("Let me in", { to: each })).body).toMatchObject({ type: "/problems/blocked" });
      }
      expect(await read(other)).toHaveProperty("blocked", true);
      expect((await client.submit("Hello")).status).toBe("queued");
      for (let time = 0; time < 2; time += 1) {
        expect((await post(`/conversations/${chat.conversationId}/unblock`)).status).toBe(200);
      }
      expect(await row()).toEqual({ seen: true, blocked: false, visitors: 0 });
      expect(await read(other)).not.toHaveProperty("blocked");
      for (const each of [chat, other]) expect((await client.submit("Thank you", { to: each })).status).toBe("queued");
    });

    it("shows its notes neither to the visitor nor to the model", async () => {
      const chat = await converse("Hello");
      const secret = `note-${crypto.randomUUID()}`;
      await post(`/conversations/${chat.conversationId}/notes`, { text: secret });
      const { client, provider } = product();
      const next = await client.submit("And more", { to: chat });
      await client.ended(next);
      const { token, conversationId } = chat;
      const exported = await client.request(`/api/conversations/${conversationId}/export`, { token });
      const transcript = await client.request(`/api/conversations/${conversationId}/export`, {
        token,
        headers: { accept: "text/plain" },
      });
      const history = await client.history(chat);
      const shown = [exported.text, transcript.text, history, await client.conversation(chat), provider.calls];
      expect(exported.text).toContain("And more");
      expect(JSON.stringify(shown)).not.toContain(secret);
      expect(JSON.stringify(await read(chat))).toContain(secret);
    });

    it("has an audit line for each reading and each change, with a name and without a text", async () => {
      const chat = await converse("A private question");
      await read(chat);
      await post(`/conversations/${chat.conversationId}/notes`, { text: "A private note" });
      await desk(`/jobs/${chat.jobId}`, asSupport);
      const { output } = product();
      const lines = await eventually("three audit lines", () => {
        const found = output().match(/^.*"msg":"audit".*$/gm) ?? [];
        const about = found.filter((line) => line.includes(chat.conversationId));
        return about.length >= 3 && about.map((line) => JSON.parse(line) as Record<string, unknown>);
      });
      expect(lines.map(({ audit, operator }) => [audit, operator])).toEqual([
        ["read", "Mia"],
        ["notes", "Mia"],
        ["read job", "Support"],
      ]);
      expect(lines.every(({ operatorId }) => typeof operatorId === "string")).toBe(true);
      expect(output()).not.toContain("A private");
    });
  });

  it("follows a job as visitors do", async () => {
    const { client } = product();
    const chat = await client.submit("Follow me");
    const stream = await fetch(`${client.base}/api/operator/jobs/${chat.jobId}/events`, { headers: reader });
    const text = await stream.text();
    expect(text).toMatch(/^event: done$/m);
    expect(text).toContain("You said: Follow me");
    expect((await desk(`/jobs/${chat.jobId}/timeline`)).body).toMatchObject({ status: "completed" });
    expect((await desk(`/jobs/${chat.jobId}`, reader, { method: "DELETE" })).status).toBe(403);
  });
});
