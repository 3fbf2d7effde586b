import { beforeAll, expect, it } from "vitest";
import { v7 } from "uuid";
import { defaultSite } from "../../sites/default-site.ts";
import { claim, completed, startConversation } from "../../testing/fixtures/conversations.ts";
import { addOperator } from "../../testing/fixtures/operators.ts";
import { openTestDatabase, type OpenTestDatabase } from "../../testing/stores/database.ts";
import { storeJobEnd } from "../jobs/end.ts";
import { readReport } from "./report.ts";

let db: OpenTestDatabase;

beforeAll(async () => {
  db = await openTestDatabase();
  return () => db[Symbol.asyncDispose]();
});

const hour = 3_600_000;
const noon = Date.UTC(2026, 0, 15, 12);
const moment = (ms: number) => new Date(ms);

/** A message that came at a moment, and was answered by the assistant, with an apology, or not at all. */
async function asked(at: number, answer: "ai" | "apology" | "none") {
  const job = await startConversation(db.pool);
  if (answer !== "none") {
    await claim(db.pool, job.id);
    const end = completed();
    const reply = end.reply && { ...end.reply, fallback: answer === "apology" };
    await storeJobEnd(db.pool, { job: { ...job, attempt: 1 }, end: { ...end, ...(reply && { reply }) } });
  }
  const provider = answer === "apology" ? "preset" : "openai";
  await db.pool.query("update jobs set created_at = $2, started_at = $3, provider = $4 where id = $1", [
    job.id,
    moment(at),
    answer === "none" ? null : moment(at + 2000),
    provider,
  ]);
  return job;
}

/** A person's words in a conversation, at a moment. */
async function say(conversationId: string, at: number): Promise<void> {
  const { id: operatorId } = await addOperator(db.pool);
  await db.pool.query(
    `insert into messages (id, conversation_id, turn, sender, text, operator_id, created_at) values ($1, $2, 2, 'operator', 'hello', $3, $4)`,
    [v7(), conversationId, operatorId, moment(at)],
  );
}

async function stretch(conversationId: string, no: number, [handledBy, reason, at]: [string, string, number]) {
  await db.pool.query(
    "insert into stretches (conversation_id, no, handled_by, reason, began_at) values ($1, $2, $3, $4, $5)",
    [conversationId, no, handledBy, reason, moment(at)],
  );
}

it("counts a day by who answered, how long visitors waited, why they were handed over, and who came", async () => {
  await asked(noon, "ai");
  await asked(noon, "apology");
  await asked(noon, "none");
  const met = await asked(noon, "none");
  await stretch(met.conversationId, 1, ["waiting", "asked", noon]);
  await say(met.conversationId, noon + 90_000);
  const late = await asked(noon, "apology");
  await stretch(late.conversationId, 1, ["waiting", "failures", noon]);
  await stretch(late.conversationId, 2, ["ai", "nobody", noon + hour]);
  await say(late.conversationId, noon + 2 * hour);
  // Back in the queue: the same wait goes on.
  const returned = await asked(noon, "none");
  await stretch(returned.conversationId, 1, ["waiting", "asked", noon]);
  await stretch(returned.conversationId, 2, ["waiting", "no-reply", noon + 120_000]);
  for (const [no, rating] of ["good", "bad", null].entries()) {
    await db.pool.query(
      `insert into stretches (conversation_id, no, handled_by, began_at, ended_at, rating_asked, rating)
       values ($1, $2, 'operator', $3, $3, true, $4)`,
      [met.conversationId, 10 + no, moment(noon), rating],
    );
  }
  await stretch(met.conversationId, 20, ["operator", "taken", noon]);
  await db.pool.query("update stretches set ended_at = began_at where no = 20");
  const [total, ...days] = await readReport(db.pool, {
    siteId: defaultSite,
    from: "2026-01-14",
    to: "2026-01-16",
    zone: "UTC",
  });
  expect(days.map(({ day, messages }) => [day, messages])).toEqual([
    ["2026-01-14", 0],
    ["2026-01-15", 6],
    ["2026-01-16", 0],
  ]);
  expect(days[1]).toEqual({
    day: "2026-01-15",
    messages: 6,
    byAssistant: 1,
    byPeople: 2,
    apologies: 1,
    unanswered: 2,
    waitP50: 2,
    waitP95: 2,
    handoffs: 3,
    handoffsByReason: { asked: 2, failures: 1 },
    handoffsMet: 1,
    firstReplyP50: 90,
    firstReplyP95: 90,
    ratingsAsked: 3,
    good: 1,
    bad: 1,
    up: 0,
    down: 0,
    costUsd: 0,
  });
  expect(total).toEqual({ ...days[1], day: null });
});

it("begins its days at the midnight of their zone, in summer and in winter", async () => {
  // The last half hour of 14 July in Berlin is the evening of the 14th in UTC; the first one of the 15th, too.
  await asked(Date.UTC(2026, 6, 14, 21, 45), "ai");
  await asked(Date.UTC(2026, 6, 14, 22, 15), "ai");
  await asked(Date.UTC(2026, 10, 14, 22, 45), "ai");
  const span = { siteId: defaultSite, zone: "Europe/Berlin" };
  const count = async (from: string, to: string) =>
    (await readReport(db.pool, { ...span, from, to })).map(({ messages }) => messages);
  expect(await count("2026-07-14", "2026-07-15")).toEqual([2, 1, 1]);
  expect(await count("2026-11-14", "2026-11-15")).toEqual([1, 1, 0]);
});

it("counts what was rated and what was paid, and nothing of another site or of a deleted conversation", async () => {
  const at = Date.UTC(2026, 2, 3, 8);
  const [own, foreign, gone] = [await asked(at, "ai"), await asked(at, "ai"), await asked(at, "ai")];
  for (const { id } of [own, foreign]) {
    await db.pool.query(
      `insert into calls (id, job_id, attempt, assistant_type, provider, model, begun_at, cost_usd)
       values (gen_random_uuid(), $1, 1, 'default', 'openai', 'm', $2, 0.25)`,
      [id, moment(at)],
    );
    await db.pool.query(
      `insert into feedback (message_id, rating, assistant_type, rated_at)
       select reply_id, 'down', 'default', $2 from jobs where id = $1`,
      [id, moment(at)],
    );
  }
  await db.pool.query("update conversations set site_id = 'another' where id = $1", [foreign.conversationId]);
  await db.pool.query("update calls set site_id = 'another' where job_id = $1", [foreign.id]);
  // A suggestion for an operator is paid, too, and answers no message.
  await db.pool.query(
    `insert into calls (id, job_id, attempt, assistant_type, provider, model, begun_at, cost_usd)
     values (gen_random_uuid(), gen_random_uuid(), 1, 'default', 'openai', 'm', $1, 0.5)`,
    [moment(at)],
  );
  await db.pool.query("update conversations set deleted_at = now() where id = $1", [gone.conversationId]);
  const [total] = await readReport(db.pool, {
    siteId: defaultSite,
    from: "2026-03-03",
    to: "2026-03-03",
    zone: "UTC",
  });
  expect(total).toMatchObject({ messages: 1, byAssistant: 1, up: 0, down: 1, costUsd: 0.75 });
});
