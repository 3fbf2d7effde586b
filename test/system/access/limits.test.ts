import { randomInt, randomUUID } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { type ApiAnswer, type ConversationRef, type JobRef, ApiClient } from "../harness/api-client.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

const maxRequests = 100;
const maxReads = 30;
const maxStreams = 3;
const env = {
  // Each test comes from an address of its own.
  TRUST_PROXY: "1",
  RATE_LIMIT_MAX_REQUESTS: String(maxRequests),
  RATE_LIMIT_MAX_READS: String(maxReads),
  RATE_LIMIT_MAX_STREAMS: String(maxStreams),
  // No worker runs: hundreds of messages are accepted, and none of these tests reads a reply.
  MAX_BACKLOG: "1000000",
};

/** Hundreds of requests, on a busy machine. */
const slow = { timeout: 60_000 };

function newAddress(): string {
  return `10.${randomInt(256)}.${randomInt(256)}.${randomInt(256)}`;
}

/** The items of a list of RateLimit or RateLimit-Policy, by name. */
function limitsOf(header: string | null): Record<string, Record<string, number>> {
  return Object.fromEntries(
    (header ?? "").split(", ").map((item) => {
      const [name = "", ...parameters] = item.split(";");
      return [
        JSON.parse(name),
        Object.fromEntries(parameters.map((each) => each.split("=")).map(([k, v]) => [k, Number(v)])),
      ];
    }),
  ) as Record<string, Record<string, number>>;
}

