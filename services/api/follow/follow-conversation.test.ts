import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { storeTombstone } from "../../../shared/db/conversations/erasure.ts";
import { storePresence } from "../../../shared/db/voices/presence.ts";
import { handOff, withdrawHandoff } from "../../../shared/voices/hand-over.ts";
import { addOperator } from "../../../shared/testing/fixtures/operators.ts";
import { readConversation } from "../../../shared/db/conversations/conversations.ts";
import { cursorOf } from "../../../shared/events/cursor.ts";
import { EventTail } from "../../../shared/events/event-tail.ts";
import { deleteOldEvents } from "../../../shared/events/retention.ts";
import type { TypingHint } from "../../../shared/live/live.ts";
import type { ConversationEvent } from "../../../shared/protocol/events.ts";
import { defaultSite } from "../../../shared/sites/default-site.ts";
import {
  answer,
  followUp,
  importedMessage,
  readConversationColumns,
  startConversation,
  type TestJob,
} from "../../../shared/testing/fixtures/conversations.ts";
import { quietLog } from "../../../shared/testing/fixtures/quiet-log.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../../shared/testing/stores/database.ts";
import { HandlingView } from "../voices/handling-view.ts";
import { TypingHints } from "./typing-hints.ts";
import { WaitingPlaces } from "./waiting-places.ts";
import { followConversation } from "./follow-conversation.ts";

let db: OpenTestDatabase;
let tail: EventTail;
let handling: HandlingView;
let typing: TypingHints;
let places: WaitingPlaces;
const dispatcher = { push: () => undefined };
const live = { hintCancel: async () => undefined, hintChange: async () => undefined };
/** Voice of the conversations of these tests, which no change touches. */
const who = { handledBy: "ai", operator: null } as const;

beforeAll(async () => {
  db = await openTestDatabase();
  const hints = { hintTyping: async (hint: TypingHint) => typing.hear(hint) };
  typing = new TypingHints({ live: hints, log: quietLog() });
  handling = new HandlingView({ pool: db.pool, siteId: defaultSite, hours: () => undefined });
  places = new WaitingPlaces({ pool: db.pool, siteId: defaultSite, handling, log: quietLog(), everyMs: 50 });
  tail = new EventTail({ pool: db.pool, log: quietLog() });
  return async () => {
    await Promise.all([tail.close(), places.close()]);
    await db[Symbol.asyncDispose]();
  };
});

async function readSeq(conversationId: string): Promise<number> {
  return Number((await readConversationColumns(db.pool, conversationId))["event_seq"]);
}

/**
 * Follows until the condition holds; fails by the test's time limit.
 * @param placed the conversation's `event_seq` as the stream reads it; absent: of now
 */
async function collect(
  conversationId: string,
  after: string | undefined,
  isLast: (event: ConversationEvent) => boolean,
  placed?: number,
): Promise<ConversationEvent[]> {
  const { signal } = new AbortController();
  const eventSeq = placed ?? (await readSeq(conversationId));
  const found: ConversationEvent[] = [];
  for await (const event of followConversation(
    { db, events: tail, handling, typing, places },
    { ...who, conversationId, eventSeq, after, signal },
  )) {
    found.push(event);
    if (isLast(event)) break;
  }
  return found;
}

const names = (events: readonly ConversationEvent[]) => events.map(({ event }) => event);
const ended = ({ event, data }: ConversationEvent) => event === "job" && data.status === "completed";
const restarted = ({ event }: ConversationEvent) => event === "resync";

async function startAnswered(): Promise<TestJob> {
  const job = await startConversation(db.pool, { history: [importedMessage(1, "user", { text: "before" })], turn: 2 });
  await answer(db.pool, job.id, "a reply");
  return job;
}

