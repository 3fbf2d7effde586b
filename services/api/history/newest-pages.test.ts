import { Redis } from "ioredis";
import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMessages, readOwner } from "../../../shared/db/conversations/conversations.ts";
import { rateMessage, unrateMessage } from "../../../shared/db/conversations/feedback.ts";
import { cancelQueuedJob, storeJobEnd } from "../../../shared/db/jobs/end.ts";
import { readTombstones } from "../../../shared/db/conversations/erasure.ts";
import { deleteConversation, eraseLeftovers } from "../../../shared/jobs/delete-conversation.ts";
import type { HistoryCache } from "../../../shared/history-cache/history-cache.ts";
import {
  answer,
  claim,
  completed,
  followUp,
  importedMessage,
  startConversation,
  type TestJob,
} from "../../../shared/testing/fixtures/conversations.ts";
import { openJobsOnRedis, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { redisAvailable, type RedisServer } from "../../../shared/testing/stores/redis.ts";
import type { CacheRead } from "./cache-guard.ts";
import { toMessageView } from "./message-view.ts";
import { NewestPages } from "./newest-pages.ts";

type Context = TestJobContext & { redis: RedisServer };

/** Pages as one API process reads them, and what the cache had for it. */
function openPages({ db, historyCache, log }: Context, cache: HistoryCache = historyCache, ttlSeconds = 60) {
  const reads: CacheRead[] = [];
  const pages = new NewestPages({ db, cache, ttlSeconds, onRead: (read) => reads.push(read), log });
  const read = async (id: string) => {
    const { pageVersion = "" } = (await readOwner(db.pool, id)) ?? {};
    const { messages, nextBefore } = await pages.read({ id, pageVersion });
    return { messages: JSON.parse(messages.toString()) as unknown, nextBefore };
  };
  return { read, reads };
}

async function readUncached({ db }: Context, id: string) {
  const page = await readMessages(db, id, { limit: 50 });
  return {
    messages: page?.messages.map(toMessageView),
    nextBefore: page?.more ? page.messages[0]?.id : undefined,
  };
}

/** Enough for a cache that was not asked for a second because a loaded machine answered late. */
const warmLimit = { timeout: 10_000, interval: 50 };

/** Reads until the page is served from Redis: it is stored in the background. */
async function warm({ read, reads }: ReturnType<typeof openPages>, id: string): Promise<unknown> {
  let page: unknown;
  const readOnce = async () => {
    page = await read(id);
    return reads.at(-1);
  };
  await expect.poll(readOnce, warmLimit).toBe("hit");
  return page;
}

const keyOf = ({ conversationId }: TestJob) => `parley:history:{${conversationId}}`;

describe.skipIf(!redisAvailable)("the newest page of a conversation", () => {
  let context: Context;
  let redis: Redis;
  beforeAll(async () => {
    context = await openJobsOnRedis();
    redis = new Redis(context.redis.url);
  });
  afterAll(async () => {
    redis?.disconnect();
    await context?.[Symbol.asyncDispose]();
  });

  it("is served from Redis as it was read from PostgreSQL, also where there are older messages", async () => {
    const history = Array.from({ length: 49 }, (_, turn) =>
      importedMessage(turn + 1, "user", { text: `„${turn}“ 😀\n` }),
    );
    const job = await startConversation(context.db.pool, { history, turn: 50 });
    const pages = openPages(context);
    expect(await warm(pages, job.conversationId)).toEqual(await readUncached(context, job.conversationId));
    await answer(context.db.pool, job.id);
    const page = await warm(pages, job.conversationId);
    expect(page).toEqual(await readUncached(context, job.conversationId));
    expect(page).toHaveProperty("nextBefore", history[1]?.id);
  });

  /** Everything that changes a page, and how. */
  const changes: Record<string, (pool: Context["db"]["pool"], job: TestJob, replyId: string) => Promise<unknown>> = {
    "another message": (pool, { conversationId }) => followUp(pool, conversationId),
    "a message that replaces another one": (pool, { conversationId, messageId }) =>
      followUp(pool, conversationId, { replaces: messageId }),
    "a reply": async (pool, { conversationId }) => answer(pool, (await followUp(pool, conversationId)).id),
    "the text of a reply that was cancelled": async (pool, { conversationId }) => {
      const next = await followUp(pool, conversationId);
      const end = { ...completed("half"), status: "cancelled" as const };
      await storeJobEnd(pool, { job: await claim(pool, next.id), end });
    },
    "a cancelled message": async (pool, { conversationId }) => {
      await cancelQueuedJob(pool, await followUp(pool, conversationId));
    },
    "a rating": (pool, { conversationId }, reply) => rateMessage(pool, conversationId, reply, { rating: "up" }),
    "a rating that is changed": async (pool, { conversationId }, reply) => {
      await rateMessage(pool, conversationId, reply, { rating: "up" });
      await rateMessage(pool, conversationId, reply, { rating: "down" });
    },
    "a rating that is taken back": (pool, { conversationId }, reply) => unrateMessage(pool, conversationId, reply),
    "a rating that a process of an earlier version writes": (pool, _, reply) =>
      pool.query("insert into feedback (message_id, rating, assistant_type) values ($1, 'down', 'default')", [reply]),
  };

  it.each(Object.entries(changes))("is never older than %s", async (name, change) => {
    const { pool } = context.db;
    const job = await startConversation(pool);
    const end = completed();
    await storeJobEnd(pool, { job: await claim(pool, job.id), end });
    const replyId = end.reply?.id ?? "";
    if (name.endsWith("taken back")) await rateMessage(pool, job.conversationId, replyId, { rating: "up" });
    const pages = openPages(context);
    const before = await warm(pages, job.conversationId);
    await change(pool, job, replyId);
    const after = await pages.read(job.conversationId);
    expect(pages.reads.at(-1)).not.toBe("hit");
    expect(after).not.toEqual(before);
    expect(after).toEqual(await readUncached(context, job.conversationId));
    expect(await warm(pages, job.conversationId)).toEqual(after);
  });

  it("is not replaced by a reader that read before a commit and stores after it", async () => {
    const job = await startConversation(context.db.pool);
    const held = holdStores(context.historyCache);
    const slow = openPages(context, held.cache);
    const old = await held.whenPending(() => slow.read(job.conversationId));
    await followUp(context.db.pool, job.conversationId);
    const pages = openPages(context);
    const fresh = await warm(pages, job.conversationId);
    expect(fresh).not.toEqual(old);
    await held.release();
    expect(await warm(pages, job.conversationId)).toEqual(fresh);
  });

  it("is not served after a failover or a restore of Redis that brings an old page back", async () => {
    const job = await startConversation(context.db.pool);
    const pages = openPages(context);
    const old = await warm(pages, job.conversationId);
    const dump = await redis.dumpBuffer(keyOf(job));
    await followUp(context.db.pool, job.conversationId);
    await warm(pages, job.conversationId);
    await redis.restore(keyOf(job), 0, dump, "REPLACE");
    const page = await pages.read(job.conversationId);
    expect(page).not.toEqual(old);
    expect(page).toEqual(await readUncached(context, job.conversationId));
  });

  it("is not served after a failover or a restore of PostgreSQL that loses a message, and another one comes", async () => {
    const { pool } = context.db;
    const job = await startConversation(pool);
    const pages = openPages(context);
    const { rows } = await pool.query<Record<string, unknown>>(
      "select next_turn, open_jobs, message_count from conversations where id = $1",
      [job.conversationId],
    );
    const lost = await followUp(pool, job.conversationId, { text: "lost" });
    await warm(pages, job.conversationId);
    await pool.query("delete from messages where id = $1", [lost.messageId]);
    await pool.query("delete from jobs where id = $1", [lost.id]);
    await pool.query("update conversations set next_turn = $2, open_jobs = $3, message_count = $4 where id = $1", [
      job.conversationId,
      ...Object.values(rows[0] ?? {}),
    ]);
    await followUp(pool, job.conversationId, { text: "after the loss" });
    expect(await pages.read(job.conversationId)).toEqual(await readUncached(context, job.conversationId));
  });

  it("leaves no text in Redis that a held up reader stores after the conversation was erased", async () => {
    const { pool } = context.db;
    const job = await startConversation(pool, { text: "a secret" });
    await answer(pool, job.id);
    const held = holdStores(context.historyCache);
    const slow = openPages(context, held.cache);
    await held.whenPending(() => slow.read(job.conversationId));
    await eraseConversation(context, job);
    await held.release();
    expect(await redis.exists(keyOf(job))).toBe(0);
    // A reader that saw the row before the deletion, and reads the page after it, stores nothing.
    const { pageVersion } = { pageVersion: "seen before" };
    const { db, historyCache: cache, log } = context;
    const late = new NewestPages({ db, cache, ttlSeconds: 60, onRead: () => undefined, log });
    expect((await late.read({ id: job.conversationId, pageVersion })).messages.toString()).toBe("[]");
    expect(await redis.get(keyOf(job))).not.toContain("secret");
  });

  it("goes from Redis with its conversation", async () => {
    const { pool } = context.db;
    const job = await startConversation(pool, { text: "a secret" });
    await answer(pool, job.id);
    await warm(openPages(context), job.conversationId);
    expect(await redis.get(keyOf(job))).toContain("a secret");
    await eraseConversation(context, job);
    expect(await redis.exists(keyOf(job))).toBe(0);
  });

  it("is read from PostgreSQL each time where it is too large to be kept, or nothing is kept at all", async () => {
    const { pool } = context.db;
    const history = Array.from({ length: 40 }, (_, turn) =>
      importedMessage(turn + 1, "user", { id: v7(), text: "x".repeat(7000) }),
    );
    const large = await startConversation(pool, { history, turn: 41 });
    const pages = openPages(context);
    for (let time = 0; time < 3; time += 1) {
      expect(await pages.read(large.conversationId)).toEqual(await readUncached(context, large.conversationId));
    }
    expect(pages.reads).not.toContain("hit");
    expect(await redis.strlen(keyOf(large))).toBeLessThan(200);

    const job = await startConversation(pool);
    const off = openPages(context, context.historyCache, 0);
    expect(await off.read(job.conversationId)).toEqual(await readUncached(context, job.conversationId));
    expect(off.reads).toEqual([]);
    expect(await redis.exists(keyOf(job))).toBe(0);
  });
});

describe.skipIf(!redisAvailable)("the newest page of a conversation while Redis", () => {
  it.each(["hangs", "is down"])(
    "%s comes from PostgreSQL, and later from Redis again",
    { timeout: 30_000 },
    async (fault) => {
      await using context = await openJobsOnRedis();
      const job = await startConversation(context.db.pool);
      const pages = openPages(context);
      const page = await warm(pages, job.conversationId);
      if (fault === "hangs") context.redis.pause();
      else await context.redis.kill();
      try {
        pages.reads.length = 0;
        for (let time = 0; time < 20; time += 1) expect(await pages.read(job.conversationId)).toEqual(page);
        expect(new Set(pages.reads)).toEqual(new Set(["error"]));
        await followUp(context.db.pool, job.conversationId);
        expect(await pages.read(job.conversationId)).toEqual(await readUncached(context, job.conversationId));
      } finally {
        if (fault === "hangs") context.redis.resume();
        else await context.redis.restart();
      }
      expect(await warm(pages, job.conversationId)).toEqual(await readUncached(context, job.conversationId));
    },
  );
});

/** A cache that holds back what is to be stored until it is released. */
function holdStores(cache: HistoryCache) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stores: Promise<void>[] = [];
  const held: HistoryCache = {
    find: (...args) => cache.find(...args),
    store: (...args) => {
      const stored = promise.then(() => cache.store(...args));
      stores.push(stored);
      return stored;
    },
    erase: (id) => cache.erase(id),
    close: () => cache.close(),
  };
  return {
    cache: held,
    /** Reads until a page is to be stored. */
    whenPending: async <T>(read: () => Promise<T>): Promise<T> => {
      let page = await read();
      const readAgain = async () => {
        if (stores.length === 0) page = await read();
        return stores.length;
      };
      await expect.poll(readAgain, warmLimit).toBe(1);
      return page;
    },
    release: async () => {
      resolve();
      await Promise.all(stores);
    },
  };
}

/** Deletes a conversation, and works its tombstone off as a worker does. */
async function eraseConversation(context: Context, { conversationId }: TestJob): Promise<void> {
  expect(await deleteConversation(context, conversationId)).toBe(true);
  const { pool } = context.db;
  await pool.query("update conversations set deleted_at = deleted_at - interval '3 s' where id = $1", [conversationId]);
  const tombstones = await readTombstones(pool);
  for (const tombstone of tombstones) await eraseLeftovers(context, tombstone);
}
