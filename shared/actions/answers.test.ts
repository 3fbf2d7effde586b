import { v7 } from "uuid";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readActionToAnswer, storeAnswer } from "../db/actions/answer.ts";
import { expireActions } from "../db/actions/leftovers.ts";
import { markSent, readActionToRun, settleAction } from "../db/actions/send.ts";
import { storeTombstone } from "../db/conversations/erasure.ts";
import { cancelQueuedJob, storeJobEnd } from "../db/jobs/end.ts";
import { answerOf, confirmOne, propose, proposedAction, sendOne } from "../testing/fixtures/actions.ts";
import { claim, completed, followUp, openJobs, startConversation } from "../testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator, eventLines, messageLines } from "../testing/fixtures/operators.ts";
import { close, handOff, release } from "../voices/hand-over.ts";
import { takeOver } from "../voices/take-over.ts";

let jobs: TestJobContext;

/** Opens the parts for the tests of a group. */
function openOn({ openJobs: open }: Pick<(typeof jobStores)[number], "openJobs">): void {
  let opened: TestJobContext;
  beforeAll(async () => {
    opened = await open();
    jobs = opened;
  });
  afterAll(() => opened[Symbol.asyncDispose]());
}

const [, onPostgres] = jobStores;

async function startActive() {
  return claim(jobs.db.pool, (await startConversation(jobs.db.pool)).id);
}

async function states(conversationId: string): Promise<string[]> {
  const { rows } = await jobs.db.pool.query<{ line: string }>(
    "select concat_ws(' ', tool, state) as line from actions where conversation_id = $1 order by proposed_at, no",
    [conversationId],
  );
  return rows.map(({ line }) => line);
}

/** Events have consecutive numbers, and the conversation knows the last one. */
async function expectWholeLog(conversationId: string): Promise<void> {
  const { rows } = await jobs.db.pool.query<{ seq: number; last: number }>(
    `select seq, (select event_seq from conversations where id = $1) as last from events
     where conversation_id = $1 order by id`,
    [conversationId],
  );
  expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, at) => at + 1));
  expect(rows.at(-1)?.last).toBe(rows.length);
}

const takeBy = async (conversationId: string) => {
  const { id: operatorId } = await addOperator(jobs.db.pool);
  return takeOver(jobs, conversationId, { operatorId, actorId: operatorId, reason: "taken", force: false });
};

describe("proposals", () => {
  openOn(onPostgres);

  it("wait from the end of their job on; one of the same tool replaces the one that waits", async () => {
    const { pool } = jobs.db;
    const job = await startActive();
    const actions = [proposedAction(), proposedAction({ tool: "change_address" })];
    await storeJobEnd(pool, { job, end: { ...completed(), actions } });
    expect(await states(job.conversationId)).toEqual(["cancel_order waiting", "change_address waiting"]);
    const next = await claim(pool, (await followUp(pool, job.conversationId)).id);
    await propose(pool, next);
    expect(await states(job.conversationId)).toEqual([
      "cancel_order replaced",
      "change_address waiting",
      "cancel_order waiting",
    ]);
    expect((await eventLines(pool, job.conversationId)).slice(-4)).toEqual([
      "message ai",
      "job completed",
      "action ",
      "action ",
    ]);
    await expectWholeLog(job.conversationId);
  });

  it("are three at most, and none of an attempt that is over", async () => {
    const { pool } = jobs.db;
    const job = await startActive();
    const actions = ["a", "b", "c", "d"].map((tool) => proposedAction({ tool }));
    await storeJobEnd(pool, { job: { ...job, attempt: 0 }, end: { ...completed(), actions } });
    expect(await states(job.conversationId)).toEqual([]);
    await storeJobEnd(pool, { job, end: { ...completed(), actions } });
    expect(await states(job.conversationId)).toEqual(["a waiting", "b waiting", "c waiting"]);
    const next = await claim(pool, (await followUp(pool, job.conversationId)).id);
    await propose(pool, next, { tool: "e" });
    expect(await states(job.conversationId)).toHaveLength(3);
    await expectWholeLog(job.conversationId);
  });
});

