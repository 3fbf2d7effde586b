import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { submitResponse } from "../../../shared/protocol/submit.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { ApiClient, type ApiAnswer } from "../harness/api-client.ts";
import type { JobEventStream } from "../harness/event-stream.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { echoOf, heldReply, lastingReply, messageOf } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend, untilWorkersAreCounted } from "../harness/suite.ts";

/** A client that is not answered at once must not wait for long. */
const fastMs = 2000;

onEachBackend("while PostgreSQL is down", { gated: true, workers: 2 }, (product) => {
  it("requests get a 503 with Retry-After, streams too, and continue after recovery", { timeout: 40_000 }, async () => {
    const { client, gate } = product();
    const chat = await client.submit("Before the outage");
    await client.ended(chat);

    await gate?.shut();
    const answers = await Promise.all([
      quickly(() => client.post("During the outage")),
      quickly(() => client.post("During the outage", { to: chat })),
      quickly(() => client.request(`/api/jobs/${chat.jobId}`, { token: chat.token })),
      quickly(() => client.cancel(chat)),
      quickly(() => client.request(`/api/conversations/${chat.conversationId}`, { token: chat.token })),
      quickly(() => client.request(`/api/chat/history/${chat.conversationId}`, { token: chat.token })),
      quickly(() => client.deleteConversation(chat)),
    ]);
    for (const answer of answers) expectUnavailable(answer);
    // Whether a token is good is known without any database.
    expect((await client.request(`/api/jobs/${chat.jobId}`, { token: "nonsense" })).status).toBe(401);

    const stream = await client.events(chat);
    await stream.ended;
    expect(stream.names).toEqual(["wait"]);
    expect(stream.retries.at(-1)).toBeGreaterThanOrEqual(2000);
    expect(stream.retries.at(-1)).toBeLessThanOrEqual(5000);

    expect((await client.request("/livez")).status).toBe(200);
    await eventually("it is not ready", async () => (await client.request("/readyz")).status === 503);
    expect(await client.request("/health")).toMatchObject({ status: 503, body: { status: "unhealthy" } });

    await gate?.reopen();
    await eventually("it is ready again", async () => (await client.request("/readyz")).status === 200);
    const after = await client.submit("After the outage", { to: chat });
    expect((await client.ended(after)).reply?.text).toBe(echoOf("After the outage"));
    expect((await client.history(chat)).messages).toHaveLength(4);
  });

  it("a frozen server is detected, too", { timeout: 40_000 }, async () => {
    const { client, gate } = product();
    const chat = await client.submit("Before the frost");
    await client.ended(chat);
    gate?.freeze();
    const began = performance.now();
    expectUnavailable(await client.post("In the frost", { to: chat }));
    // The time limit of a statement, and no more.
    expect(performance.now() - began).toBeLessThan(5000);
    gate?.thaw();
    // Timed-out messages may still have been stored, and are found again later: this one is of another conversation.
    const after = await eventually("messages are accepted again", async () => {
      const answer = await client.post("After the frost");
      return answer.status === 202 && submitResponse.parse(answer.body);
    });
    expect((await client.ended(after)).reply?.text).toBe(echoOf("After the frost"));
  });

  it("a reply in progress is kept, and stored after recovery", { timeout: 40_000 }, async () => {
    const { client, gate, provider } = product();
    const { script, release } = heldReply("It began before,", " and ended during the outage.");
    provider.answer("Bridge the gap", script);
    const chat = await client.submit("Bridge the gap");
    const call = await provider.called("Bridge the gap");
    const stream = await (await client.events(chat)).untilText("It began before,");
    await gate?.shut();
    release();
    expect((await call.ended).how).toBe("answered");
    await eventually("the worker has tried to store it", () => /57P|ECONN|terminated/.test(product().output()));
    await gate?.reopen();
    await stream.ended.catch(() => undefined);
    const rest = stream.terminal
      ? stream
      : await reconnect(client, chat, { lastEventId: stream.lastEventId, text: stream.text });
    expect(rest.text).toBe("It began before, and ended during the outage.");
    expect(rest.terminal).toMatchObject({ event: "done", data: { attempt: 1 } });
    expect(provider.calls.filter(({ request }) => request.messages.at(-1)?.text === "Bridge the gap")).toHaveLength(1);
  });

  it("a reply that outlasts its lease stays with its worker", { timeout: 60_000 }, async () => {
    const { client, gate, provider, query } = product();
    const { script, release } = lastingReply("It takes as long as it takes.");
    provider.answer("Outlast your lease", script);
    const chat = await client.submit("Outlast your lease");
    await provider.called("Outlast your lease");
    await gate?.shut();
    await eventually(
      "the lease is over",
      async () => (await query("select from jobs where id = $1 and lease_until < now()", [chat.jobId])).length === 1,
      20_000,
    );
    await gate?.reopen();
    await eventually(
      "the lease is renewed",
      async () => (await query("select from jobs where id = $1 and lease_until > now()", [chat.jobId])).length === 1,
    );
    release();
    const view = await client.ended(chat);
    expect(view).toMatchObject({ status: "completed", attempt: 1 });
    expect(view.reply?.text).toMatch(/^(tick )+It takes as long as it takes\.$/);
    expect(provider.calls.filter((call) => messageOf(call) === "Outlast your lease")).toHaveLength(1);
  });
});

