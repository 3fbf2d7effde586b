import { randomUUID } from "node:crypto";
import { request as httpRequest } from "node:http";
import { SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { problem } from "../../../shared/protocol/service.ts";
import { type ApiAnswer, ApiClient } from "../harness/api-client.ts";
import { tokenSecret } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

/** Insides that must never stand in a body: a stack, a statement, a file of ours, a password. */
const insides = /\bat \S+ \(|node_modules|\.ts\b|select |insert |postgres:|\bECONN|violates/;

onSharedProducts("access control", (product) => {
  /** Every way to read or change a conversation or a job. */
  const ways = (conversationId: string, jobId: string): [method: string, path: string, body?: object][] => [
    ["GET", `/api/conversations/${conversationId}`],
    ["DELETE", `/api/conversations/${conversationId}`],
    ["GET", `/api/chat/history/${conversationId}`],
    ["GET", `/api/jobs/${jobId}`],
    ["GET", `/api/jobs/${jobId}/events`],
    ["DELETE", `/api/jobs/${jobId}`],
    ["POST", "/api/chat", { message: "Let me in", conversationId }],
    ["POST", "/api/chat", { message: "Let me in", sessionId: conversationId }],
  ];
  const tryAll = (client: ApiClient, ids: { conversationId: string; jobId: string }, token?: string) =>
    Promise.all(
      ways(ids.conversationId, ids.jobId).map(([method, path, body]) =>
        client.request(path, { method, token, ...(body && { body }) }),
      ),
    );

  it("requires a token on every route", async () => {
    const { client } = product();
    const chat = await client.submit("Mine");
    for (const answer of await tryAll(client, chat)) {
      expectProblem(answer, 401, "unauthorized");
      expect(answer.headers.get("www-authenticate")).toBe("Bearer");
    }
    expect((await client.conversation(chat)).messageCount).toBeGreaterThan(0);
  });

  it.each(["malformed", "expired", "forged", "for another audience", "unsigned"])(
    "refuses a token that is %s",
    async (kind) => {
      const { client } = product();
      const chat = await client.submit("Mine");
      const token = await badToken(kind, chat.conversationId);
      for (const answer of await tryAll(client, chat, token)) expectProblem(answer, 401, "unauthorized");
      expect((await client.history(chat)).messages[0]?.text).toBe("Mine");
    },
  );

  it("refuses the token of another conversation, whether the target exists or not", async () => {
    const { client } = product();
    const [mine, other] = await Promise.all([client.submit("Mine"), client.submit("Another's")]);
    const known = await tryAll(client, other, mine.token);
    const unknown = await tryAll(client, { conversationId: randomUUID(), jobId: randomUUID() }, mine.token);
    for (const answer of known) expectProblem(answer, 403, "forbidden");
    const withoutIds = ({ status, body }: ApiAnswer) => ({ status, body: { ...(body as object), instance: "" } });
    expect(unknown.map(withoutIds)).toEqual(known.map(withoutIds));
    expect(await client.job(other)).toMatchObject({ conversationId: other.conversationId });
  });

  it("renews the token with every message", async () => {
    const { client } = product();
    const first = await client.submit("One");
    const second = await client.submit("Two", { to: first });
    for (const token of [first.token, second.token]) await client.conversation({ ...first, token });
  });

  it("accepts a token in the query of event streams alone, and logs it nowhere", async () => {
    const { client, output } = product();
    const chat = await client.submit("Watch me in a browser");
    await client.ended(chat);
    const query = `?access_token=${chat.token}`;
    const events = await client.request(`/api/jobs/${chat.jobId}/events${query}`);
    expect(events.status).toBe(200);
    expect(events.text).toContain("event: done");
    const others = await Promise.all(
      ways(chat.conversationId, chat.jobId)
        .filter(([, path]) => !path.endsWith("/events"))
        .map(([method, path, body]) => client.request(path + query, { method, ...(body && { body }) })),
    );
    for (const answer of others) {
      expectProblem(answer, 401, "unauthorized");
      expect(answer.text).not.toContain(chat.token);
    }
    const refused = await client.request(`/api/jobs/${randomUUID()}/events${query}`);
    expectProblem(refused, 403, "forbidden");
    expect(refused.text).not.toContain(chat.token);
    expect(output()).toContain(chat.jobId);
    expect(output()).not.toContain(chat.token);
  });

  it.each(["nonsense", "00000000-0000-0000-0000-00000000000g", "%00", "..%2f..", "%ff"])(
    "answers 400 for an id that is no UUID (%s)",
    async (id) => {
      const { client } = product();
      const { token } = await client.submit("Mine");
      for (const [method, path] of ways(id, id).filter(([way]) => way !== "POST")) {
        const answer = await client.request(path, { method, token });
        expectProblem(answer, 400, "invalid-request");
      }
    },
  );

  it("ignores the case of an id", async () => {
    const { client } = product();
    const chat = await client.submit("Mine");
    const shout = { ...chat, conversationId: chat.conversationId.toUpperCase(), jobId: chat.jobId.toUpperCase() };
    expect(await client.ended(shout)).toMatchObject({ jobId: chat.jobId });
    expect(await client.conversation(shout)).toMatchObject({ id: chat.conversationId });
  });

  describe("with CONVERSATION_ACCESS=open", () => {
    let open: ApiClient;
    beforeAll(async () => {
      open = new ApiClient((await product().startApi({ CONVERSATION_ACCESS: "open" })).url);
    });

    it("requires no token, and ignores a wrong one", async () => {
      const { jobId, conversationId } = await open.submit("Hello");
      const path = `/api/conversations/${conversationId}`;
      expect((await open.request(path)).status).toBe(200);
      expect((await open.request(path, { token: "nonsense" })).status).toBe(200);
      expect((await open.request(`/api/jobs/${jobId}/events`)).status).toBe(200);
      expect((await open.post({ message: "Again", sessionId: conversationId })).status).toBe(202);
    });

    it("answers 404 for missing ids", async () => {
      const answers = await tryAll(open, { conversationId: randomUUID(), jobId: randomUUID() });
      for (const answer of answers) expectProblem(answer, 404, "not-found");
    });
  });
});

onSharedProducts("a request", (product) => {
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    product().client.request("/api/chat", { method: "POST", body, headers });

  it.each([
    ["no message", {}, "message"],
    ["an empty message", { message: "" }, "message"],
    ["a message of white space", { message: " \n\t\u00a0 " }, "message"],
    ["a message that is no text", { message: 7 }, "message"],
    ["a message of 4,001 characters", { message: "😀".repeat(4001) }, "message"],
    ["a NUL", { message: "a\0b" }, "message"],
    ["a lone surrogate", '{"message":"a\\ud83db"}', "message"],
    ["an id that is no UUID", { message: "x", conversationId: "1" }, "conversationId"],
    ["two different ids", { message: "x", conversationId: randomUUID(), sessionId: randomUUID() }, "sessionId"],
    ["an unknown assistant", { message: "x", assistantType: "nobody" }, "assistantType"],
    ["a name of every object for an assistant", { message: "x", assistantType: "__proto__" }, "assistantType"],
    ["an unknown provider", { message: "x", provider: "nobody" }, "provider"],
    ["a name of every object for a provider", { message: "x", provider: "constructor" }, "provider"],
    ["a thread for an assistant that keeps none", { message: "x", threadId: "thread_1" }, "threadId"],
    ["history in a conversation that exists", { message: "x", conversationId: randomUUID(), history: [] }, "history"],
    [
      "51 earlier turns",
      { message: "x", history: Array.from({ length: 51 }, () => ({ text: "x", sender: "user", timestamp: 1 })) },
      "history",
    ],
    [
      "an earlier turn of nobody",
      { message: "x", history: [{ text: "x", sender: "system", timestamp: 1 }] },
      "history.0.sender",
    ],
    [
      "an earlier turn with a NUL",
      { message: "x", history: [{ text: "\0", sender: "ai", timestamp: 1 }] },
      "history.0.text",
    ],
    [
      "an earlier turn at no time",
      { message: "x", history: [{ text: "x", sender: "ai", timestamp: 1e300 }] },
      "history.0.timestamp",
    ],
    ["metadata that is not flat", { message: "x", metadata: { a: { b: "c" } } }, "metadata.a"],
    ["metadata of more than 2 KB", { message: "x", metadata: { a: "é".repeat(1024) } }, "metadata"],
    ["metadata with a NUL", { message: "x", metadata: { a: "\0" } }, "metadata.a"],
  ])("with %s gets 400, with the field in the error", async (_, body, path) => {
    const { errors, detail } = expectProblem(await post(body), 400, "invalid-request");
    expect(errors?.map((error) => error.path)).toContain(path);
    expect(detail).toContain(path);
  });

  it("with an unknown assistant or provider gets an error that lists the known ones", async () => {
    expect(expectProblem(await post({ message: "x", assistantType: "nobody" }), 400).detail).toMatch(
      /default.*technical/,
    );
    expect(expectProblem(await post({ message: "x", provider: "nobody" }), 400).detail).toMatch(/compatible.*preset/);
  });

  it("may have 4,000 characters, however many bytes they take", async () => {
    const answer = await post({ message: `  ${"😀".repeat(4000)}  ` });
    expect(answer.status).toBe(202);
  });

  it.each([
    ["cut off", '{"message":"x"'],
    ["empty", ""],
    ["a string", '"message"'],
    ["null", "null"],
    ["a list", '[{"message":"x"}]'],
    ["not UTF-8", Buffer.from([0x7b, 0xff, 0x7d]).toString("latin1")],
  ])("with a body that is %s gets 400", async (_, body) => {
    expectProblem(await post(body), 400, "invalid-request");
  });

  it.each(["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "multipart/form-data; boundary=x"])(
    "of type %s gets 415",
    async (type) => {
      expectProblem(await post('{"message":"x"}', { "content-type": type }), 415, "unsupported-media-type");
    },
  );

  it("of JSON in another charset or encoding gets 415", async () => {
    const charset = { "content-type": "application/json; charset=iso-8859-1" };
    expectProblem(await post('{"message":"x"}', charset), 415, "unsupported-media-type");
    expectProblem(await post('{"message":"x"}', { "content-encoding": "zstd-2" }), 415, "unsupported-media-type");
  });

  it("may have 64 KB, or 256 KB with a history, and no byte more", async () => {
    const padded = (size: number, body: object) => {
      const text = JSON.stringify(body);
      return text + " ".repeat(size - text.length);
    };
    const plain = { message: "x" };
    const withHistory = { message: "x", history: [{ text: "y", sender: "user", timestamp: 1 }] };
    expect((await post(padded(64 * 1024, plain))).status).toBe(202);
    expectProblem(await post(padded(64 * 1024 + 1, plain)), 413, "too-large");
    expect((await post(padded(256 * 1024, withHistory))).status).toBe(202);
    expectProblem(await post(padded(256 * 1024 + 1, withHistory)), 413, "too-large");
  });

  it.each(["/api/nothing", "/api/jobs", "/nothing/here?access_token=secret", "/api/chat/history"])(
    "for %s gets 404",
    async (path) => {
      const answer = await product().client.request(path);
      expect(expectProblem(answer, 404, "not-found").instance).toBe(path.split("?")[0]);
    },
  );

  it("with invalid percent-encoding in its path gets 400", async () => {
    expectProblem(await product().client.request("/api/jobs/%zz"), 400, "invalid-request");
  });

  it("keeps a valid request id of the client, and gets a new one in place of an invalid id", async () => {
    const { client } = product();
    const withId = async (id?: string) => {
      const headers: Record<string, string> = id === undefined ? {} : { "x-request-id": id };
      return (await client.request("/api/providers", { headers })).headers.get("x-request-id");
    };
    expect(await withId("caller-7:4.2_x")).toBe("caller-7:4.2_x");
    const uuid = /^[0-9a-f-]{36}$/;
    for (const id of [undefined, "", "with space", "x".repeat(129), '"quoted"']) expect(await withId(id)).toMatch(uuid);
    expect(
      (await client.request("/api/nothing", { headers: { "x-request-id": "lost" } })).headers.get("x-request-id"),
    ).toBe("lost");
  });

  it("can be found by its id in the logs of API and worker", async () => {
    const { client, provider, apis, workers } = product();
    const failure = { status: 500, body: "{}" };
    provider.answer("Fail loudly", failure, failure, failure);
    const headers = { "x-request-id": "find-me-again" };
    const answer = await client.request("/api/chat", { method: "POST", body: { message: "Fail loudly" }, headers });
    await client.ended(answer.body as { jobId: string; conversationId: string; token: string });
    for (const each of [apis[0], workers[0]]) expect(each?.output).toContain('"requestId":"find-me-again"');
  });

  it("waits as long as `Prefer` asks, at most 25 seconds, and ignores an unreadable value", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("held");
    provider.answer("Prefer", script);
    const { jobId, token } = await client.submit("Prefer");
    const look = (prefer: string) => client.request(`/api/jobs/${jobId}`, { token, headers: { prefer } });
    for (const prefer of ["wait", "wait=", "wait=-1", "wait=soon", "respond-async", "wait=1.5"]) {
      const answer = await look(prefer);
      expect([answer.status, answer.headers.get("preference-applied")]).toEqual([200, null]);
    }
    expect((await look("wait=0")).headers.get("preference-applied")).toBe("wait=0");
    expect((await look("respond-async, WAIT=1; foo")).headers.get("preference-applied")).toBe("wait=1");
    const long = look("wait=86400");
    release();
    expect((await long).headers.get("preference-applied")).toBe("wait=25");
  });

  it("from a page on this machine may read answers and errors, and from elsewhere not", async () => {
    const { client } = product();
    const from = (origin: string, path: string) => client.request(path, { headers: { origin } });
    for (const path of ["/api/providers", "/api/nothing"]) {
      const near = await from("http://localhost:8080", path);
      expect(near.headers.get("access-control-allow-origin")).toBe("http://localhost:8080");
      expect(near.headers.get("access-control-expose-headers")).toContain("Retry-After");
      expect((await from("https://evil.example", path)).headers.get("access-control-allow-origin")).toBeNull();
    }
    const preflight = await client.request("/api/chat", {
      method: "OPTIONS",
      headers: {
        origin: "http://localhost:8080",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,idempotency-key",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-headers")).toMatch(
      /Authorization.*Idempotency-Key.*Last-Event-ID/,
    );
  });

  it("aborted in the middle of its body leaves nothing behind", async () => {
    const { client, query } = product();
    // Replies to earlier messages may still arrive.
    const sent = () => query("select from messages where sender = 'user'");
    const before = await sent();
    await new Promise<void>((resolve) => {
      const call = httpRequest(`${client.base}/api/chat`, {
        method: "POST",
        headers: { "content-type": "application/json", "content-length": "1000" },
      });
      call.on("error", () => resolve());
      call.write('{"message":"half', () => call.destroy());
    });
    expect((await client.request("/livez")).status).toBe(200);
    expect(await sent()).toHaveLength(before.length);
  });
});

function expectProblem({ status, headers, text, body }: ApiAnswer, expected: number, code?: string) {
  expect({ status, text }).toMatchObject({ status: expected });
  expect(headers.get("content-type")).toMatch(/^application\/problem\+json/);
  expect(headers.get("x-request-id")).toBeTruthy();
  expect(text).not.toMatch(insides);
  const parsed = problem.parse(body);
  expect(parsed.status).toBe(expected);
  if (code !== undefined) expect(parsed.type).toBe(`/problems/${code}`);
  return parsed;
}

async function badToken(kind: string, conversationId: string): Promise<string> {
  const sign = (secret: string, audience: string, expires: string) =>
    new SignJWT()
      .setProtectedHeader({ alg: "HS256" })
      .setAudience(audience)
      .setSubject(conversationId)
      .setExpirationTime(expires)
      .sign(Buffer.from(secret));
  const ours = "parley:conversation";
  if (kind === "expired") return sign(tokenSecret, ours, "1 second ago");
  if (kind === "forged") return sign("another secret that only tests know", ours, "1 day");
  if (kind === "for another audience") return sign(tokenSecret, "somebody else", "1 day");
  if (kind === "unsigned") {
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    return `${encode({ alg: "none" })}.${encode({ sub: conversationId, aud: ours, exp: 4_000_000_000 })}.`;
  }
  return "not.a.token";
}