describe("an answer", () => {
  openOn(onPostgres);

  it("is a message of the visitor with its own job, once, however many come at once", async () => {
    const { pool } = jobs.db;
    const job = await startActive();
    const action = await propose(pool, job);
    const answers = Array.from({ length: 12 }, (_, at) => answerOf(action, { confirm: at % 2 === 0 }));
    const stored = (await Promise.all(answers.map((each) => storeAnswer(pool, each)))).filter(Boolean);
    expect(stored).toHaveLength(1);
    expect(await messageLines(pool, job.conversationId)).toEqual(["user: a question", "ai: an answer", "user: Yes"]);
    const read = await readActionToAnswer(pool, action.id);
    const winner = answers.find(({ jobId }) => jobId === read?.answer?.id);
    expect(read?.state).toBe(winner?.confirm ? "confirmed" : "refused");
    expect(await openJobs(pool, job.conversationId)).toEqual([winner?.jobId]);
    await expectWholeLog(job.conversationId);
  });

  it("is none for another hash, another site, a person's conversation, one that is due to people, or after its time", async () => {
    const { pool } = jobs.db;
    const job = await startActive();
    const action = await propose(pool, job);
    const refuse = async (given: Parameters<typeof answerOf>[1] = {}) =>
      expect(await storeAnswer(pool, answerOf(action, given))).toBeUndefined();
    await refuse({ hash: proposedAction({ tool: "other" }).hash });
    await refuse({ siteId: "other" });
    const set = (sql: string) => pool.query(`update ${sql}`);
    await set("conversations set handoff_due = 'failures'");
    await refuse();
    await set("conversations set handoff_due = null, handled_by = 'waiting'");
    await refuse();
    await set("conversations set handled_by = 'ai', blocked_at = now()");
    await refuse();
    await set("conversations set blocked_at = null");
    await set("actions set expires_at = now()");
    await refuse();
    expect(await readActionToAnswer(pool, action.id)).toMatchObject({ state: "expired", answer: null });
    await set("actions set expires_at = now() + interval '1 h'");
    expect(await storeAnswer(pool, answerOf(action))).toMatchObject({ head: true });
  });
});

describe.each(jobStores.filter(({ available }) => available))("who comes first, on $name", (store) => {
  openOn(store);

  it("an answer or a take-over: a confirmed action is withdrawn, and never sent after it", async () => {
    const { pool } = jobs.db;
    for (let round = 0; round < 8; round += 1) {
      const job = await startActive();
      const action = await propose(pool, job);
      const answer = answerOf(action);
      const [stored] = await Promise.all([storeAnswer(pool, answer), takeBy(job.conversationId)]);
      expect(await states(job.conversationId)).toEqual(["cancel_order withdrawn"]);
      expect(await openJobs(pool, job.conversationId)).toEqual([]);
      if (stored) {
        const sender = { jobId: answer.jobId, attempt: 1, token: v7() };
        expect(await markSent(pool, action.id, sender)).toBe(false);
      }
      await expectWholeLog(job.conversationId);
    }
  });

  it("the sending or a take-over: what is sent stays sent, and its outcome is recorded", async () => {
    const { pool } = jobs.db;
    for (let round = 0; round < 8; round += 1) {
      const { id, conversationId, jobId } = await confirmOne(pool, await startActive());
      const { attempt } = await claim(pool, jobId);
      const [sent] = await Promise.all([markSent(pool, id, { jobId, attempt, token: v7() }), takeBy(conversationId)]);
      expect(await states(conversationId)).toEqual([`cancel_order ${sent ? "sent" : "withdrawn"}`]);
      const settled = await settleAction(pool, id, { state: "unknown", result: null, handsOver: true });
      expect(settled !== undefined).toBe(sent);
      // A person has it already.
      if (settled) expect(settled.handoffDue).toBe(false);
      await expectWholeLog(conversationId);
    }
  });
});

