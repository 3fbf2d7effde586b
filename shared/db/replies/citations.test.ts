import type { Pool } from "pg";
import { v7 } from "uuid";
import { beforeAll, describe, expect, it } from "vitest";
import { defaultSite } from "../../sites/default-site.ts";
import { addTestSource, citationOf } from "../../testing/fixtures/citations.ts";
import { claim, completed, loseLease, startConversation } from "../../testing/fixtures/conversations.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { readOwner } from "../conversations/conversations.ts";
import type { ClaimedJob } from "../jobs/claim.ts";
import { type JobEnd, storeJobEnd } from "../jobs/end.ts";
import { deleteSource } from "../knowledge/sources.ts";
import { type Citation, noteCitation, storeReplyPassages } from "./citations.ts";

let db: OpenTestDatabase;
let pool: Pool;
beforeAll(async () => {
  db = await openTestDatabase();
  pool = db.pool;
  return () => db[Symbol.asyncDispose]();
});

async function active(): Promise<ClaimedJob> {
  return claim(pool, (await startConversation(pool)).id);
}

function citing(sources: readonly Citation[]): JobEnd & { reply: { id: string } } {
  return { ...completed(), reply: { id: v7(), text: "It does.", finishReason: "stop", fallback: false, sources } };
}

async function rows(table: "draft_sources" | "reply_sources" | "reply_passages", column: string, id: string) {
  return (await pool.query<Record<string, unknown>>(`select * from ${table} where ${column} = $1 order by no`, [id]))
    .rows;
}

/** Tables with a row that contains a text. */
async function tablesWith(text: string): Promise<string[]> {
  const { rows: tables } = await pool.query<{ name: string }>(
    "select tablename as name from pg_tables where schemaname = 'public' order by 1",
  );
  const found = [];
  for (const { name } of tables) {
    const { rowCount } = await pool.query(`select from ${name} as t where position($1 in t::text) > 0`, [text]);
    if (rowCount !== 0) found.push(name);
  }
  return found;
}

async function note({ id: jobId, attempt }: { id: string; attempt: number }, no: number, citation: Citation) {
  await noteCitation(pool, { jobId, attempt, siteId: defaultSite, no, citation });
}

describe("replies in a row that no provider wrote", () => {
  it("are counted unless they quote the site's pages", async () => {
    const sourceId = await addTestSource(pool);
    const end = async (sources: readonly Citation[]) => {
      const reply = { id: v7(), text: "It does.", finishReason: "stop" as const, fallback: true, sources };
      return storeJobEnd(pool, { job: await active(), end: { ...completed(), reply, handoffAfter: 1 } });
    };
    expect(await end([citationOf(sourceId)])).toMatchObject({ handoffDue: false });
    expect(await end([])).toMatchObject({ handoffDue: true });
  });
});

describe("claim", () => {
  it("says whether the site has knowledge, and which message is answered", async () => {
    const without = await startConversation(pool, { siteId: "without" });
    expect(await claim(pool, without.id)).toMatchObject({ knowsSite: false, messageId: without.messageId });
    await addTestSource(pool, "with");
    const knowing = await startConversation(pool, { siteId: "with" });
    expect(await claim(pool, knowing.id)).toMatchObject({ knowsSite: true, messageId: knowing.messageId });
  });
});

describe("passages of an attempt", () => {
  it("are stored once, in their order", async () => {
    const { id: jobId, attempt } = await active();
    const passages = [7, 3, 9].map((id) => ({ passageId: String(id), documentId: v7(), sourceId: v7() }));
    for (let times = 0; times < 2; times += 1) {
      await storeReplyPassages(pool, { jobId, attempt, siteId: defaultSite, passages });
    }
    expect(await rows("reply_passages", "job_id", jobId)).toMatchObject(
      passages.map(({ passageId, documentId }, index) => ({
        no: index + 1,
        attempt,
        passage_id: passageId,
        document_id: documentId,
      })),
    );
  });
});

describe("a citation that is noted while the reply is written", () => {
  it("is stored once", async () => {
    const job = await active();
    const citation = citationOf(await addTestSource(pool));
    await note(job, 0, citation);
    await note(job, 0, citation);
    await note(job, 1, { ...citation, begins: 9, ends: 12 });
    expect(await rows("draft_sources", "job_id", job.id)).toMatchObject([
      { no: 0, attempt: job.attempt, n: 1, title: citation.title, url: citation.url, quote: citation.quote, ends: 9 },
      { no: 1, begins: 9, ends: 12 },
    ]);
  });

  it("is dropped if its source, its attempt or its job is gone", async () => {
    const job = await active();
    const sourceId = await addTestSource(pool);
    await note(job, 0, citationOf(v7()));
    await note({ ...job, attempt: job.attempt + 1 }, 0, citationOf(sourceId));
    await note(job, 0, citationOf(await addTestSource(pool, "other")));
    await storeJobEnd(pool, { job, end: completed() });
    await note(job, 0, citationOf(sourceId));
    expect(await rows("draft_sources", "job_id", job.id)).toEqual([]);
  });

  it("goes with its source", async () => {
    const job = await active();
    const sourceId = await addTestSource(pool);
    await note(job, 0, citationOf(sourceId));
    await deleteSource(pool, { siteId: defaultSite, sourceId });
    expect(await rows("draft_sources", "job_id", job.id)).toEqual([]);
  });
});

