import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { SignJWT } from "jose";
import { afterAll, beforeAll, expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { ApiClient } from "../harness/api-client.ts";
import { onSharedProducts } from "../harness/suite.ts";

const identitySecret = "the secret of the embedding site: long enough";

onSharedProducts("the bot challenge", (product) => {
  let client: ApiClient;
  const addresses: (string | null)[] = [];
  const used = new Set<string | null>();
  /** Takes each answer that begins with "good" once, as Turnstile does. */
  const verifier = createServer((req, res) => void verify(req, res));
  const verify = async (req: IncomingMessage, res: ServerResponse) => {
    const form = new URLSearchParams(await text(req));
    addresses.push(form.get("remoteip"));
    const answer = form.get("response");
    const success = answer?.startsWith("good") === true && !used.has(answer);
    used.add(answer);
    res.end(JSON.stringify({ success }));
  };

  beforeAll(async () => {
    verifier.listen(0, "127.0.0.1");
    await once(verifier, "listening");
    const { url } = await product().startApi({
      CHALLENGE_URL: `http://127.0.0.1:${(verifier.address() as AddressInfo).port}/siteverify`,
      CHALLENGE_SECRET: "the secret for the verifier",
      IDENTITY_SECRET: identitySecret,
      TRUST_PROXY: "1",
    });
    client = new ApiClient(url);
  });
  afterAll(() => void verifier.close());

  const begin = (headers: Record<string, string>) =>
    client.request("/api/chat", { method: "POST", body: { message: "Hello" }, headers });
  const newAnswer = () => `good-${randomUUID()}`;

  it("is required for a new conversation, and its solution is valid once", async () => {
    const answer = newAnswer();
    expect((await begin({ "x-parley-challenge": answer, "x-forwarded-for": "192.0.2.1" })).status).toBe(202);
    expect(addresses.at(-1)).toBe("192.0.2.1");
    for (const headers of [{}, { "x-parley-challenge": answer }, { "x-parley-challenge": "bad" }]) {
      expect(await begin(headers)).toMatchObject({ status: 403, body: { type: "/problems/challenge-failed" } });
    }
  });

  it("is not required for later messages, or for a repeat of the first one", async () => {
    const headers = { "x-parley-challenge": newAnswer(), "idempotency-key": randomUUID() };
    const chat = submitResponse.parse((await begin(headers)).body);
    const again = submitResponse.parse((await begin(headers)).body);
    expect([again.jobId, again.conversationId]).toEqual([chat.jobId, chat.conversationId]);
    expect((await client.post("More", { to: chat })).status).toBe(202);
  });

  it("is not required of a verified visitor", async () => {
    const identity = await new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setSubject("user-7")
      .setExpirationTime("1 hour")
      .sign(Buffer.from(identitySecret));
    expect((await begin({ "x-parley-identity": identity })).status).toBe(202);
  });

  it("blocks new conversations while its verifier is down, and nothing else", async () => {
    const chat = submitResponse.parse((await begin({ "x-parley-challenge": newAnswer() })).body);
    verifier.close();
    verifier.closeAllConnections();
    const refused = await begin({ "x-parley-challenge": newAnswer() });
    expect(refused).toMatchObject({ status: 503, body: { type: "/problems/unavailable" } });
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(0);
    expect((await client.post("More", { to: chat })).status).toBe(202);
  });
});
