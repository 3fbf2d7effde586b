import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { redisAvailable } from "../../../shared/testing/stores/redis.ts";
import { type ConversationRef, type JobRef, ApiClient } from "../harness/api-client.ts";
import { type Product, startProduct } from "../harness/product.ts";
import { heldReply } from "../harness/scripted-provider.ts";
import { eventually } from "../harness/suite.ts";
import { withRedis } from "../harness/find-text.ts";

describe.skipIf(!redisAvailable)("reading a conversation that Redis caches", () => {
  let product: Product;
  /** Three API processes: two share the cache, the third does not use it. */
  let readers: ApiClient[];
  let uncached: ApiClient;
  beforeAll(async () => {
    product = await startProduct({ backend: "redis", apis: 2 });
    uncached = new ApiClient((await product.startApi({ HISTORY_CACHE_TTL_SECONDS: "0" })).url);
    readers = product.apis.map(({ url }) => new ApiClient(url));
  }, 60_000);
  afterAll(() => product?.[Symbol.asyncDispose]());

  /** Reads both views of a conversation by every process, twice, so that the second time can come from Redis. */
  async function expectCurrent(chat: ConversationRef): Promise<string[]> {
    const expected = { history: await uncached.history(chat), conversation: await uncached.conversation(chat) };
    for (const client of [...readers, ...readers]) {
      expect({ history: await client.history(chat), conversation: await client.conversation(chat) }).toEqual(expected);
    }
    return expected.history.messages.map(({ text, rating }) => (rating ? `${text} (${rating})` : text));
  }

  async function countReads(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const client of readers) {
      const { text } = await client.request("/metrics");
      for (const [, result = "", count] of text.matchAll(
        /^parley_history_cache_reads_total\{result="(\w+)"\} (\d+)/gm,
      )) {
        counts[result] = (counts[result] ?? 0) + Number(count);
      }
    }
    return counts;
  }

  async function rate(client: ApiClient, chat: JobRef, rating: "up" | "down" | null): Promise<void> {
    const { reply } = await client.job(chat);
    const path = `/api/messages/${reply?.id}/feedback`;
    const { status } = await client.request(path, { method: "POST", token: chat.token, body: { rating } });
    expect(status).toBe(204);
  }

  it("shows each message, reply, cancel and rating at once, whichever process is asked", async () => {
    const { provider } = product;
    const [one, two] = readers;
    if (!one || !two) throw new Error("there are two processes");
    const first = heldReply("An", " answer");
    provider.answer("A question", first.script);
    const chat = await one.submit("A question");
    expect(await expectCurrent(chat)).toEqual(["A question"]);
    first.release();
    await two.ended(chat);
    expect(await expectCurrent(chat)).toHaveLength(2);

    const { script, release } = heldReply("Half of", " an answer");
    provider.answer("Stop me", script);
    const stopped = await two.submit("Stop me", { to: chat });
    expect((await expectCurrent(chat)).at(-1)).toBe("Stop me");
    await (await one.events(stopped)).untilText("Half of");
    expect((await one.cancel(stopped)).status).toBeLessThan(300);
    await two.ended(stopped);
    release();
    expect((await expectCurrent(chat)).at(-1)).toBe("Half of");

    for (const [client, rating] of [
      [one, "up"],
      [two, "down"],
    ] as const) {
      await rate(client, chat, rating);
      expect((await expectCurrent(chat))[1]).toMatch(new RegExp(`\\(${rating}\\)$`));
    }
    await rate(one, chat, null);
    expect((await expectCurrent(chat))[1]).not.toContain("(");
  });

  it("is served from Redis, byte for byte, and says so in the metrics", async () => {
    const chat = await uncached.submit('Naïve 😀 \u2028 "quoted"');
    await uncached.ended(chat);
    const [client] = readers;
    if (!client) throw new Error("there is a process");
    for (const path of [`/api/chat/history/${chat.conversationId}`, `/api/conversations/${chat.conversationId}`]) {
      await eventually("a read comes from Redis", async () => {
        const before = await countReads();
        await client.request(path, chat);
        return ((await countReads())["hit"] ?? 0) > (before["hit"] ?? 0);
      });
      const [cached, fresh] = [await client.request(path, chat), await uncached.request(path, chat)];
      expect(JSON.parse(cached.text)).toEqual(JSON.parse(fresh.text));
      for (const header of ["content-type", "content-length", "cache-control", "vary"]) {
        expect(cached.headers.get(header), header).toBe(fresh.headers.get(header));
      }
      const head = await client.request(path, { ...chat, method: "HEAD" });
      expect(head.status).toBe(200);
      expect(head.text).toBe("");
      expect(head.headers.get("content-length")).toBe(cached.headers.get("content-length"));
    }
    expect(await keysOf(chat)).toHaveLength(1);
  });

  it("is refused to whoever may not read the conversation, and to everyone once it is deleted", async () => {
    const chat = await uncached.submit("Not for others");
    await uncached.ended(chat);
    await expectCurrent(chat);
    const stranger = await uncached.submit("A stranger");
    const path = `/api/chat/history/${chat.conversationId}`;
    for (const client of readers) {
      expect((await client.request(path)).status).toBe(401);
      expect((await client.request(path, stranger)).status).toBe(403);
    }
    expect((await uncached.deleteConversation(chat)).status).toBe(204);
    for (const client of readers) expect((await client.request(path, chat)).status).toBe(404);
    await eventually("nothing is left in Redis", async () => (await keysOf(chat)).length === 0);
  });

  it(
    "goes on, with all that is new, while Redis hangs, after it lost its data, and when old pages come back",
    {
      timeout: 60_000,
    },
    async () => {
      const { redis, provider } = product;
      const chat = await uncached.submit("Before", { key: randomUUID() });
      await uncached.ended(chat);
      await expectCurrent(chat);
      const [key = ""] = await keysOf(chat);
      const old = await withRedis(product, (client) => client.dumpBuffer(key));
      redis?.pause();
      const during = await uncached.submit("While it hangs", { to: chat });
      expect((await readers[0]?.history(chat))?.messages.at(-1)?.text).toBe("While it hangs");
      redis?.resume();
      await uncached.ended(during);
      await expectCurrent(chat);
      await withRedis(product, (client) => client.restore(key, 0, old, "REPLACE"));
      await expectCurrent(chat);
      await redis?.restart();
      const { script, release } = heldReply("Every", "thing is there");
      provider.answer("After all was lost", script);
      const after = await uncached.submit("After all was lost", { to: chat });
      await expectCurrent(chat);
      release();
      await uncached.ended(after);
      await expectCurrent(chat);
      await eventually("Redis serves it again", async () => {
        const before = await countReads();
        await readers[0]?.history(chat);
        return ((await countReads())["hit"] ?? 0) > (before["hit"] ?? 0);
      });
    },
  );

  const keysOf = ({ conversationId }: ConversationRef) =>
    withRedis(product, (client) => client.keys(`parley:history:*${conversationId}*`));
});