describe("following a conversation", () => {
  it("shows between its events which operator is typing, without an id", async () => {
    const { conversationId } = await startConversation(db.pool);
    const client = new AbortController();
    const follow = { ...who, conversationId, eventSeq: 2, after: undefined, signal: client.signal };
    const stream = followConversation({ db, events: tail, handling, typing, places }, follow);
    const first = stream.next();
    typing.hear({ conversationId, by: "user" });
    for (const name of ["Mia", "Ole"]) typing.hear({ conversationId, by: "operator", name });
    expect((await first).value).toEqual({ event: "typing", data: { by: "operator", name: "Ole" } });
    const second = stream.next();
    await followUp(db.pool, conversationId);
    expect((await second).value).toMatchObject({ event: "message" });
    client.abort();
    await stream.return(undefined);
  });

  it("sends all messages, then who answers, then what comes", async () => {
    const { conversationId } = await startAnswered();
    const following = collect(conversationId, "0", ended, await readSeq(conversationId));
    const next = await followUp(db.pool, conversationId, { text: "and then?" });
    await answer(db.pool, next.id, "this");
    const events = await following;
    const place = names(events).indexOf("handling");
    const texts = events.flatMap(({ event, data }) => (event === "message" ? [data.text] : []));
    expect(texts.slice(0, 3)).toEqual(["before", "a question", "a reply"]);
    expect(texts.slice(-2)).toEqual(["and then?", "this"]);
    expect(names(events).slice(-4)).toEqual(["message", "job", "message", "job"]);
    expect(place).toBeGreaterThanOrEqual(3);
    for (const { id } of events.slice(0, place)) expect(id).toBeUndefined();
    for (const { data } of events) {
      expect("at" in data && new Date(data.at).toISOString() === data.at && Number.isInteger(data.seq)).toBe(true);
    }
  });

  it("goes on from a cursor with exactly what followed it", async () => {
    const job = await startAnswered();
    const events = await collect(job.conversationId, cursorOf(job.conversationId, 1), ended);
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ["job", cursorOf(job.conversationId, 2)],
      ["message", cursorOf(job.conversationId, 3)],
      ["job", cursorOf(job.conversationId, 4)],
    ]);
  });

  it("begins with what comes where no cursor is given", async () => {
    const { conversationId } = await startAnswered();
    // The stream's place is taken when it reads the row: what follows comes after it.
    const following = collect(conversationId, undefined, ended, await readSeq(conversationId));
    const next = await followUp(db.pool, conversationId);
    await answer(db.pool, next.id);
    const passed = (await following).map(({ data }) => ("seq" in data ? data.seq : 0));
    expect(passed.at(-1)).toBe(8);
    expect(Math.min(...passed)).toBeGreaterThan(4);
  });

  it.each(["", "x", "-1", "00", "99999-", "1-00000000", "3", "1e3-aaaaaaaa", "99999999999999999999"])(
    "answers the cursor %j with a resync, and goes on from there",
    async (after) => {
      const { conversationId } = await startAnswered();
      const [event] = await collect(conversationId, after, restarted);
      const cursor = cursorOf(conversationId, await readSeq(conversationId));
      expect(event).toMatchObject({ event: "resync", id: cursor, data: { cursor } });
    },
  );

  it("answers a cursor of the future, of another conversation and from before the log with a resync", async () => {
    const { conversationId } = await startAnswered();
    const other = await startAnswered();
    const seq = await readSeq(conversationId);
    for (const after of [cursorOf(conversationId, seq + 1), cursorOf(other.conversationId, 1)]) {
      expect(names(await collect(conversationId, after, restarted))).toEqual(["resync"]);
    }
    await db.pool.query("update events set at = now() - interval '8 d' where conversation_id = $1", [conversationId]);
    await deleteOldEvents(db.pool, 1000);
    expect(names(await collect(conversationId, cursorOf(conversationId, 1), restarted))).toEqual(["resync"]);
  });

  it("ends with the deletion, whose id is final", async () => {
    const { conversationId } = await startAnswered();
    const following = collect(conversationId, cursorOf(conversationId, 4), () => false);
    await storeTombstone(db.pool, conversationId);
    expect((await following).map(({ event, id }) => [event, id])).toEqual([["deleted", "end"]]);
  });

  it("ends without an event once its client is gone, and no longer listens", async () => {
    const { conversationId } = await startAnswered();
    const client = new AbortController();
    let listening = 0;
    const events = {
      listen: (...args: Parameters<EventTail["listen"]>) => {
        listening += 1;
        const stop = tail.listen(...args);
        return () => {
          listening -= 1;
          stop();
        };
      },
    };
    const follow = { ...who, conversationId, eventSeq: 4, after: undefined, signal: client.signal };
    const next = followConversation({ db, events, handling, typing, places }, follow).next();
    await expect.poll(() => listening).toBe(1);
    client.abort();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(listening).toBe(0);
  });

  it("misses no event and keeps their order, however connects and writes interleave", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom("write", "read", "connect"), { minLength: 4, maxLength: 12 }),
        async (steps) => {
          const { conversationId } = await startConversation(db.pool);
          const state = await readConversation(db.pool, conversationId);
          expect(state).toBeDefined();
          const streams: Promise<ConversationEvent[]>[] = [];
          const cursors: number[] = [];
          const last = 2 + 2 * (steps.filter((step) => step === "write").length + 1);
          let seq = 2;
          const write = () => followUp(db.pool, conversationId, { maxUnanswered: 100 });
          const writes: Promise<unknown>[] = [];
          for (const step of steps) {
            if (step === "write") writes.push(write());
            else if (step === "read") seq = await readSeq(conversationId);
            else {
              cursors.push(seq);
              const isLast = ({ data }: ConversationEvent) => "seq" in data && data.seq === last;
              streams.push(collect(conversationId, cursorOf(conversationId, seq), isLast));
            }
          }
          await Promise.all(writes);
          await write();
          for (const [index, events] of (await Promise.all(streams)).entries()) {
            const from = cursors[index] ?? 0;
            const expected = Array.from({ length: last - from }, (_, offset) => from + 1 + offset);
            expect(events.map(({ data }) => ("seq" in data ? data.seq : 0))).toEqual(expected);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("shows one who waits for a person their place, and what changes without an event, each once and without an id", async () => {
    const { conversationId } = await startConversation(db.pool);
    const before = await startConversation(db.pool);
    const wait = async (id: string, since: string) =>
      db.pool.query(
        `update conversations set handled_by = 'waiting', waiting_since = now() - $2::interval where id = $1`,
        [id, since],
      );
    await wait(before.conversationId, "5 min");
    await wait(conversationId, "1 min");
    const client = new AbortController();
    const follow = {
      ...who,
      handledBy: "waiting",
      conversationId,
      eventSeq: 2,
      after: undefined,
      signal: client.signal,
    } as const;
    const stream = followConversation({ db, events: tail, handling, typing, places }, follow);
    const nobody = { state: "address", emailAsked: true };
    expect((await stream.next()).value).toEqual({ event: "position", data: { position: 2, expected: nobody } });
    await db.pool.query("update conversations set handled_by = 'ai', waiting_since = null where id = $1", [
      before.conversationId,
    ]);
    expect((await stream.next()).value).toEqual({ event: "position", data: { position: 1, expected: nobody } });
    const { id } = await addOperator(db.pool);
    await storePresence(db.pool, id, true);
    const somebody = { state: "now", emailAsked: false };
    expect((await stream.next()).value).toEqual({ event: "position", data: { position: 1, expected: somebody } });
    await handOff({ db, dispatcher, live, log: quietLog() }, before.conversationId, { reason: "asked" });
    // Nothing of its own has changed.
    const next = stream.next();
    await withdrawHandoff({ db, dispatcher, live, log: quietLog() }, conversationId, null);
    expect((await next).value).toMatchObject({ event: "handling", data: { handledBy: "ai" } });
    client.abort();
    await stream.return(undefined);
    await db.pool.query("delete from operators");
  });

  it("costs no statement while nothing happens, however many streams there are", async () => {
    const { conversationId } = await startAnswered();
    const statements: unknown[] = [];
    const pool = Object.create(db.pool, {
      query: {
        value: (...args: Parameters<typeof db.pool.query>) => {
          statements.push(args[0]);
          return db.pool.query(...args);
        },
      },
    }) as typeof db.pool;
    const client = new AbortController();
    const follow = { ...who, conversationId, eventSeq: 4, after: undefined, signal: client.signal };
    const streams = Array.from({ length: 500 }, () =>
      followConversation({ db: { pool }, events: tail, handling, typing, places }, follow).next(),
    );
    await expect.poll(() => statements.length).toBe(500);
    // Events of others pass by meanwhile, twice: the tail has looked in between.
    for (let round = 0; round < 2; round += 1) {
      const other = await startConversation(db.pool);
      await collect(other.conversationId, cursorOf(other.conversationId, 0), ({ event }) => event === "job");
    }
    expect(statements).toHaveLength(500);
    client.abort();
    await Promise.all(streams);
  });
});