onEachBackend("rate limits", { apis: 2, workers: 0, env }, (product, backend) => {
  const from = (address: string) => ({ "x-forwarded-for": address });
  const clients = () => product().apis.map(({ url }) => new ApiClient(url));
  const post = (
    address: string,
    { to, key, client }: { to?: ConversationRef; key?: string; client?: ApiClient } = {},
  ) =>
    (client ?? product().client).request("/api/chat", {
      method: "POST",
      token: to?.token,
      headers: { ...from(address), ...(key !== undefined && { "idempotency-key": key }) },
      body: { message: "Hello", ...(to && { conversationId: to.conversationId }) },
    });
  const read = (address: string, { jobId, token }: JobRef, path = "", client = product().client) =>
    client.request(`/api/jobs/${jobId}${path}`, { token, headers: from(address) });
  const submit = async (address = newAddress()) => submitResponse.parse((await post(address)).body);

  /** Fifty clients at once, each with its share, half at each process: a process may be slower than the other. */
  const sendMany = async (count: number, send: (client: ApiClient, index: number) => Promise<ApiAnswer>) => {
    const [one, two] = clients() as [ApiClient, ApiClient];
    const answers: ApiAnswer[] = [];
    const atOnce = 50;
    await Promise.all(
      Array.from({ length: atOnce }, async (_, client) => {
        for (let index = client; index < count; index += atOnce) {
          answers.push(await send(client % 2 === 0 ? one : two, index));
        }
      }),
    );
    return answers;
  };
  const passed = (answers: ApiAnswer[]) => answers.filter(({ status }) => status < 300).length;

  it("are exact over two processes with fifty clients, and every answer reports the quota", slow, async (context) => {
    const address = newAddress();
    const answers = await sendMany(3 * maxRequests, (client) => post(address, { client }));
    const storeWasSlow = product().output().includes("counted by each process alone");
    // On a machine so busy that a store takes half a second to answer, each process counts by itself: as it should.
    if (storeWasSlow) context.skip("the store did not answer in time");
    expect(Math.abs(passed(answers) - maxRequests)).toBeLessThanOrEqual(maxRequests / 100);
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBe(answers.length - passed(answers));
    for (const { status, headers, body } of answers) {
      expect(limitsOf(headers.get("ratelimit-policy"))).toEqual({ submissions: { q: maxRequests, w: 900 } });
      const { r = -1, t = -1 } = limitsOf(headers.get("ratelimit"))["submissions"] ?? {};
      expect(t).toBeGreaterThan(800);
      expect(t).toBeLessThanOrEqual(900);
      if (status === 429) {
        expect(r).toBe(0);
        expect(Number(headers.get("retry-after"))).toBe(t);
        expect(body).toMatchObject({ type: "/problems/rate-limited", status: 429 });
      } else expect(r).toBeLessThan(maxRequests);
    }
    expect((await post(newAddress())).status).toBe(202);
  });

  it("count an IPv6 client by its /64, and an IPv4 client in any notation", async () => {
    const network = `2001:db8:${randomInt(65_536).toString(16)}:${randomInt(65_536).toString(16)}`;
    const remaining = async (address: string) =>
      limitsOf((await post(address)).headers.get("ratelimit"))["submissions"]?.["r"];
    expect(await remaining(`${network}::1`)).toBe(maxRequests - 1);
    expect(await remaining(`${network}:ffff:ffff:ffff:ffff`)).toBe(maxRequests - 2);
    expect(await remaining("2001:db8::1:0:0:0:1")).toBe(maxRequests - 1);
    const address = newAddress();
    expect(await remaining(address)).toBe(maxRequests - 1);
    expect(await remaining(`::ffff:${address}`)).toBe(maxRequests - 2);
    expect(await remaining(`${address}:54321`)).toBe(maxRequests - 3);
  });

  it("ignore a forged X-Forwarded-For, behind a proxy or without one", async () => {
    const seen = async (header: string, client?: ApiClient) =>
      limitsOf((await post(header, client ? { client } : {})).headers.get("ratelimit"))["submissions"]?.["r"];
    const address = newAddress();
    expect(await seen(`${newAddress()}, ${address}`)).toBe(maxRequests - 1);
    expect(await seen(`${newAddress()}, ${newAddress()}, ${address}`)).toBe(maxRequests - 2);
    const direct = new ApiClient((await product().startApi({ TRUST_PROXY: "false" })).url);
    const first = (await seen(newAddress(), direct)) ?? -1;
    expect(await seen(newAddress(), direct)).toBe(first - 1);
    expect(await seen(newAddress(), direct)).toBe(first - 2);
    await eventually("it says so, once", () => product().output().split("TRUST_PROXY is not set").length === 2);
  });

  it("warn once about a proxy that hides client addresses, and ignore probes", async () => {
    const api = await product().startApi({ TRUST_PROXY: "1" });
    const behind = new ApiClient(api.url);
    const warnings = () => api.output.split("without X-Forwarded-For").length - 1;
    for (const path of ["/livez", "/readyz", "/metrics", "/"]) await behind.request(path);
    await behind.request("/api/assistants", { headers: { "x-forwarded-for": "192.0.2.9" } });
    expect(warnings()).toBe(0);
    for (let time = 0; time < 3; time += 1) await behind.request("/api/assistants");
    await api.stop();
    expect(warnings()).toBe(1);
    const elsewhere = await product().startApi({ TRUST_PROXY: "192.0.2.0/24" });
    await new ApiClient(elsewhere.url).request("/api/assistants");
    await elsewhere.stop();
    expect(elsewhere.output).not.toContain("without X-Forwarded-For");
  });

  it("count reads apart from submissions, over both processes", async () => {
    const chat = await submit();
    const address = newAddress();
    const answers = await sendMany(3 * maxReads, (client) => read(address, chat, "", client));
    expect(passed(answers)).toBe(maxReads);
    for (const path of [`/api/conversations/${chat.conversationId}`, `/api/chat/history/${chat.conversationId}`]) {
      const answer = await product().client.request(path, { token: chat.token, headers: from(address) });
      expect(answer.status).toBe(429);
      expect(limitsOf(answer.headers.get("ratelimit-policy"))).toEqual({ reads: { q: maxReads, w: 900 } });
    }
    expect((await post(address)).status).toBe(202);
    const stream = await read(address, chat, "/events");
    expect([stream.status, stream.headers.get("content-type")]).toEqual([200, "text/event-stream; charset=utf-8"]);
    expect(stream.text).toMatch(/^retry: ([2-4]\d{3})\nevent: wait\ndata: {"retryMs":\1}\n\n$/);
  });

  it("limit one conversation however many addresses write to it", async () => {
    const chat = await submit();
    const { query } = product();
    await query("update conversations set window_messages = $2 where id = $1", [chat.conversationId, maxRequests - 1]);
    expect((await post(newAddress(), { to: chat })).status).toBe(202);
    const refused = await post(newAddress(), { to: chat });
    expect(refused).toMatchObject({ status: 429, body: { type: "/problems/rate-limited" } });
    expect(limitsOf(refused.headers.get("ratelimit"))).toMatchObject({
      submissions: { r: maxRequests - 1 },
      conversation: { r: 0 },
    });
    const retryAfter = Number(refused.headers.get("retry-after"));
    expect(retryAfter).toBeGreaterThan(800);
    expect(limitsOf(refused.headers.get("ratelimit-policy"))["conversation"]).toEqual({ q: maxRequests, w: 900 });
    await query("update conversations set window_began_at = now() - interval '15 min' where id = $1", [
      chat.conversationId,
    ]);
    expect((await post(newAddress(), { to: chat })).status).toBe(202);
  });

  it("return 401 without a token and do not count the request", async () => {
    const [chat, own] = [await submit(), await submit()];
    const address = newAddress();
    const strangers = [
      ...(await Promise.all(Array.from({ length: 5 }, () => post(address, { to: { ...chat, token: "nonsense" } })))),
      ...(await Promise.all(Array.from({ length: 5 }, () => post(address, { to: { ...chat, token: own.token } })))),
      await read(address, { ...chat, token: "nonsense" }),
      await product().client.request(`/api/conversations/${chat.conversationId}`, {
        token: own.token,
        headers: from(address),
      }),
      await product().client.request(`/api/conversations/${randomUUID()}`, {
        token: own.token,
        headers: from(address),
      }),
    ];
    for (const { status, headers } of strangers) {
      expect([401, 403]).toContain(status);
      for (const name of ["ratelimit", "ratelimit-policy", "retry-after"]) expect(headers.get(name)).toBeNull();
    }
    const mine = await post(address);
    expect(limitsOf(mine.headers.get("ratelimit"))["submissions"]?.["r"]).toBe(maxRequests - 1);
  });

  describe("for refused requests", () => {
    const send = (address: string, body: string, type = "application/json") =>
      product().client.request("/api/chat", {
        method: "POST",
        headers: { ...from(address), "content-type": type },
        body,
      });

    it.each([
      ["a body that is no message", '{"message":""}', "application/json", 400],
      ["a body that is no JSON", "{", "application/json", 400],
      ["a body that is too large", `"${"x".repeat(300_000)}"`, "application/json", 413],
      ["a body of another type", "message=x", "text/plain", 415],
    ])("count them as messages: %s, and then read no body", slow, async (_, body, type, status) => {
      const address = newAddress();
      const first = await send(address, body, type);
      expect(first.status).toBe(status);
      expect(limitsOf(first.headers.get("ratelimit"))["submissions"]?.["r"]).toBe(maxRequests - 1);
      const answers = await Promise.all(Array.from({ length: maxRequests - 1 }, () => send(address, body, type)));
      expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([status]));
      for (const late of [await send(address, body, type), await post(address)]) {
        expect(late).toMatchObject({ status: 429, body: { type: "/problems/rate-limited" } });
        expect(Number(late.headers.get("retry-after"))).toBeGreaterThan(800);
      }
      expect((await post(newAddress())).status).toBe(202);
    });

    it("count requests without access and to unknown paths, and then refuse them", slow, async () => {
      const address = newAddress();
      const chat = await submit();
      const wrong = [
        () => read(address, { ...chat, token: "nonsense" }),
        () => product().client.request("/api/nothing", { headers: from(address) }),
        () => product().client.request("/api/jobs/none", { headers: from(address) }),
      ];
      const answers: ApiAnswer[] = [];
      for (let sent = 0; sent < maxReads + 3; sent += 1) {
        const ask = wrong[sent % wrong.length];
        if (ask) answers.push(await ask());
      }
      const statuses = answers.map(({ status }) => status);
      expect(statuses.slice(0, maxReads - 3)).not.toContain(429);
      await eventually("it is refused", async () => (await read(address, chat)).status === 429);
      expect((await post(address)).status).toBe(429);
      expect((await read(newAddress(), chat)).status).toBe(200);
    });
  });

  it("count a repeat of a message, which also costs a query", async () => {
    const address = newAddress();
    const key = randomUUID();
    const first = await post(address, { key });
    const again = await post(address, { key });
    expect((again.body as JobRef).jobId).toBe((first.body as JobRef).jobId);
    expect(limitsOf(again.headers.get("ratelimit"))["submissions"]?.["r"]).toBe(maxRequests - 2);
  });

  it("limit the open connections of a client, and free them when they close", async () => {
    const { client } = product();
    const chat = await client.submit("Keep me open");
    const address = newAddress();
    const open = async () => {
      const closing = new AbortController();
      const { signal } = closing;
      const headers = { ...from(address), authorization: `Bearer ${chat.token}` };
      const { body } = await fetch(`${client.base}/api/jobs/${chat.jobId}/events`, { headers, signal });
      let text = "";
      for await (const chunk of body?.pipeThrough(new TextDecoderStream()).values({ preventCancel: true }) ?? []) {
        text += chunk;
        if (text.includes("event: ")) break;
      }
      return { taken: text.includes("event: status"), close: () => closing.abort() };
    };
    const streams = await Promise.all(Array.from({ length: maxStreams }, open));
    expect(streams.map(({ taken }) => taken)).toEqual(streams.map(() => true));
    const refused = await read(address, chat, "/events");
    expect([refused.status, refused.text]).toEqual([200, expect.stringMatching(/^retry: [2-4]\d{3}\nevent: wait\n/)]);
    const began = performance.now();
    const waiting = await client.request(`/api/jobs/${chat.jobId}`, {
      token: chat.token,
      headers: { ...from(address), prefer: "wait=30" },
    });
    expect([waiting.status, waiting.headers.get("preference-applied")]).toEqual([200, null]);
    expect(performance.now() - began).toBeLessThan(5000);
    streams[0]?.close();
    await eventually("a place is free", async () => {
      const next = await open();
      next.close();
      return next.taken;
    });
    for (const stream of streams) stream.close();
  });

  describe.skipIf(backend === "postgres")("while Redis is down", () => {
    let chat: JobRef;
    beforeAll(async () => {
      chat = await submit();
    });

    /** As many as would use up both processes' counts. */
    const flood = async () => {
      const address = newAddress();
      const times: number[] = [];
      const answers = await sendMany(3 * maxRequests, async (client) => {
        const began = performance.now();
        const answer = await post(address, { client });
        times.push(performance.now() - began);
        return answer;
      });
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202, 429]));
      return { passed: passed(answers), slowestMs: times.toSorted((a, b) => b - a)[times.length / 100] ?? 0 };
    };

    it.each(["killed", "hanging"])(
      "are kept by each process alone, and no message waits (Redis %s)",
      slow,
      async (trouble) => {
        const { redis } = product();
        const before = await flood();
        if (trouble === "killed") await redis?.kill();
        else redis?.pause();
        const during = await flood();
        // Not open: each process counts for itself. Not down: nobody else is refused.
        expect(during.passed).toBe(2 * maxRequests);
        expect(during.slowestMs).toBeLessThan(1000 + 2 * before.slowestMs);
        expect((await read(newAddress(), chat)).status).toBe(200);
        if (trouble === "killed") await redis?.restart();
        else redis?.resume();
        await eventually("they count together again", async () => {
          const [one, two] = clients() as [ApiClient, ApiClient];
          const address = newAddress();
          await post(address, { client: one });
          const second = await post(address, { client: two });
          return limitsOf(second.headers.get("ratelimit"))["submissions"]?.["r"] === maxRequests - 2;
        });
      },
    );
  });
});
