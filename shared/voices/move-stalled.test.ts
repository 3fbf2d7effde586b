import { describe, expect, it } from "vitest";
import { appendMessage } from "../db/submit/submit.ts";
import { readStalled } from "../db/voices/stalled.ts";
import { v7 } from "uuid";
import {
  followingMessage,
  openJobs,
  readConversationColumns,
  startConversation,
} from "../testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator, eventLines } from "../testing/fixtures/operators.ts";
import { handOff } from "./hand-over.ts";
import { moveOn, moveStalled } from "./move-stalled.ts";
import { takeOver } from "./take-over.ts";

const minute = 60;
const hour = 60 * minute;

const [, { openJobs: openContext }] = jobStores;

/** A conversation whose visitor waits for a person. */
async function startWaiting(context: TestJobContext): Promise<string> {
  const { conversationId } = await startConversation(context.db.pool);
  await handOff(context, conversationId, { reason: "asked" });
  return conversationId;
}

async function take(context: TestJobContext, conversationId: string, text?: string): Promise<string> {
  const { id: operatorId } = await addOperator(context.db.pool);
  const message =
    text === undefined ? {} : { message: { id: v7(), text, operatorId, idempotencyHash: null, requestHash: null } };
  const taking = { operatorId, actorId: operatorId, reason: "taken", force: false, ...message } as const;
  await takeOver(context, conversationId, taking);
  return operatorId;
}

/** Moves all that happened in a conversation into the past. */
async function pass({ db: { pool } }: TestJobContext, conversationId: string, seconds: number): Promise<void> {
  await pool.query(
    `update conversations set updated_at = updated_at - make_interval(secs => $2), waiting_since = waiting_since - make_interval(secs => $2)
     where id = $1`,
    [conversationId, seconds],
  );
  await pool.query("update stretches set began_at = began_at - make_interval(secs => $2) where conversation_id = $1", [
    conversationId,
    seconds,
  ]);
}

/** Lets time pass and somebody look; shows what was told since. */
async function after(context: TestJobContext, conversationId: string, seconds: number): Promise<string[]> {
  const { length } = await eventLines(context.db.pool, conversationId);
  await pass(context, conversationId, seconds);
  await Promise.all([moveStalled(context), moveStalled(context)]);
  return (await eventLines(context.db.pool, conversationId)).slice(length);
}

describe("a conversation with people that stalls", () => {
  it("goes back to the queue when its operator writes nothing for two minutes, and keeps its place there", async () => {
    await using context = await openContext();
    const id = await startWaiting(context);
    await pass(context, id, 5 * minute);
    await take(context, id);
    const before = await readConversationColumns(context.db.pool, id);
    expect(await after(context, id, 115)).toEqual([]);
    expect(await after(context, id, 10)).toEqual(["handling waiting waiting"]);
    const row = await readConversationColumns(context.db.pool, id);
    expect(row).toMatchObject({ handled_by: "waiting", operator_id: null, returns: 1 });
    expect(Number(before["waiting_since"]) - Number(row["waiting_since"])).toBe(125_000);
    const { rows } = await context.db.pool.query(
      "select reason from stretches where conversation_id = $1 order by no",
      [id],
    );
    expect(rows.map((stretch: { reason: string }) => stretch.reason)).toEqual([null, "asked", "taken", "no-reply"]);
  });

  it("stays with an operator who has written, with the message or after it", async () => {
    await using context = await openContext();
    const [one, two] = [await startWaiting(context), await startWaiting(context)];
    await take(context, one, "Hello");
    const operatorId = await take(context, two);
    const message = { id: v7(), text: "Hello", operatorId, idempotencyHash: null, requestHash: null };
    await takeOver(context, two, { operatorId, actorId: operatorId, reason: "taken", force: false, message });
    await appendMessage(context.db.pool, followingMessage(two));
    expect(await after(context, one, hour)).toEqual([]);
    expect(await after(context, two, hour)).toEqual([]);
  });

  it("asks for an address, once, after three operators who wrote nothing", async () => {
    await using context = await openContext();
    const id = await startWaiting(context);
    for (const _ of [1, 2]) {
      await take(context, id);
      expect(await after(context, id, 121)).toEqual(["handling waiting waiting"]);
    }
    await take(context, id);
    // The later one of two who look may see the third return already.
    const told = [...(await after(context, id, 121)), ...(await after(context, id, 0))];
    expect(told).toEqual(["handling waiting waiting", "handling waiting overdue"]);
    expect(await after(context, id, hour)).toEqual([]);
    await take(context, id);
    expect(await after(context, id, 121)).toEqual(["handling waiting waiting"]);
    expect(await after(context, id, 0)).toEqual([]);
    await take(context, id, "Here I am");
    const row = await readConversationColumns(context.db.pool, id);
    expect(row).toMatchObject({ returns: 0, overdue_at: null, waiting_since: null });
  });

  it("asks for an address, once, when nobody comes for ten minutes", async () => {
    await using context = await openContext();
    const id = await startWaiting(context);
    expect(await after(context, id, 590)).toEqual([]);
    const before = await readConversationColumns(context.db.pool, id);
    expect(await after(context, id, 20)).toEqual(["handling waiting overdue"]);
    const row = await readConversationColumns(context.db.pool, id);
    // It waits on: same stretch, same place in the queue.
    expect(row).toMatchObject({ handled_by: "waiting", stretch: before["stretch"] });
    expect(Number(before["waiting_since"]) - Number(row["waiting_since"])).toBe(20_000);
    expect(await after(context, id, hour)).toEqual([]);
  });

  it("has the AI again after a day without anybody, which answers what was asked", async () => {
    await using context = await openContext();
    const id = await startWaiting(context);
    expect(await after(context, id, 23 * hour)).toEqual(["handling waiting overdue"]);
    expect(await after(context, id, 2 * hour)).toEqual(["handling ai assistant", "job queued"]);
    expect(await openJobs(context.db.pool, id)).toHaveLength(1);
    const row = await readConversationColumns(context.db.pool, id);
    expect(row).toMatchObject({ handled_by: "ai", returns: 0, overdue_at: null, waiting_since: null });
  });

  it("is closed after twelve hours of silence; what is unanswered then is for the AI", async () => {
    await using context = await openContext();
    const [said, asked] = [await startWaiting(context), await startWaiting(context)];
    for (const id of [said, asked]) await take(context, id, "Hello");
    await appendMessage(context.db.pool, followingMessage(asked));
    expect(await after(context, said, 11 * hour)).toEqual([]);
    expect(await after(context, said, 2 * hour)).toEqual(["handling ai closed"]);
    expect(await after(context, asked, 13 * hour)).toEqual(["handling ai assistant", "job queued"]);
    const row = await readConversationColumns(context.db.pool, asked);
    expect(row).toMatchObject({ handled_by: "ai", closed_at: null });
  });

  it("is left alone if anything happened since somebody looked", async () => {
    await using context = await openContext();
    const { pool } = context.db;
    const id = await startWaiting(context);
    await pass(context, id, hour);
    const [found] = await readStalled(pool);
    if (found === undefined) throw new Error("it was not found");
    expect(found).toMatchObject({ id, how: "overdue" });
    const operatorId = await take(context, id);
    await moveOn(context, found);
    const row = await readConversationColumns(pool, id);
    expect(row).toMatchObject({ handled_by: "operator", operator_id: operatorId, overdue_at: null });
  });
});
