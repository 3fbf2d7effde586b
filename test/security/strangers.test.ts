import { expect, it } from "vitest";
import type { SubmitResponse } from "../../shared/protocol/submit.ts";
import { eventually, onSharedProducts } from "../system/harness/suite.ts";

const limits = { timeout: 60_000 };

onSharedProducts("a stranger", (product) => {
  /** All of the service that is about somebody's conversation. */
  const doors = ({ conversationId, jobId, messageId }: SubmitResponse) => [
    { method: "GET", path: `/api/jobs/${jobId}` },
    { method: "GET", path: `/api/jobs/${jobId}/events` },
    { method: "GET", path: `/api/jobs/${jobId}/timeline` },
    { method: "DELETE", path: `/api/jobs/${jobId}` },
    { method: "GET", path: `/api/chat/history/${conversationId}` },
    { method: "GET", path: `/api/conversations/${conversationId}` },
    { method: "GET", path: `/api/conversations/${conversationId}/export` },
    { method: "DELETE", path: `/api/conversations/${conversationId}` },
    { method: "POST", path: `/api/messages/${messageId}/feedback`, body: { rating: "down" } },
    { method: "POST", path: "/api/chat", body: { message: "let me in", conversationId } },
    { method: "POST", path: "/api/chat", body: { message: "let me in", sessionId: conversationId } },
  ];

  it("reaches nothing of another visitor, by any route or header", limits, async () => {
    const { client, query } = product();
    const [victim, attacker] = await Promise.all([client.submit("the secret of the victim"), client.submit("mine")]);
    await Promise.all([client.ended(victim), client.ended(attacker)]);
    const bearer = `Bearer ${attacker.token}`;
    const tries: Record<string, string>[] = [
      {},
      { authorization: bearer },
      { authorization: `${bearer}, Bearer ${victim.token.slice(0, -3)}abc` },
      { authorization: bearer, "x-parley-identity": attacker.token },
      { authorization: bearer, "x-original-url": `/api/conversations/${attacker.conversationId}` },
      { authorization: bearer, "x-http-method-override": "GET" },
      { authorization: bearer, "x-forwarded-for": "127.0.0.1", "x-forwarded-host": "localhost" },
      { authorization: bearer, cookie: `token=${victim.token}` },
      { authorization: bearer, "last-event-id": "1:0", "if-none-match": "*" },
    ];
    for (const headers of tries) {
      for (const { method, path, body } of doors(victim)) {
        for (const suffix of ["", path.includes("?") ? "" : `?access_token=${attacker.token}`, "?"]) {
          const answer = await client.request(path + suffix, { method, headers, ...(body && { body }) });
          expect([401, 403], `${method} ${path}${suffix} with ${JSON.stringify(headers)}`).toContain(answer.status);
          expect(answer.text).not.toContain("secret of the victim");
        }
      }
    }
    const [kept] = await query<{ messages: number; open: boolean }>(
      `select message_count as messages, deleted_at is null as open from conversations where id = $1`,
      [victim.conversationId],
    );
    expect(kept).toEqual({ messages: 2, open: true });
    expect((await client.history(victim)).messages).toHaveLength(2);
  });

  it("cannot tell existing ids from missing ones", limits, async () => {
    const { client } = product();
    const [victim, attacker] = await Promise.all([client.submit("am I there?"), client.submit("mine")]);
    const nobody = "5b0d3c5e-8f3a-4c55-9d6e-0c1d2e3f4a5b";
    const invented = { ...victim, conversationId: nobody, jobId: nobody, messageId: nobody };
    for (const token of [undefined, attacker.token]) {
      const [there, not] = await Promise.all(
        [victim, invented].map(async (who) =>
          Promise.all(
            doors(who).map(async ({ method, path, body }) => {
              const { status, text, headers } = await client.request(path, { method, token, ...(body && { body }) });
              const names = [...headers.keys()].filter((name) => name !== "date").toSorted();
              const same = text.replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, "an id");
              return { method, route: path.replaceAll(/[0-9a-f-]{36}/g, "id"), status, same, names };
            }),
          ),
        ),
      );
      expect(not).toEqual(there);
    }
  });

  it("gains no access with a guessed idempotency key, and learns nothing from it", limits, async () => {
    const { client, query } = product();
    const key = "3f1f9d84-94a5-4f0e-8d4d-6a0f4b1c2d3e";
    const first = await client.submit("opened by my key", { key });
    await client.ended(first);
    const guess = await client.submit("opened by my key", { key: "3f1f9d84-94a5-4f0e-8d4d-6a0f4b1c2d3f" });
    expect(guess.conversationId).not.toBe(first.conversationId);
    // In a conversation keys are its own: another's key is just a new one.
    const own = await client.submit("my own", { to: guess, key });
    expect(own.jobId).not.toBe(first.jobId);
    const rows = await query("select from messages where conversation_id = $1", [first.conversationId]);
    expect(rows).toHaveLength(2);
  });

  it("leaves only the refusals of its attempts in the log", limits, async () => {
    const { client, output } = product();
    const victim = await client.submit("quiet");
    await client.request(`/api/conversations/${victim.conversationId}?access_token=canary-of-a-stranger`, {
      headers: { authorization: "Bearer canary-of-a-stranger" },
    });
    await eventually("the request is logged", () => output().includes(`/api/conversations/${victim.conversationId}`));
    expect(output()).not.toContain("canary-of-a-stranger");
  });
});