describe("an action that is not sent", () => {
  openOn(onPostgres);

  it("expires or is answered, never both", async () => {
    const { pool } = jobs.db;
    for (let round = 0; round < 8; round += 1) {
      const job = await startActive();
      const action = await propose(pool, job);
      await pool.query("update actions set expires_at = clock_timestamp() + interval '3 ms' where id = $1", [
        action.id,
      ]);
      const [stored] = await Promise.all([
        storeAnswer(pool, answerOf(action)),
        expireActions(pool),
        new Promise((resolve) => setTimeout(resolve, 5)).then(() => expireActions(pool)),
      ]);
      expect(await states(job.conversationId)).toEqual([`cancel_order ${stored ? "confirmed" : "expired"}`]);
      await expectWholeLog(job.conversationId);
    }
  });

  it("is withdrawn with a job that ends without acting, by whatever it ends", async () => {
    const { pool } = jobs.db;
    const queued = await confirmOne(pool, await startActive());
    await cancelQueuedJob(pool, { id: queued.jobId, conversationId: queued.conversationId });
    const running = await confirmOne(pool, await startActive());
    const run = await claim(pool, running.jobId);
    expect(run.actionId).toBe(running.id);
    await storeJobEnd(pool, { job: run, end: { status: "failed", errorCode: "workers_died" } });
    const handed = await confirmOne(pool, await startActive());
    await handOff(jobs, handed.conversationId, { reason: "asked" });
    for (const { conversationId } of [queued, running, handed]) {
      expect(await states(conversationId)).toEqual(["cancel_order withdrawn"]);
      await expectWholeLog(conversationId);
    }
  });

  it("waits on through a handoff, and is withdrawn when a person takes or closes", async () => {
    const { pool } = jobs.db;
    const [handed, closed] = [await propose(pool, await startActive()), await propose(pool, await startActive())];
    await handOff(jobs, handed.conversationId, { reason: "asked" });
    expect(await states(handed.conversationId)).toEqual(["cancel_order waiting"]);
    await takeBy(handed.conversationId);
    const { id: operatorId } = await addOperator(pool);
    await close(jobs, closed.conversationId, { operatorId, force: true });
    for (const { conversationId } of [handed, closed]) {
      expect(await states(conversationId)).toEqual(["cancel_order withdrawn"]);
      await expectWholeLog(conversationId);
    }
  });

  it("is known as withdrawn to the job that answers after a person has given the conversation back", async () => {
    const { pool } = jobs.db;
    const { id, conversationId } = await confirmOne(pool, await startActive());
    const { id: operatorId } = await addOperator(pool);
    await takeOver(jobs, conversationId, { operatorId, actorId: operatorId, reason: "taken", force: false });
    await release(jobs, conversationId, { to: "ai", operatorId, force: false, requestId: null });
    const [jobId = ""] = await openJobs(pool, conversationId);
    const again = await claim(pool, jobId);
    expect(again.actionId).toBe(id);
    expect(await markSent(pool, id, { jobId, attempt: again.attempt, token: v7() })).toBe(false);
  });
});

describe("an action that is sent", () => {
  openOn(onPostgres);

  it("is sent by one run alone, which may repeat the note of it", async () => {
    const { pool } = jobs.db;
    const { id, sender } = await sendOne(pool, await startActive());
    expect(await markSent(pool, id, sender)).toBe(true);
    expect(await markSent(pool, id, { ...sender, token: v7() })).toBe(false);
    expect(await markSent(pool, id, { ...sender, attempt: sender.attempt + 1 })).toBe(false);
  });

  it("has its outcome from whoever sent it, also after another gave it up as unknown, and only once", async () => {
    const { pool } = jobs.db;
    const { id, conversationId } = await sendOne(pool, await startActive());
    const unknown = { state: "unknown", result: null, handsOver: true } as const;
    expect(await settleAction(pool, id, unknown)).toEqual({ conversationId, handoffDue: true });
    expect(await settleAction(pool, id, unknown)).toBeUndefined();
    expect(await settleAction(pool, id, { state: "done", result: "It is cancelled." })).toBeDefined();
    expect(await settleAction(pool, id, { state: "failed", result: null })).toBeUndefined();
    const refused = (await sendOne(pool, await startActive())).id;
    expect(await settleAction(pool, refused, { state: "failed", result: null })).toBeDefined();
    expect(await settleAction(pool, refused, { state: "unknown", result: null })).toBeUndefined();
    expect(await settleAction(pool, refused, { state: "done", result: null })).toBeDefined();
    expect(await readActionToRun(pool, id)).toMatchObject({ state: "done", result: "It is cancelled." });
    await expectWholeLog(conversationId);
  });

  it("outlives its conversation without arguments, words and result; others go with it", async () => {
    const { pool } = jobs.db;
    const job = await startActive();
    const first = await propose(pool, job);
    const { id, conversationId } = await sendOne(
      pool,
      await claim(pool, (await followUp(pool, job.conversationId)).id),
    );
    await storeTombstone(pool, conversationId);
    await settleAction(pool, id, { state: "done", result: "Order 1042 of Ada" });
    const { rows } = await pool.query(
      "select id, state, arguments, title, lines, result from actions where conversation_id = $1",
      [conversationId],
    );
    expect(rows).toEqual([{ id, state: "done", arguments: null, title: null, lines: null, result: null }]);
    expect(await readActionToRun(pool, first.id)).toBeUndefined();
    expect((await eventLines(pool, conversationId)).at(-1)).toBe("deleted ");
  });
});