describe.skipIf(!redisAvailable)("while Redis is down", () => {
  let product: Product;
  beforeAll(async () => {
    product = await startProduct({ backend: "redis", apis: 2 });
  });
  afterEach(({ task }) => {
    if (task.result?.state === "fail") console.error(product.output());
  });
  afterAll(() => product?.[Symbol.asyncDispose]());
  /** Brings Redis back for the next test, however this one left it. */
  const recover = async () => {
    await product.redis?.restart();
    await untilWorkersAreCounted(product.client, 1);
  };

  it("messages are accepted at once, and answered after recovery", { timeout: 60_000 }, async () => {
    const { client, redis, query } = product;
    const before = await client.submit("Before Redis went");
    await client.ended(before);
    await redis?.kill();

    const accepted = await Promise.all(
      ["one", "two", "three"].map((name) => quickly(() => client.post(`Without Redis: ${name}`))),
    );
    expect(accepted.map(({ status }) => status)).toEqual([202, 202, 202]);
    const jobs = accepted.map(({ body }) => submitResponse.parse(body));
    for (const job of jobs) expect(await client.job(job)).toMatchObject({ status: "queued" });
    const streams = await Promise.all(jobs.map((job) => client.events(job)));
    expect((await client.history(before)).messages).toHaveLength(2);
    await eventually("it says so", async () => {
      const { status, body } = await client.request("/health");
      return status === 200 && (body as { status: string }).status === "degraded";
    });
    expect((await client.request("/readyz")).status).toBe(200);

    await redis?.restart();
    const restartedAt = performance.now();
    await Promise.all(streams.map((stream) => stream.ended));
    expect(performance.now() - restartedAt).toBeLessThan(10_000);
    expect(streams.map(({ text }) => text)).toEqual(
      ["one", "two", "three"].map((name) => echoOf(`Without Redis: ${name}`)),
    );
    expect(await query("select from jobs where status <> 'completed'")).toHaveLength(0);
  });

  it("a reply in progress is stored, and its stream delivers all of it at the end", { timeout: 60_000 }, async () => {
    const { client, redis, provider, apis } = product;
    const { script, release } = heldReply("Seen before.", " Told after.");
    provider.answer("Lose Redis on the way", script);
    const chat = await client.submit("Lose Redis on the way");
    const stream = await (await client.events(chat)).untilText("Seen before.");
    await redis?.kill();
    const late = await new ApiClient(apis[1]?.url ?? "").events(chat);
    release();
    await Promise.all([stream.ended, late.ended]);
    for (const each of [stream, late]) {
      expect(each.text).toBe("Seen before. Told after.");
      expect(each.terminal).toMatchObject({ event: "done", data: { attempt: 1 } });
    }
    expect(stream.names).not.toContain("reset");
    await recover();
  });

  it("text that could not be shown appears after recovery, without more of it", { timeout: 60_000 }, async () => {
    const { client, redis, provider } = product;
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    provider.answer("Speak, then pause", {
      steps: [{ until: first.promise }, "Said while it was away.", { until: second.promise }],
    });
    const chat = await client.submit("Speak, then pause");
    await provider.called("Speak, then pause");
    await redis?.kill();
    first.resolve();
    const stream = await client.events(chat);
    await redis?.restart();
    await stream.untilText("Said while it was away.");
    second.resolve();
    await stream.ended;
    expect(stream.terminal?.event).toBe("done");
  });

  it("a hanging Redis delays nothing", { timeout: 60_000 }, async () => {
    const { client, redis, provider } = product;
    const { script, release } = heldReply("Seen before.", " Told after.");
    provider.answer("Freeze Redis on the way", script);
    const chat = await client.submit("Freeze Redis on the way");
    const stream = await (await client.events(chat)).untilText("Seen before.");
    redis?.pause();
    expect((await quickly(() => client.post("With Redis frozen"))).status).toBe(202);
    release();
    await stream.ended;
    expect(stream.text).toBe("Seen before. Told after.");
    expect((await quickly(() => client.request(`/api/jobs/${chat.jobId}`, { token: chat.token }))).status).toBe(200);
    redis?.resume();
    await eventually(
      "everything is answered",
      async () => (await product.query("select from jobs where status <> 'completed'")).length === 0,
      25_000,
    );
  });

  it("a cancel reaches its worker", { timeout: 60_000 }, async () => {
    const { client, redis, provider } = product;
    const { script } = heldReply("On and on");
    provider.answer("Cancel me without Redis", script);
    const chat = await client.submit("Cancel me without Redis");
    await (await client.events(chat)).untilText("On and on");
    await redis?.kill();
    expect((await quickly(() => client.cancel(chat))).status).toBe(202);
    expect((await (await provider.called("Cancel me without Redis")).ended).how).toBe("disconnected");
    expect(await client.ended(chat)).toMatchObject({ status: "cancelled", reply: { text: "On and on" } });
    await recover();
  });

  // The last of these tests: it ends the product.
  it("processes shut down in order and soon", { timeout: 60_000 }, async () => {
    const { client, redis, apis, workers } = product;
    await client.ended(await client.submit("All is well"));
    await redis?.kill();
    const began = performance.now();
    expect(await Promise.all([...apis, ...workers].map((each) => each.stop()))).toEqual([0, 0, 0]);
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});

async function quickly(call: () => Promise<ApiAnswer>): Promise<ApiAnswer> {
  const began = performance.now();
  const answer = await call();
  expect(performance.now() - began).toBeLessThan(fastMs);
  return answer;
}

function expectUnavailable(answer: ApiAnswer): void {
  expect(answer).toMatchObject({ status: 503, body: { type: "/problems/unavailable" } });
  expect(Number(answer.headers.get("retry-after"))).toBeGreaterThan(0);
  expect(answer.text).not.toMatch(/ECONN|postgres:|pg-pool|node_modules/);
}

/** As an `EventSource` does, until it has had the end. */
async function reconnect(
  client: ApiClient,
  chat: { jobId: string; conversationId: string; token: string },
  from: { lastEventId: string | undefined; text: string },
): Promise<JobEventStream> {
  const stream = await client.events(chat, from);
  await stream.ended;
  return stream.terminal ? stream : reconnect(client, chat, stream);
}