describe("end of a job", () => {
  it("stores the citations of its reply, and drops those of its drafts, of all attempts", async () => {
    const first = await active();
    const citation = citationOf(await addTestSource(pool));
    await note(first, 0, citation);
    await loseLease(pool, first.id);
    const job = await claim(pool, first.id);
    await note(job, 0, citation);
    const end = citing([citation, { ...citation, n: 2, begins: 9, ends: 9 }]);
    expect(await storeJobEnd(pool, { job, end })).toBeDefined();
    expect(await rows("reply_sources", "message_id", end.reply.id)).toMatchObject([
      { no: 0, n: 1, source_id: citation.sourceId, passage_id: "7", title: "Returns", begins: 0, ends: 9 },
      { no: 1, n: 2, begins: 9, ends: 9 },
    ]);
    expect(await rows("draft_sources", "job_id", job.id)).toEqual([]);
  });

  it("stores none if the attempt is not current any more", async () => {
    const zombie = await active();
    const citation = citationOf(await addTestSource(pool));
    await loseLease(pool, zombie.id);
    const job = await claim(pool, zombie.id);
    await note(job, 0, citation);
    const end = citing([citation]);
    expect(await storeJobEnd(pool, { job: zombie, end })).toBeUndefined();
    expect(await rows("reply_sources", "message_id", end.reply.id)).toEqual([]);
    expect(await rows("draft_sources", "job_id", job.id)).toHaveLength(1);
  });

  it("stores a citation without its text if the source was deleted meanwhile", async () => {
    const job = await active();
    const [gone, kept] = [await addTestSource(pool), await addTestSource(pool)];
    await deleteSource(pool, { siteId: defaultSite, sourceId: gone });
    const end = citing([citationOf(gone), citationOf(kept, { n: 2, begins: 9, ends: 12 })]);
    await storeJobEnd(pool, { job, end });
    expect(await rows("reply_sources", "message_id", end.reply.id)).toMatchObject([
      { source_id: null, title: "", url: "", quote: "", begins: 0, ends: 9 },
      { source_id: kept, title: "Returns" },
    ]);
  });

  it("does not wait for a source that is being deleted", async () => {
    const job = await active();
    const sourceId = await addTestSource(pool);
    const holder = await pool.connect();
    await holder.query("begin");
    await holder.query("delete from knowledge_sources where id = $1", [sourceId]);
    const end = citing([citationOf(sourceId)]);
    await storeJobEnd(pool, { job, end });
    await holder.query("commit");
    holder.release();
    expect(await rows("reply_sources", "message_id", end.reply.id)).toMatchObject([{ source_id: null, quote: "" }]);
  });

  it("notes a question that the knowledge does not answer, under the hash of its words", async () => {
    const job = await active();
    const words = Buffer.alloc(32, 7);
    await storeJobEnd(pool, { job, end: { ...completed(), unanswered: { words } } });
    const { rows: noted } = await pool.query("select * from unanswered_questions where message_id = $1", [
      job.messageId,
    ]);
    expect(noted).toMatchObject([{ conversation_id: job.conversationId, site_id: defaultSite, words }]);
  });

  it("of several jobs at once keeps their citations apart", async () => {
    const citation = citationOf(await addTestSource(pool));
    const ends = await Promise.all(
      [1, 2, 3].map(async (n) => ({ job: await active(), end: citing(n === 2 ? [] : [{ ...citation, n }]) })),
    );
    await Promise.all(ends.map((end) => storeJobEnd(pool, end)));
    const stored = await Promise.all(ends.map(({ end }) => rows("reply_sources", "message_id", end.reply.id)));
    expect(stored.map((each) => each.map(({ n }) => n))).toEqual([[1], [], [3]]);
  });
});

describe("a deleted source", () => {
  it("takes its title, address and quote out of replies, and counts as a withdrawal", async () => {
    const job = await active();
    const sourceId = await addTestSource(pool);
    const end = citing([citationOf(sourceId)]);
    await storeJobEnd(pool, { job, end });
    const withdrawals = async () =>
      (
        await pool.query<{ n: number }>("select withdrawals as n from knowledge_bases where site_id = $1", [
          defaultSite,
        ])
      ).rows[0]?.n ?? 0;
    const before = await withdrawals();
    await deleteSource(pool, { siteId: defaultSite, sourceId });
    expect(await rows("reply_sources", "message_id", end.reply.id)).toMatchObject([
      { source_id: null, title: "", url: "", quote: "", begins: 0, ends: 9 },
    ]);
    expect(await withdrawals()).toBe(before + 1);
  });

  it("leaves nothing but the reply's own text in the database, and outdates its cached page", async () => {
    const writing = await active();
    const job = await active();
    const sourceId = await addTestSource(pool);
    const canary = "a canary of the source";
    const citation = citationOf(sourceId, { title: canary, url: `https://shop.example/#${canary}`, quote: canary });
    await note(writing, 0, citation);
    await storeJobEnd(pool, { job, end: citing([citation]) });
    expect(await tablesWith(canary)).toEqual(["draft_sources", "reply_sources"]);
    const cached = await readOwner(pool, job.conversationId);
    await deleteSource(pool, { siteId: defaultSite, sourceId });
    expect(await tablesWith(canary)).toEqual([]);
    expect(await tablesWith("It does.")).toEqual(["messages"]);
    expect((await readOwner(pool, job.conversationId))?.pageVersion).not.toBe(cached?.pageVersion);
  });
});
