import { describe, expect, it } from "vitest";
import { claimJob, readSnapshots } from "../db/jobs/claim.ts";
import { readJob } from "../db/jobs/read-job.ts";
import { insertConversation, appendMessage } from "../db/submit/submit.ts";
import { listPauses, pauseAssistant, resumeAssistant } from "../db/voices/assistant-pauses.ts";
import { readStalled } from "../db/voices/stalled.ts";
import { endJob } from "../jobs/end-job.ts";
import { defaultSite } from "../sites/default-site.ts";
import {
  claim,
  completed,
  followingMessage,
  followUp,
  loseLease,
  newConversation,
  startConversation,
} from "../testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../testing/fixtures/job-context.ts";
import { addOperator, eventLines, messageLines } from "../testing/fixtures/operators.ts";
import { carryOutHandoff, handOff, release, withdrawHandoff } from "./hand-over.ts";
import { moveStalled } from "./move-stalled.ts";

async function pause({ db: { pool } }: TestJobContext, assistantType = "default", siteId = defaultSite) {
  const { id: operatorId } = await addOperator(pool);
  return pauseAssistant(pool, { siteId, assistantType, operatorId });
}

const resume = ({ db: { pool } }: TestJobContext) => resumeAssistant(pool, defaultSite, "default");
const claiming = (jobId: string) => ({ jobId, reclaim: true, worker: "a worker" });

describe.each(jobStores)("a paused assistant, on $name", ({ available, openJobs: openContext }) => {
  describe.runIf(available)("accepts messages, and", () => {
    it("hands each to people: a first one, a later one, and one that was queued before", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const [queued, known] = [await startConversation(pool), await startConversation(pool)];
      await endJob(context, await claim(pool, known.id), completed());
      await pause(context);
      const first = newConversation();
      expect(await insertConversation(pool, first)).toEqual({ handoffDue: true });
      const later = followingMessage(known.conversationId);
      expect(await appendMessage(pool, later)).toMatchObject({ handledBy: "ai", handoffDue: true });
      for (const { jobId, conversationId } of [first, later, { ...queued, jobId: queued.id }]) {
        expect(await claimJob(pool, claiming(jobId))).toBeUndefined();
        const [snapshot] = await readSnapshots(pool, [jobId], { reclaim: true });
        expect(snapshot).toMatchObject({ paused: true, status: "queued", head: true });
        expect(await carryOutHandoff(context, conversationId)).toMatchObject({ handledBy: "waiting", changed: true });
        expect(await readJob(pool, jobId)).toMatchObject({ status: "completed", handledBy: "waiting" });
        expect((await eventLines(pool, conversationId)).at(-1)).toBe("handling waiting waiting");
      }
      const { rows } = await pool.query("select distinct reason from stretches where handled_by = 'waiting'");
      expect(rows).toEqual([{ reason: "paused" }]);
    });

    it("ends the reply that has begun, by another worker if its own dies, and begins no other", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const job = await startConversation(pool);
      await claim(pool, job.id);
      const second = await followUp(pool, job.conversationId);
      await pause(context);
      // Nothing is to be handed over while the reply is being written.
      expect(await carryOutHandoff(context, job.conversationId)).toMatchObject({ changed: false });
      await loseLease(pool, job.id);
      expect(await endJob(context, await claim(pool, job.id), completed("One two three"))).toBe(true);
      expect(await claimJob(pool, claiming(second.id))).toBeUndefined();
      await carryOutHandoff(context, job.conversationId);
      expect(await messageLines(pool, job.conversationId)).toEqual([
        "user: a question",
        "ai: One two three",
        "user: a question",
      ]);
      expect(await readJob(pool, second.id)).toMatchObject({ status: "completed", handledBy: "waiting" });
    });

    it("gets no conversation back before the pause ends: by nobody, and by no clock", async () => {
      await using context = await openContext();
      const { pool } = context.db;
      const { conversationId } = await startConversation(pool);
      await handOff(context, conversationId, { reason: "asked" });
      await pause(context);
      const { id: operatorId } = await addOperator(pool);
      const leaving = { to: "ai", operatorId, force: true, requestId: null } as const;
      expect(await withdrawHandoff(context, conversationId, null)).toEqual({ type: "paused" });
      expect(await release(context, conversationId, leaving)).toEqual({ type: "paused" });
      await pool.query("update conversations set waiting_since = now() - interval '2 d', overdue_at = now()");
      expect(await readStalled(pool)).toEqual([]);
      await resume(context);
      await moveStalled(context);
      expect((await eventLines(pool, conversationId)).slice(-2)).toEqual(["handling ai assistant", "job queued"]);
    });
  });

  it.runIf(available)("is that of its site alone, is paused once, and answers again", async () => {
    await using context = await openContext();
    const { pool } = context.db;
    await pause(context, "technical");
    await pause(context, "default", "other");
    const job = await startConversation(pool);
    expect(await claimJob(pool, claiming(job.id))).toMatchObject({ id: job.id });
    const [one, two] = [await pause(context), await pause(context)];
    expect(two).toEqual(one);
    expect((await listPauses(pool, defaultSite)).map(({ assistantType }) => assistantType)).toEqual([
      "default",
      "technical",
    ]);
    await resume(context);
    const next = await startConversation(pool);
    expect(await claimJob(pool, claiming(next.id))).toMatchObject({ id: next.id });
  });
});
