import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { adminPassword, tokenSecret } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

/** Texts that must never be read in a log: each of these goes in somewhere, and comes out nowhere. */
const canary = {
  message: "CANARY message with a card number",
  reply: "CANARY reply",
  history: "CANARY earlier turn",
  metadata: "CANARY-page-url",
  broken: "CANARY in a broken body",
  upstream: "CANARY in the words of a provider",
  comment: "CANARY comment",
  providerKey: "canary-provider-key-0123456789",
  metricsToken: "canary-metrics-token-0123456789",
  adminGuess: "canary-guess-of-a-password",
} as const;

const env = {
  LOG_LEVEL: "trace",
  COMPATIBLE_API_KEY: canary.providerKey,
  METRICS_TOKEN: canary.metricsToken,
};

interface Line {
  service: string;
  msg: string;
  requestId?: string;
  jobId?: string;
  conversationId?: string;
}

onEachBackend("the log", { env, gated: true }, (product) => {
  const lines = (): Line[] =>
    product()
      .output()
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Line);

  it("links a request to its job, from the API to the worker and back", async () => {
    const { client } = product();
    const requestId = `request-${randomUUID()}`;
    const { body } = await client.request("/api/chat", {
      method: "POST",
      headers: { "x-request-id": requestId },
      body: { message: "Find me in the log" },
    });
    const { jobId, conversationId, token } = body as { jobId: string; conversationId: string; token: string };
    await client.ended({ jobId, conversationId, token });
    const ids = { requestId, jobId, conversationId };
    await eventually("the worker says that the job ended", () =>
      lines().some((line) => line.service === "worker" && line.msg === "job ended" && line.requestId === requestId),
    );
    const tied = lines().filter((line) => line.requestId === requestId);
    expect(tied.find(({ service, msg }) => service === "api" && msg === "request")).toMatchObject(ids);
    expect(tied.find(({ service, msg }) => service === "worker" && msg === "job ended")).toMatchObject({
      ...ids,
      status: "completed",
      provider: "compatible",
    });
  });

  it("contains no message, token or key, whatever fails", { timeout: 60_000 }, async () => {
    const { client, provider, gate, output } = product();
    provider.answer(canary.message, { steps: [canary.reply] });
    const chat = await client.submit({
      message: canary.message,
      history: [{ text: canary.history, sender: "user", timestamp: 0 }],
      metadata: { page: canary.metadata },
    });
    const { body: events } = await client.request(`/api/jobs/${chat.jobId}/events?access_token=${chat.token}`);
    expect(events).toBeUndefined();
    await client.ended(chat);
    const { messages } = await client.history(chat);
    const reply = messages.at(-1)?.id ?? "";
    await client.request(`/api/messages/${reply}/feedback`, {
      method: "POST",
      token: chat.token,
      body: { rating: "down", comment: canary.comment },
    });

    // Upstream trouble, in its own words.
    for (const [place, script] of [
      { status: 400, body: JSON.stringify({ error: { message: canary.upstream, type: canary.upstream } }) },
      { status: 500, body: canary.upstream },
      { steps: ["Half", { raw: `data: {"${canary.upstream}\n\n` }, { cut: true } as const] },
      { steps: [{ raw: `data: {"choices":[{"delta":{"content":{"${canary.upstream}":1}}}]}\n\n` }] },
    ].entries()) {
      const message = `${canary.message} ${place}`;
      provider.answer(message, script, script, script);
      await client.ended(await client.submit(message));
    }

    // Requests that are refused.
    await client.request("/api/chat", { method: "POST", body: `{"message":"${canary.broken}` });
    await client.request("/api/chat", {
      method: "POST",
      body: { message: canary.broken, conversationId: canary.broken },
    });
    await client.request(`/api/jobs/${chat.jobId}/events?access_token=${chat.token}x`);
    await client.request("/api/conversations/x", { token: `${chat.token}y` });
    await client.request("/metrics", { token: canary.metricsToken });
    await client.request("/admin/queues", {
      headers: { authorization: `Basic ${Buffer.from(`admin:${canary.adminGuess}`).toString("base64")}` },
    });

    // PostgreSQL goes while a reply is written, and while one is sent.
    const { script, release } = heldReply(canary.reply, canary.reply);
    const held = `${canary.message} held`;
    provider.answer(held, script);
    const waiting = await client.submit(held);
    await provider.called(held);
    await gate?.shut();
    release();
    await client.post(canary.message);
    await client.request(`/api/chat/history/${chat.conversationId}?access_token=${chat.token}`, { token: chat.token });
    await eventually("the worker has noticed", () => output().includes("PostgreSQL is down"));
    await gate?.reopen();
    await client.ended(waiting);
    await client.deleteConversation(chat);

    const said = output();
    expect(said).toContain('"level":20');
    for (const [where, secret] of Object.entries({ ...canary, token: chat.token, adminPassword, tokenSecret })) {
      expect(said.includes(secret), `${where} is in the log`).toBe(false);
    }
    expect(said).not.toMatch(/CANARY|canary-|eyJ[\w-]+\.eyJ/);
  });
});
