import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { expect, it } from "vitest";
import { conversationExport } from "../../../shared/protocol/export.ts";
import type { ConversationRef } from "../harness/api-client.ts";
import { askDesk, makeOperator } from "../harness/operators.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

/** PostgreSQL counts what it reads once a second. */
const statisticsMs = 2500;

onSharedProducts("the export of a conversation", (product, backend) => {
  const fetchExport = ({ conversationId, token }: ConversationRef, accept?: string) =>
    product().client.request(`/api/conversations/${conversationId}/export`, {
      token,
      ...(accept !== undefined && { headers: { accept } }),
    });
  const asJson = async (chat: ConversationRef) => conversationExport.strict().parse((await fetchExport(chat)).body);

  const history = [
    { sender: "user", text: "Do you ship to Chile?", timestamp: 1_700_000_000_000 },
    { sender: "ai", text: "We do.", timestamp: 1_700_000_001_000 },
  ];

  /** One with all that there can be. */
  async function fullConversation() {
    const { client, provider } = product();
    const chat = await client.submit({ message: "How long does it take?", history, metadata: { page: "/ship" } });
    const view = await client.ended(chat);
    await client.request(`/api/messages/${view.reply?.id}/feedback`, {
      method: "POST",
      token: chat.token,
      body: { rating: "down", comment: "Too\nvague" },
    });
    const { script } = heldReply("About ten", " days");
    const message = `Tell me more ${randomUUID()}`;
    provider.answer(message, script);
    const stopped = await client.submit(message, { to: chat });
    await (await client.events(stopped)).untilText("About ten");
    await client.cancel(stopped);
    await client.ended(stopped);
    return { chat, view, stopped, message };
  }

  it("contains all stored data as a JSON file to download", async () => {
    const { chat, view, stopped, message } = await fullConversation();
    const answer = await fetchExport(chat);
    expect(answer.headers.get("content-type")).toMatch(/^application\/json/);
    expect(answer.headers.get("content-disposition")).toBe(
      `attachment; filename=conversation-${chat.conversationId}.json`,
    );
    expect(answer.headers.get("cache-control")).toBe("no-store");
    const { conversation, messages, jobs } = conversationExport.strict().parse(answer.body);
    expect(conversation).toMatchObject({
      id: chat.conversationId,
      assistantType: "default",
      metadata: { page: "/ship" },
      messageCount: 6,
      thread: null,
      verifiedVisitor: false,
    });
    const plain = { imported: false, fallback: false, finishReason: null, feedback: null };
    expect(messages).toMatchObject([
      { ...plain, turn: 1, text: "Do you ship to Chile?", imported: true, createdAt: "2023-11-14T22:13:20.000Z" },
      { ...plain, turn: 1, sender: "ai", text: "We do.", imported: true },
      { ...plain, turn: 2, id: chat.messageId, text: "How long does it take?" },
      {
        ...plain,
        turn: 2,
        id: view.reply?.id,
        text: echoOf("How long does it take?"),
        finishReason: "stop",
        feedback: { rating: "down", comment: "Too\nvague" },
      },
      { ...plain, turn: 3, text: message },
      { ...plain, turn: 3, text: "About ten", finishReason: "cancelled" },
    ]);
    expect(jobs).toMatchObject([
      {
        id: chat.jobId,
        messageId: chat.messageId,
        replyId: view.reply?.id,
        status: "completed",
        provider: "compatible",
        inputTokens: 10,
        error: null,
        runs: [{ outcome: "completed" }],
        calls: [{ provider: "compatible", outcome: "answered", inputTokens: 10, estimated: false }],
      },
      { id: stopped.jobId, status: "cancelled", error: "cancelled", calls: [{ outcome: "stopped" }] },
    ]);
    // Which machine had a job is not theirs to know.
    expect(answer.text).not.toContain("worker");
  });

  it("is a plain-text transcript on request, in which no message can imitate another", async () => {
    const { client } = product();
    const { chat } = await fullConversation();
    const forged = "Hello\n\nAssistant, 2026-01-01 00:00:00 UTC\nA refund of 1,000,000\u2028Visitor\u001b[2J";
    await client.ended(await client.submit(forged, { to: chat }));
    const answer = await fetchExport(chat, "text/plain");
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    expect(answer.headers.get("content-disposition")).toContain(".txt");
    expect(answer.headers.get("vary")).toContain("Accept");
    const headings = answer.text.split("\n").filter((line) => line !== "" && !line.startsWith("    "));
    const time = String.raw`\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC`;
    const expected = [
      `Conversation ${chat.conversationId}`,
      `Begun ${time}, last change ${time}, exported ${time}`,
      `Visitor, ${time}, brought along`,
      `Customer support, ${time}, as the visitor tells it`,
      `Visitor, ${time}`,
      `Customer support, ${time}`,
      `Rated down, ${time}`,
      `Visitor, ${time}`,
      `Customer support, ${time}, stopped by the visitor`,
      `Visitor, ${time}`,
      `Customer support, ${time}`,
    ];
    expect(headings).toEqual(expected.map((line) => expect.stringMatching(new RegExp(`^${line}$`)) as string));
    expect(answer.text).toContain("    page: /ship\n");
    expect(answer.text).toContain("    Too\n    vague\n");
    expect(answer.text).not.toContain("\u001b");
  });

  it("names people who answered, and what was left to them", async () => {
    const { client } = product();
    const chat = await client.submit("First");
    await client.ended(chat);
    const path = `/conversations/${chat.conversationId}`;
    const { token } = chat;
    await client.request(`/api${path}/handoff`, { method: "POST", token, body: { email: "visitor@example.com" } });
    await client.submit("A person, please", { to: chat });
    const ada = await makeOperator(product(), "Ada\nVisitor");
    await askDesk(client, `${path}/messages`, ada, { body: { text: "I am here." } });
    const { conversation, messages, jobs } = await asJson(chat);
    expect(conversation).toMatchObject({ handledBy: "operator", email: "visitor@example.com" });
    expect(messages.slice(2)).toMatchObject([
      { sender: "user", text: "A person, please", operator: null },
      { sender: "operator", text: "I am here.", operator: { name: "Ada\nVisitor" } },
    ]);
    expect(jobs.map(({ handledBy }) => handledBy)).toEqual([null, "waiting"]);
    const { text } = await fetchExport(chat, "text/plain");
    expect(text).toContain("    E-mail address: visitor@example.com\n");
    expect(text).toMatch(
      /\nVisitor, .* UTC\n {4}A person, please\nLeft to people\n\nAda {5}Visitor \(team\), .* UTC\n {4}I am here\.\n$/,
    );
  });

  it.each([
    [undefined, "json"],
    ["*/*", "json"],
    ["application/json, text/plain;q=0.5", "json"],
    ["text/html,application/xhtml+xml,*/*;q=0.8", "json"],
    ["image/png", "json"],
    ["text/plain", "plain"],
    ["text/plain, application/json;q=0.9", "plain"],
  ])("answers %j in %s", async (accept, type) => {
    const { client } = product();
    const chat = await client.submit("Short");
    expect((await fetchExport(chat, accept)).headers.get("content-type")).toContain(type);
  });

  it("lists messages without a reply", async () => {
    const { client, provider } = product();
    provider.answer("Never answered", { before: { stall: true } });
    const chat = await client.submit("Never answered");
    await provider.called("Never answered");
    expect((await fetchExport(chat, "text/plain")).text).toContain("    Never answered\nNo reply: active\n");
    await client.cancel(chat);
    await client.ended(chat);
    expect((await fetchExport(chat, "text/plain")).text).toContain("No reply: The answer was stopped.\n");
  });

  it("requires the conversation's own token, and ends with its deletion", async () => {
    const { client } = product();
    const [mine, other] = [await client.submit("Mine"), await client.submit("Another's")];
    expect((await fetchExport({ ...mine, token: other.token })).status).toBe(403);
    expect((await client.request(`/api/conversations/${mine.conversationId}/export`)).status).toBe(401);
    const head = await client.request(`/api/conversations/${mine.conversationId}/export`, {
      method: "HEAD",
      token: mine.token,
    });
    expect(head).toMatchObject({ status: 200, text: "" });
    await client.deleteConversation(mine);
    expect((await fetchExport(mine)).status).toBe(404);
  });

  it("is complete or a 404 during a deletion, never a broken answer", async () => {
    const { client } = product();
    const chat = await client.submit("Deleted in a moment");
    await client.ended(chat);
    // The first export loads what all need. On a busy machine forty at once would wait for it, and be told to come later.
    await fetchExport(chat);
    const asked = Array.from({ length: 40 }, () => fetchExport(chat));
    await asked[0];
    await client.deleteConversation(chat);
    const answers = await Promise.all(asked);
    expect(answers.map(({ status }) => status).filter((status) => status !== 200 && status !== 404)).toEqual([]);
    for (const { status, body } of answers) if (status === 200) conversationExport.strict().parse(body);
  });

  it.runIf(backend === "postgres")(
    "streams 20,000 messages, and is cut off by a deletion",
    { timeout: 120_000 },
    async () => {
      const { client, query, apis } = product();
      const chat = await client.submit("The first of many");
      await client.ended(chat);
      const turns = 10_000;
      await query(
        `insert into messages (id, conversation_id, turn, sender, text)
       select gen_random_uuid(), $1, turn, sender, repeat('word ', 100)
       from generate_series(2, $2::int) as turn, unnest(array['user', 'ai']) as sender`,
        [chat.conversationId, turns],
      );
      await query("update conversations set next_turn = $2::int + 1 where id = $1", [chat.conversationId, turns]);
      expect((await asJson(chat)).messages).toHaveLength(2 * turns);
      const text = (await fetchExport(chat, "text/plain")).text;
      expect(text.match(/^Visitor, /gm)).toHaveLength(turns);

      // More than sockets hold: Linux lets the receiving one alone grow to 32 MB.
      await query("update messages set text = repeat('word ', 1000) where conversation_id = $1 and turn > 1", [
        chat.conversationId,
      ]);
      // Somebody who asks and does not read: the rest stays where it is.
      const { promise: broken, resolve } = Promise.withResolvers<string>();
      const call = request(`${apis[0]?.url}/api/conversations/${chat.conversationId}/export`, {
        headers: { authorization: `Bearer ${chat.token}` },
      });
      call.end();
      const [answer] = (await once(call, "response")) as [IncomingMessage];
      answer.on("error", (error: NodeJS.ErrnoException) => resolve(String(error.code)));
      answer.on("end", () => resolve("whole"));
      answer.pause();
      let rest = { reads: "", since: 0 };
      await eventually(
        "nothing more is read",
        async () => {
          const [now] = await query<{ reads: string }>(
            "select idx_tup_read::text as reads from pg_stat_user_indexes where indexrelname = 'messages_by_turn'",
          );
          if (now && now.reads !== rest.reads) rest = { reads: now.reads, since: performance.now() };
          return performance.now() - rest.since > statisticsMs;
        },
        30_000,
      );
      await client.deleteConversation(chat);
      answer.resume();
      expect(await broken).toBe("ECONNRESET");
    },
  );
});
