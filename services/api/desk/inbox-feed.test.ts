import type { Pool, QueryConfig } from "pg";
import { beforeAll, describe, expect, it } from "vitest";
import { addBuiltIn } from "../../../shared/db/desk/operators.ts";
import { storeTombstone } from "../../../shared/db/conversations/erasure.ts";
import { openDatabase } from "../../../shared/db/database.ts";
import { EventTail } from "../../../shared/events/event-tail.ts";
import { numberEvents } from "../../../shared/events/number.ts";
import type { TypingHint } from "../../../shared/live/live.ts";
import { inboxEventData } from "../../../shared/protocol/operator.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import { answer, followUp, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { encodeEvent } from "../follow/sse.ts";
import { TypingHints } from "../follow/typing-hints.ts";
import { InboxFeed } from "./inbox-feed.ts";

const mark = "0a1b2c3d";

let db: OpenTestDatabase;
let tail: EventTail;
let feed: InboxFeed;
beforeAll(async () => {
  db = await openTestDatabase();
  tail = new EventTail({ pool: db.pool, log: quietLog() });
  feed = open(db.pool, tail);
  return async () => {
    await tail.close();
    await db[Symbol.asyncDispose]();
  };
});

const live = { hintTyping: async (hint: TypingHint) => typing.hear(hint) };
const typing: TypingHints = new TypingHints({ live, log: quietLog() });
const open = (pool: Pool, events: EventTail) => new InboxFeed({ pool, siteId: defaultSite, events, typing, mark });

interface Received {
  event: string;
  id: string | undefined;
  data: { conversationId: string; seq: number; [name: string]: unknown };
}

/** A console that collects what it is sent. */
function follow(cursor: string | undefined, from = feed) {
  const leaving = new AbortController();
  const stream = from.follow(cursor, leaving.signal);
  const received: Received[] = [];
  const takeOne = async () => {
    const next = await stream.next();
    if (next.done) return false;
    const text = "encoded" in next.value ? next.value.encoded.toString() : encodeEvent(next.value);
    for (const block of text.split("\n\n").filter(Boolean)) received.push(parse(block));
    return true;
  };
  return {
    received,
    takeOne,
    /** Takes what comes until the condition holds. */
    until: async (holds: (received: readonly Received[]) => boolean) => {
      while (!holds(received)) if (!(await takeOne())) throw new Error("the stream ended");
      return received;
    },
    leave: async () => {
      leaving.abort();
      await stream.return(undefined);
    },
  };
}

function parse(block: string): Received {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
  const event = field("event") ?? "";
  const data = JSON.parse(field("data") ?? "") as Received["data"];
  if (Object.hasOwn(inboxEventData, event)) inboxEventData[event as keyof typeof inboxEventData].parse(data);
  return { event, data, id: field("id") };
}

const of = (conversationId: string) => (received: readonly Received[]) =>
  received.filter(({ data }) => data.conversationId === conversationId);

/** Places of a conversation's events as the log has them. */
async function logged(conversationId: string): Promise<string[]> {
  const { rows } = await db.pool.query<{ id: string }>(
    "select pos || '-' || $2 as id from events where conversation_id = $1 order by pos",
    [conversationId, mark],
  );
  return rows.map(({ id }) => id);
}

