import { execFile } from "node:child_process";
import { hostname } from "node:os";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { timeline } from "../../../shared/protocol/job.ts";
import type { JobRef } from "../harness/api-client.ts";
import { adminPassword } from "../harness/product.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

const run = promisify(execFile);
/** A worker that has just started takes nothing over for a lease. */
const afterLeaseMs = 40_000;

onSharedProducts("operator actions", (product) => {
  const asOperator = { authorization: `Basic ${Buffer.from(`admin:${adminPassword}`).toString("base64")}` };
  const board = (path: string, method = "GET") =>
    product().client.request(`/admin/queues/api/queues${path}`, { method, headers: asOperator });
  const jobs = async (...args: string[]) => {
    const env = { ...process.env, DATABASE_URL: product().databaseUrl, REDIS_URL: product().redis?.url ?? "" };
    const command = ["services/cli/jobs.ts", ...args];
    const { stdout } = await run(process.execPath, command, { env }).catch((error: { stdout: string }) => error);
    return stdout;
  };
  /** A job that has killed two workers, and a third just now. */
  const killer = async (message: string) => {
    const { client, query } = product();
    const chat = await client.submit(message);
    await client.ended(chat);
    await query("delete from messages where conversation_id = $1 and sender = 'ai'", [chat.conversationId]);
    await query(
      `update jobs set status = 'active', run = 3, attempt = 3, deaths = 2, lease_until = now() - interval '1 s',
                       reply_id = null, finished_at = null where id = $1`,
      [chat.jobId],
    );
    await query(
      "insert into runs (job_id, run, attempt, worker) values ($1, 2, 2, 'elsewhere:2'), ($1, 3, 3, 'elsewhere:3')",
      [chat.jobId],
    );
    await query("update conversations set open_jobs = array[$2::uuid] where id = $1", [
      chat.conversationId,
      chat.jobId,
    ]);
    return chat;
  };

  const failed = (chat: JobRef) =>
    eventually(
      "the job is given up",
      async () => {
        const job = await product().client.job(chat);
        return job.status === "failed" && job;
      },
      afterLeaseMs,
    );
  /** Resolves when the board's page of a job shows this. */
  const shown = (chat: JobRef, text: string) =>
    eventually(
      `Bull Board shows "${text}"`,
      async () => JSON.stringify((await board(`/answers/${chat.jobId}`)).body).includes(text),
      afterLeaseMs,
    );

  describe.concurrent("a job that kills its workers", { timeout: 90_000 }, () => {
    it("fails, is kept with its reason, and can be retried from Bull Board", async () => {
      const { client } = product();
      const chat = await killer("I kill workers");
      expect((await failed(chat)).error).toEqual({ code: "workers_died", message: expect.any(String) as string });
      await shown(chat, "workers_died");
      const { text: log } = await board(`/answers/${chat.jobId}/logs`);
      const show = await jobs("show", chat.jobId);
      for (const explained of [log, show]) {
        expect(explained).toContain(`run 1 by ${hostname()}:`);
        expect(explained).toContain("run 3 by elsewhere:3: attempt 3, claimed 20");
        expect(explained).toContain("under way, or its worker died");
      }

      expect((await board(`/answers/${chat.jobId}/retry`, "PUT")).status).toBe(204);
      const answered = await eventually("it is answered", async () => {
        const job = await client.job(chat);
        return job.status === "completed" && job;
      });
      expect(answered.reply?.text).toBe("You said: I kill workers");
    });

    it("is not retried after a later message was answered, and both ways report that", async () => {
      const { client } = product();
      const chat = await killer("I kill workers, too");
      const later = await client.submit("after it", { to: chat });
      await failed(chat);
      expect(await client.ended(later)).toMatchObject({ status: "completed" });
      await shown(chat, "workers_died");

      const reason = "its message or a later one has been answered, or is about to be";
      expect(await jobs("retry", chat.jobId)).toBe(`Not retried: ${reason}.\n`);
      expect((await board(`/answers/${chat.jobId}/retry`, "PUT")).status).toBe(204);
      await shown(chat, `not retried: ${reason}`);
      expect(await client.job(chat)).toMatchObject({ status: "failed", error: { code: "workers_died" } });
      expect((await client.history(chat)).messages.map(({ text }) => text)).toEqual([
        "I kill workers, too",
        "after it",
        "You said: after it",
      ]);
    });
  });

  it("retry a failed job by its id, or explain the refusal", { timeout: 90_000 }, async () => {
    const { client, query } = product();
    const chat = await client.submit("fail me");
    await client.ended(chat);
    await query("delete from messages where conversation_id = $1 and sender = 'ai'", [chat.conversationId]);
    await query("update jobs set status = 'failed', error_code = 'deadline', reply_id = null where id = $1", [
      chat.jobId,
    ]);
    expect(await jobs("show", chat.jobId)).toContain("failed (deadline)");
    expect(await jobs("retry", chat.jobId)).toBe("Queued again.\n");
    expect(await client.ended(chat)).toMatchObject({ status: "completed" });
    expect(await jobs("retry", chat.jobId)).toBe("Not retried: it has not failed.\n");
  });

  it("the timeline of a job hides machine names from its visitor", async () => {
    const { client, provider } = product();
    provider.answer("when was what?", { steps: ["This breaks", { cut: true }] });
    const chat = await client.submit("when was what?");
    await client.ended(chat);
    const { body, text } = await client.request(`/api/jobs/${chat.jobId}/timeline`, { token: chat.token });
    const { status, events } = timeline.parse(body);
    expect(status).toBe("completed");
    expect(events.map(({ event, attempt }) => (attempt === undefined ? event : `${event} ${attempt}`))).toEqual([
      "accepted",
      "queued",
      "started 1",
      "first_delta",
      "started 2",
      "stored",
      "ended",
    ]);
    expect(events.map(({ at }) => at)).toEqual(events.map(({ at }) => at).toSorted());
    expect(text).not.toContain(hostname());
  });
});
