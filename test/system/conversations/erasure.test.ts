import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeProvider, startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { openTcpGate, type TcpGate } from "../../../shared/testing/processes/tcp-gate.ts";
import type { ConversationRef, JobRef } from "../harness/api-client.ts";
import { type Backend, type Product, startProduct } from "../harness/product.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { eventually } from "../harness/suite.ts";
import { askDesk, asSupport } from "../harness/operators.ts";
import { findText, withRedis } from "../harness/find-text.ts";

/** As the contract has it, once all stores and providers are there. */
const erasedWithinMs = 120_000;
const testLimitMs = 3 * erasedWithinMs;

/** Five tables, and the newest page of a conversation that was read. */
const allowedTraces = /^(?:public\.|parley:)(messages|conversations|feedback|notes|stretches|history):/;

const backends: readonly Backend[] = redisAvailable ? ["postgres", "redis"] : ["postgres"];

describe.each(backends)("the text of a conversation, on %s", (backend) => {
  let product: Product;
  /** Keeps threads. */
  let keeper: FakeProvider;
  let keeperGate: TcpGate;

  beforeAll(async () => {
    keeper = await startFakeProvider({
      script: ({ messages }) => ({ steps: [echoOf(messages.at(-1)?.text ?? "")] }),
    });
    keeperGate = await openTcpGate(keeper.url);
    product = await startProduct({
      backend,
      env: {
        LOG_LEVEL: "trace",
        OPENAI_BASE_URL: keeperGate.url,
        OPENAI_API_KEY: "sk-test-0123456789",
        OPENAI_ASSISTANT_ID: "asst_test",
        RETENTION_DAYS: "30",
      },
    });
  });
  afterAll(async () => {
    await product[Symbol.asyncDispose]();
    await keeperGate[Symbol.asyncDispose]();
    await keeper.close();
  });

  const newCanary = () => `canary-${randomUUID()}`;

  /** Says it wherever a visitor can say anything, and has it echoed by a provider that keeps a thread. */
  async function sayEverywhere(canary: string): Promise<JobRef> {
    const { client } = product;
    const chat = await client.submit(
      {
        message: `first ${canary}`,
        provider: "openai-assistants",
        metadata: { page: `/${canary}` },
        history: [
          { text: `before ${canary}`, sender: "user", timestamp: 1 },
          { text: `told ${canary}`, sender: "ai", timestamp: 2 },
        ],
      },
      { key: randomUUID() },
    );
    await client.ended(chat);
    const next = await client.submit(`second ${canary}`, { to: chat, key: `key-${canary}` });
    expect((await client.ended(next)).reply?.text).toBe(echoOf(`second ${canary}`));
    await rateLast(next, canary);
    const note = { text: `of a colleague ${canary}` };
    expect(
      (await askDesk(client, `/conversations/${next.conversationId}/notes`, asSupport, { body: note })).status,
    ).toBe(201);
    await rateStretch(next, canary);
    const email = `${canary}@example.com`;
    await product.query("update conversations set handoff_email = $2 where id = $1", [next.conversationId, email]);
    return next;
  }

  async function rateStretch({ conversationId, token }: ConversationRef, comment: string): Promise<void> {
    await product.query(
      "insert into stretches (conversation_id, no, handled_by, ended_at, rating_asked) values ($1, 1, 'operator', now(), true)",
      [conversationId],
    );
    const path = `/api/conversations/${conversationId}/stretches/1/rating`;
    const answer = await product.client.request(path, { method: "POST", token, body: { rating: "bad", comment } });
    expect(answer.status).toBe(204);
  }

  async function rateLast(chat: ConversationRef, comment: string): Promise<void> {
    const { messages } = await product.client.history(chat);
    const path = `/api/messages/${messages.at(-1)?.id}/feedback`;
    const answer = await product.client.request(path, {
      method: "POST",
      token: chat.token,
      body: { rating: "down", comment },
    });
    expect(answer.status).toBe(204);
  }

  const threadOf = async ({ conversationId }: ConversationRef) =>
    (
      await product.query<{ id: string }>("select thread_id as id from conversations where id = $1", [conversationId])
    )[0]?.id ?? "";

  /** Waits until nothing is left to be done, then looks everywhere. */
  async function expectGone(canary: string, chat: ConversationRef): Promise<void> {
    const { query } = product;
    await eventually(
      "the tombstone is worked off",
      async () => {
        const done = await query("select from conversations where id = $1 and erased_at is not null", [
          chat.conversationId,
        ]);
        return done.length === 1 && (await query("select from thread_deletions")).length === 0;
      },
      erasedWithinMs,
    );
    expect(await findText(product, canary)).toEqual([]);
    const jobs = await query<{ id: string }>("select id from jobs where conversation_id = $1", [chat.conversationId]);
    for (const { id } of jobs) expect(await inQueue(id)).toBe(false);
    expect(product.output()).not.toContain(canary);
  }

  async function inQueue(jobId: string): Promise<boolean> {
    if (product.redis) return withRedis(product, async (redis) => (await redis.keys(`*answers:${jobId}*`)).length > 0);
    return (await product.query("select from bullmq.job where id = $1", [jobId])).length > 0;
  }

  it(
    "is stored in five tables and at the provider, never in queue or log, and nowhere after deletion, though the provider was down",
    { timeout: testLimitMs },
    async () => {
      const canary = newCanary();
      const chat = await sayEverywhere(canary);
      const thread = await threadOf(chat);
      expect(JSON.stringify(keeper.threads.items(thread))).toContain(canary);
      // Planner samples of rows would be taken now.
      await product.query("analyze");
      const cached = backend === "redis" ? ["history"] : [];
      await eventually(
        "it is wherever it may be, and nowhere else",
        async () => {
          // Reading fills the cache of Redis.
          await product.client.history(chat);
          const traces = await findText(product, canary);
          expect(traces.filter((trace) => !allowedTraces.test(trace))).toEqual([]);
          const places = new Set(traces.map((trace) => allowedTraces.exec(trace)?.[1]));
          return places.size === 5 + cached.length && cached.every((place) => places.has(place));
        },
        erasedWithinMs,
      );
      expect(product.output()).not.toContain(canary);
      expect(await inQueue(chat.jobId)).toBe(true);

      await keeperGate.shut();
      expect((await product.client.deleteConversation(chat)).status).toBe(204);
      await eventually(
        "the provider was asked in vain",
        () => product.output().includes("a thread could not be deleted; retrying later"),
        erasedWithinMs,
      );
      expect(keeper.threads.items(thread)).not.toEqual([]);
      await keeperGate.reopen();
      await expectGone(canary, chat);
      expect(keeper.threads.deleted).toContain(thread);
      expect(keeper.threads.items(thread)).toEqual([]);
      // A repeat under its key is told what became of it.
      const repeat = await product.client.post(`second ${canary}`, { to: chat, key: `key-${canary}` });
      expect(repeat.status).toBe(404);
    },
  );

  it(
    "is erased with a reply in progress whose worker died, and at the end of its retention, not before",
    { timeout: testLimitMs },
    async () => {
      const { client, provider } = product;
      const [canary, old, young] = [newCanary(), newCanary(), newCanary()];
      const [oldChat, youngChat] = [await sayEverywhere(old), await sayEverywhere(young)];
      const { script } = heldReply(`half of ${canary}`, " never said");
      provider.answer(canary, script);
      const chat = await client.submit({ message: canary, provider: "compatible" });
      await (await client.events(chat)).untilText(`half of ${canary}`);
      await client.submit({ message: `queued ${canary}`, provider: "compatible" }, { to: chat });
      const drafts = (await findText(product, canary)).filter((trace) => !allowedTraces.test(trace));
      expect(drafts.map((trace) => trace.split(":", 1)[0])).toEqual([backend === "redis" ? "parley" : "public.drafts"]);

      await Promise.all(product.workers.filter(({ running }) => running).map((worker) => worker.kill()));
      expect((await client.deleteConversation(chat)).status).toBe(204);
      for (const [{ conversationId }, days] of [
        [oldChat, 31],
        [youngChat, 29],
      ] as const) {
        await product.query("update conversations set updated_at = now() - make_interval(days => $2) where id = $1", [
          conversationId,
          days,
        ]);
      }
      await product.startWorker();
      await expectGone(canary, chat);
      await expectGone(old, oldChat);
      expect((await client.history(youngChat)).messages).toHaveLength(6);
      expect((await client.request(`/api/conversations/${oldChat.conversationId}`, oldChat)).status).toBe(404);
    },
  );

  it.runIf(backend === "redis")(
    "is erased although Redis was down at the deletion",
    { timeout: testLimitMs },
    async () => {
      const { client, provider, redis } = product;
      const canary = newCanary();
      const { script } = heldReply(`half of ${canary}`, " never said");
      provider.answer(canary, script);
      const chat = await client.submit({ message: canary, provider: "compatible" });
      await (await client.events(chat)).untilText(`half of ${canary}`);
      await eventually("its page is cached", async () => {
        await client.history(chat);
        return (await findText(product, canary)).some((place) => place.startsWith("parley:history:"));
      });
      redis?.pause();
      expect((await client.deleteConversation(chat)).status).toBe(204);
      const call = await provider.called(canary);
      expect((await call.ended).how).toBe("disconnected");
      const waiting = "select from conversations where id = $1 and erased_at is null";
      expect(await product.query(waiting, [chat.conversationId])).toHaveLength(1);
      redis?.resume();
      await expectGone(canary, chat);
    },
  );
});