describe("the inbox's stream", () => {
  it("shows messages, jobs, who answers and deletions of each conversation, with all that is to be said", async () => {
    const console1 = follow(await feed.cursor());
    const job = await startConversation(db.pool, { text: "Is anybody there?", metadata: { locale: "de" } });
    const { conversationId } = job;
    await answer(db.pool, job.id, "I am.");
    const operatorId = await addBuiltIn(db.pool, defaultSite, "full");
    await db.pool.query(
      `with moved as (update conversations set event_seq = event_seq + 2 where id = $1)
       insert into events (conversation_id, seq, kind, handled_by, operator_id, notice)
       values ($1, 5, 'handling', 'waiting', null, 'waiting'), ($1, 6, 'handling', 'operator', $2, 'taken')`,
      [conversationId, operatorId],
    );
    const events = of(conversationId)(await console1.until((all) => of(conversationId)(all).length === 6));
    expect(events.map(({ event, data }) => [event, data.seq])).toEqual([
      ["message", 1],
      ["job", 2],
      ["message", 3],
      ["job", 4],
      ["handling", 5],
      ["handling", 6],
    ]);
    const [said, queued, replied, , waiting, taken] = events.map(({ data }) => data);
    expect(said).toMatchObject({ text: "Is anybody there?", sender: "user" });
    expect(queued).toMatchObject({ jobId: job.id, status: "queued" });
    expect(replied).toMatchObject({ text: "I am.", sender: "ai" });
    expect(waiting).toMatchObject({ handledBy: "waiting", notice: { code: "waiting" } });
    expect(waiting).toHaveProperty("waitingSince");
    expect(taken).toMatchObject({ handledBy: "operator", operatorId, operator: { name: "Support" } });
    expect(taken?.["notice"]).toMatchObject({ text: expect.stringMatching(/Support/) as string });
    await storeTombstone(db.pool, conversationId);
    await console1.until((all) => all.at(-1)?.event === "deleted");
    await console1.leave();
  });

  it("goes on from an id at any process, without a gap or a repetition", async () => {
    await using other = await openFeed();
    const first = follow(await feed.cursor());
    const { conversationId } = await startConversation(db.pool);
    const before = await first.until((all) => of(conversationId)(all).length === 2);
    await first.leave();
    for (let turn = 0; turn < 3; turn += 1) await followUp(db.pool, conversationId);
    const second = follow(before.at(-1)?.id, other.feed);
    const after = await second.until((all) => of(conversationId)(all).length === 6);
    await second.leave();
    expect([...of(conversationId)(before), ...of(conversationId)(after)].map(({ id }) => id)).toEqual(
      await logged(conversationId),
    );
  });

  it.each(["", "0", "7", `1000000000-${mark}`, "1-ffffffff", `-1-${mark}`, `1-${mark}x`])(
    "answers the cursor %j with resync, and goes on from there",
    async (cursor) => {
      const stream = follow(cursor);
      await stream.takeOne();
      expect(stream.received).toMatchObject([{ event: "resync", id: stream.received[0]?.data["cursor"] }]);
      const { conversationId } = await startConversation(db.pool);
      await stream.until((all) => of(conversationId)(all).length === 2);
      await stream.leave();
    },
  );

  it("answers a cursor before the oldest event that is kept with resync", async () => {
    await using own = await openFeed(await openTestDatabase());
    await startConversation(own.pool);
    await numberEvents(own.pool);
    const old = await own.feed.cursor();
    await startConversation(own.pool);
    await startConversation(own.pool);
    await numberEvents(own.pool);
    const honoured = follow(old, own.feed);
    await honoured.until((all) => all.length === 4);
    await honoured.leave();
    await own.pool.query("delete from events where pos <= 3");
    const late = follow(old, own.feed);
    await late.takeOne();
    expect(late.received[0]?.event).toBe("resync");
    await late.leave();
    await own.pool.query("delete from events");
    const empty = follow(old, own.feed);
    await empty.takeOne();
    expect(empty.received[0]?.event).toBe("resync");
    await empty.leave();
    const newest = follow(await own.feed.cursor(), own.feed);
    const { conversationId } = await startConversation(own.pool);
    await newest.until((all) => of(conversationId)(all).length === 2);
    expect(newest.received[0]?.event).toBe("message");
    await newest.leave();
  });

  it("reads and encodes once for all consoles, and nothing for those that are idle", async () => {
    const statements: string[] = [];
    const pool = Object.create(db.pool, {
      query: {
        value: (config: QueryConfig) => {
          statements.push(config.name ?? "");
          return db.pool.query(config);
        },
      },
    }) as Pool;
    const counted = open(pool, tail);
    const start = await counted.cursor();
    const consoles = Array.from({ length: 200 }, () => follow(start, counted));
    const { conversationId } = await startConversation(db.pool);
    await Promise.all(consoles.map((each) => each.until((all) => of(conversationId)(all).length === 2)));
    const pages = statements.filter((name) => name === "inbox-page");
    // The message and its job may be numbered by two looks, and consoles wait for the next look from then on.
    expect(pages.length).toBeLessThan(10);
    // For the cursor, for the first console, and for all others at once.
    expect(statements.filter((name) => name === "log-ends")).toHaveLength(3);
    const waiting = consoles.map((each) => each.takeOne());
    const before = statements.length;
    const heard = new Promise<void>((resolve) => {
      let looks = 0;
      const stop = tail.follow(() => {
        looks += 1;
        if (looks < 5) return;
        stop();
        resolve();
      });
    });
    await heard;
    expect(statements.length).toBe(before);
    await Promise.all(consoles.map((each) => each.leave()));
    await Promise.all(waiting);
  });

  it("shows who is typing to all who are there, and keeps at most a few for a slow reader", async () => {
    const start = await feed.cursor();
    const [quick, slow] = [follow(start), follow(start)];
    const reading = [quick.takeOne(), slow.takeOne()];
    const { conversationId } = await startConversation(db.pool);
    await Promise.all(reading);
    await Promise.all([quick, slow].map((each) => each.until((all) => of(conversationId)(all).length === 2)));
    const next = quick.takeOne();
    for (let one = 0; one < 100; one += 1) typing.hear({ conversationId, by: "operator", name: `Operator ${one}` });
    await next;
    expect(quick.received.at(-1)).toEqual({
      event: "typing",
      id: undefined,
      data: { conversationId, by: "operator", name: "Operator 0" },
    });
    await slow.until((all) => all.at(-1)?.event === "typing");
    await followUp(db.pool, conversationId);
    await slow.until((all) => all.at(-1)?.event === "job");
    expect(slow.received.filter(({ event }) => event === "typing").length).toBeLessThanOrEqual(20);
    await Promise.all([quick.leave(), slow.leave()]);
  });

  it("lets a slow console read the rest from the log, in order and whole", async () => {
    const start = await feed.cursor();
    const [slow, fast] = [follow(start), follow(start)];
    const jobs = [];
    for (let one = 0; one < 30; one += 1) jobs.push(await startConversation(db.pool));
    for (const { conversationId } of jobs) {
      for (let turn = 0; turn < 4; turn += 1) await followUp(db.pool, conversationId);
    }
    const last = jobs.at(-1)?.conversationId ?? "";
    const all = await fast.until((received) => of(last)(received).length === 10);
    expect(slow.received).toEqual([]);
    const late = await slow.until((received) => of(last)(received).length === 10);
    expect(late.map(({ id }) => id)).toEqual(all.map(({ id }) => id));
    await Promise.all([slow.leave(), fast.leave()]);
  });

  it("misses and repeats nothing while many write at once", async () => {
    const start = await feed.cursor();
    const streams = Array.from({ length: 3 }, () => follow(start));
    const started = await Promise.all(Array.from({ length: 20 }, () => startConversation(db.pool)));
    const write = async (id: string) => {
      for (let turn = 0; turn < 4; turn += 1) await followUp(db.pool, id, { maxUnanswered: 100 });
    };
    const readAll = streams.map((stream) =>
      stream.until((all) => started.every(({ conversationId }) => of(conversationId)(all).length === 10)),
    );
    await Promise.all(started.map(({ conversationId }) => write(conversationId)));
    for (const received of await Promise.all(readAll)) {
      for (const { conversationId } of started) {
        const mine = of(conversationId)(received);
        expect(mine.map(({ id }) => id)).toEqual(await logged(conversationId));
        expect(mine.map(({ data }) => data.seq)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
      }
    }
    await Promise.all(streams.map((stream) => stream.leave()));
  });

  it("ends with an error while the log cannot be read, and goes on from the last id then", async () => {
    await using own = await openFeed();
    const start = await own.feed.cursor();
    const stream = follow(start, own.feed);
    own.breakPages(true);
    const { conversationId } = await startConversation(db.pool);
    await expect(stream.takeOne()).rejects.toThrow("cannot be read");
    own.breakPages(false);
    const next = follow(start, own.feed);
    await next.until((all) => of(conversationId)(all).length === 2);
    await next.leave();
  });
});

/** A feed as another process has it. */
async function openFeed(database?: OpenTestDatabase) {
  const own = openDatabase(database?.url ?? db.url, quietLog());
  let broken = false;
  const pool = Object.create(own.pool, {
    query: {
      value: (config: QueryConfig) =>
        broken && config.name === "inbox-page" ? Promise.reject(new Error("cannot be read")) : own.pool.query(config),
    },
  }) as Pool;
  const events = new EventTail({ pool: own.pool, log: quietLog() });
  return {
    pool: own.pool,
    feed: open(pool, events),
    breakPages: (breaks: boolean) => {
      broken = breaks;
    },
    [Symbol.asyncDispose]: async () => {
      await events.close();
      await own.close();
      await database?.[Symbol.asyncDispose]();
    },
  };
}
