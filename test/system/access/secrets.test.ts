import { randomUUID } from "node:crypto";
import { SignJWT } from "jose";
import { expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { adminPassword, tokenSecret } from "../harness/product.ts";
import { onEachBackend } from "../harness/suite.ts";

const identitySecret = "the secret of the embedding site: long enough";
const readPassword = "let the viewer look";
const env = {
  // All there is to be said.
  LOG_LEVEL: "trace",
  IDENTITY_SECRET: identitySecret,
  ADMIN_READ_PASSWORD: readPassword,
  METRICS_TOKEN: "a token for metrics alone",
};

onEachBackend("secrets", { workers: 1, env }, (product) => {
  it("appear in no log, at any level, whatever a client does with them", async () => {
    const { client, output, redis } = product();
    const canary = () => `canary-${randomUUID()}`;
    const [text, key, challenge, sub, query] = [canary(), canary(), canary(), canary(), canary()];
    const identity = await new SignJWT({ name: canary(), email: `${canary()}@example.com` })
      .setProtectedHeader({ alg: "HS256" })
      .setSubject(sub)
      .setExpirationTime("1 hour")
      .sign(Buffer.from(identitySecret));
    const headers = { "x-parley-identity": identity, "x-parley-challenge": challenge, cookie: `session=${canary()}` };

    const first = randomUUID();
    const chat = submitResponse.parse(
      (
        await client.request("/api/chat", {
          method: "POST",
          headers: { ...headers, "idempotency-key": first },
          body: { message: text, metadata: { page: text }, history: [{ text, sender: "user", timestamp: 1 }] },
        })
      ).body,
    );
    await client.ended(chat);
    const { conversationId, jobId, token } = chat;
    await client.request(`/api/jobs/${jobId}/events?access_token=${token}`);
    await client.post(text, { to: chat, key });
    await client.post(text.repeat(200), { to: chat, key });
    await client.post({ message: "x", metadata: text }, { to: chat });
    await client.request("/api/chat", { method: "POST", token, headers, body: `{"message":"${text}` });
    await client.request(`/api/conversations/${conversationId}?access_token=${token}&q=${query}`, { headers });
    await client.request(`/api/chat/history/${conversationId}?before=${query}`, { token });
    for (const password of [adminPassword, readPassword, query]) {
      const authorization = `Basic ${Buffer.from(`admin:${password}`).toString("base64")}`;
      await client.request("/admin/queues/api/queues", { headers: { authorization } });
    }
    await client.request("/metrics", { token: env.METRICS_TOKEN });
    // Errors of failing stores are written down, too.
    await redis?.kill();
    await client.post(text, { to: chat });
    await redis?.restart();
    await client.deleteConversation(chat);

    const written = output();
    expect(written).toContain(jobId);
    expect(written).toContain('"level":20');
    const secrets = {
      text,
      key,
      first,
      challenge,
      sub,
      query,
      identity,
      token,
      cookie: headers.cookie,
      adminPassword,
      readPassword,
      tokenSecret,
      identitySecret,
      metrics: env.METRICS_TOKEN,
      encoded: Buffer.from(`admin:${adminPassword}`).toString("base64"),
    };
    for (const [name, secret] of Object.entries(secrets)) expect(written.includes(secret), name).toBe(false);
    expect(written).not.toMatch(/canary-/);
  });
});
