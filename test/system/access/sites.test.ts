import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { createTokens } from "../../../services/api/access/tokens.ts";
import { OperatorClient } from "../harness/operator-client.ts";
import { tokenSecret } from "../harness/product.ts";
import { onEachBackend } from "../harness/suite.ts";

interface Description {
  paths: Record<string, Record<string, { requestBody?: unknown }>>;
}

/** Bodies of requests that a valid one must have; others take any. */
const bodies: Record<string, object> = {
  "/api/chat": { message: "Hello" },
  "/api/ui/chat": { id: "1", messages: [{ id: "1", role: "user", parts: [{ type: "text", text: "Hello" }] }] },
  "/api/actions/{id}": { confirm: true },
  "/api/messages/{id}/feedback": { rating: "up" },
  "/api/conversations/{id}/seen": { messageId: randomUUID() },
  "/api/conversations/{id}/stretches/{no}/rating": { rating: "good" },
  "/api/operator/conversations/{id}/look": { looks: true },
  "/api/operator/conversations/{id}/messages": { text: "Hello" },
  "/api/operator/conversations/{id}/notes": { text: "A note" },
  "/api/operator/conversations/{id}/release": { to: "ai" },
  "/api/operator/operators/{id}/role": { role: "reader" },
  "/api/operator/tools/{id}/allow": { hash: "a" },
};

/** Content of a table's rows, to see whether anything has changed. Events are numbered (`pos`) at some later time. */
const contents = ["conversations", "messages", "jobs", "events", "stretches", "notes", "feedback", "actions"].map(
  (table) =>
    `(select jsonb_agg(to_jsonb(r) - 'pos' order by (to_jsonb(r) - 'pos')::text) from ${table} as r) as ${table}`,
);

onEachBackend("another site's conversation", { workers: 0 }, (product) => {
  it("is found by no route, whatever the credentials, and is changed by none", { timeout: 60_000 }, async () => {
    const { client, query } = product();
    const chat = await client.submit("A word that only the other site knows");
    const replyId = randomUUID();
    await query(
      "insert into messages (id, conversation_id, turn, sender, text) values ($1, $2, 1, 'ai', 'Its reply')",
      [replyId, chat.conversationId],
    );
    const actionId = randomUUID();
    await query(
      `insert into actions (id, conversation_id, job_id, no, tool, version, hash, arguments, title, lines, expires_at)
       values ($1, $2, $3, 1, 'cancel', '1', '', '{}', 'Something only the other site knows', '[]', now() + interval '1 h')`,
      [actionId, chat.conversationId, chat.jobId],
    );
    for (const table of ["conversations", "events", "actions"]) await query(`update ${table} set site_id = 'other'`);
    const operatorId = randomUUID();
    await query("insert into operators (id, name, role) values ($1, 'Ana', 'operator')", [operatorId]);
    const before = await query(`select ${contents.join(", ")}`);
    const { paths } = (await client.request("/openapi.json")).body as Description;
    const token = await createTokens([tokenSecret]).sign(chat.conversationId);
    const visited: string[] = [];
    for (const [path, operations] of Object.entries(paths)) {
      // Pages and their files hold nothing of a conversation; nor do canned replies and switches, whose tests have two sites of their own.
      if (
        !/^\/api\/(?!assistants|providers|operator\/canned-replies|operator\/assistants)/.test(path) ||
        !(path.includes("{") || path === "/api/chat" || path === "/api/ui/chat")
      )
        continue;
      const named = path
        .replace("{jobId}", chat.jobId)
        .replace("{sessionId}", chat.conversationId)
        .replace("{suggestionId}", chat.jobId)
        .replace("{no}", "1")
        .replace(
          "{id}",
          path.startsWith("/api/actions") ? actionId : path.startsWith("/api/messages") ? replyId : chat.conversationId,
        );
      for (const [method, { requestBody }] of Object.entries(operations)) {
        const given = path.endsWith("/assign") ? { operatorId } : (bodies[path] ?? {});
        const body = path === "/api/chat" ? { ...given, conversationId: chat.conversationId } : given;
        const { status, text } = await client.request(named, {
          method: method.toUpperCase(),
          ...(path.startsWith("/api/operator") ? { headers: new OperatorClient("").headers } : { token }),
          ...(requestBody !== undefined && { body }),
        });
        visited.push(`${method} ${path}: ${status}`);
        expect([403, 404], `${method} ${path}: ${text}`).toContain(status);
        expect(text).not.toContain("only the other site knows");
      }
    }
    expect(visited.length).toBeGreaterThan(25);
    const inbox = await client.request("/api/operator/inbox", { headers: new OperatorClient("").headers });
    expect(inbox).toMatchObject({ status: 200, body: { conversations: [] } });
    expect(await query(`select ${contents.join(", ")}`)).toEqual(before);
  });
});
