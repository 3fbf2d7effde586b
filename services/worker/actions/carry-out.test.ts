import { beforeAll, describe, expect, it, vi } from "vitest";
import { hashOfAction } from "../../../shared/actions/declared-action.ts";
import { hashOfTool } from "../../../shared/assistants/tools/hash-of-tool.ts";
import { type SiteTool, siteTools } from "../../../shared/assistants/tools/site-tool.ts";
import { storeAnswer } from "../../../shared/db/actions/answer.ts";
import { findStrandedActions } from "../../../shared/db/actions/leftovers.ts";
import { readActionToRun } from "../../../shared/db/actions/send.ts";
import type { ToolOutcome } from "../../../shared/site-tools/tool-outcome.ts";
import { answerOf, propose } from "../../../shared/testing/fixtures/actions.ts";
import { claim, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { Stopped } from "../run/leases.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";
import { carryOutAction, settleStranded } from "./carry-out.ts";

const [, onPostgres] = jobStores;
let jobs: TestJobContext;
beforeAll(async () => {
  jobs = await onPostgres.openJobs();
  return () => jobs[Symbol.asyncDispose]();
});

const lost: ToolOutcome = { state: "unknown", text: "" };

function toolWith(given: object): SiteTool {
  const [tool] = siteTools.parse([
    {
      name: "cancel_order",
      description: "Cancels an order",
      parameters: { type: "object", properties: { order: { type: "string" } }, required: ["order"] },
      effect: "change",
      request: { method: "POST", url: "https://shop.example.com/cancel/{order}" },
      card: { title: "Cancel {order}", lines: [] },
      ...given,
    },
  ]);
  if (!tool) throw new Error("there is no tool");
  return tool;
}

/** A confirmed action whose job a run has claimed, and a run whose endpoint gives these outcomes, one a request. */
async function confirmed(tool: SiteTool, outcomes: ToolOutcome[], present: SiteTool = tool) {
  const { pool } = jobs.db;
  const worker = openWorker(jobs);
  const assistant = worker.assistants.get("default");
  if (!assistant) throw new Error("there is no assistant");
  const assistants = new Map([["default", { ...assistant, tools: [present], people: {} }]]);
  const asked: string[] = [];
  const request =
    (what: string) =>
    (_tool: SiteTool, _args: object, { idempotencyKey }: { idempotencyKey: string }) => {
      asked.push(`${what} ${idempotencyKey}`);
      return Promise.resolve(outcomes.shift() ?? lost);
    };
  const context = {
    ...worker,
    assistants,
    siteTools: { call: request("call"), askStatus: request("ask"), close: async () => {} },
  };
  const action = { tool: tool.name, version: hashOfTool(tool), arguments: { order: "1042" } };
  const job = await claim(pool, (await startConversation(pool)).id);
  const { id, hash, conversationId } = await propose(pool, job, { ...action, hash: hashOfAction(action) });
  const answer = answerOf({ id, hash });
  await storeAnswer(pool, answer);
  const run = (signal = new AbortController().signal) => ({ context, log: jobs.log, signal });
  return { id, conversationId, asked, run, job: await claim(pool, answer.jobId) };
}

describe("a confirmed action", () => {
  it("is sent once, whatever runs come after, and its outcome is known to them", async () => {
    const { id, asked, run, job } = await confirmed(toolWith({}), [{ state: "done", text: "It is cancelled." }]);
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "done", result: "It is cancelled." });
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "done", result: "It is cancelled." });
    expect(asked).toEqual([`call ${id}`]);
  });

  it("is not sent by a worker that was frozen after it noted the sending", async () => {
    const { asked, run, job } = await confirmed(toolWith({}), []);
    let now = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (now += 20_000));
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "unknown" });
    clock.mockRestore();
    expect(asked).toEqual([]);
  });

  it("is not sent if the site has changed its tool since", async () => {
    const changed = toolWith({ description: "Cancels all orders" });
    const { asked, run, job } = await confirmed(toolWith({}), [], changed);
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "confirmed" });
    expect(asked).toEqual([]);
  });

  it("is sent again under its key until its outcome is known, where the endpoint honours it", async () => {
    const { id, asked, run, job } = await confirmed(toolWith({ repeat: "key" }), [
      lost,
      lost,
      { state: "done", text: "" },
    ]);
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "done" });
    expect(asked).toEqual([`call ${id}`, `call ${id}`, `call ${id}`]);
  });

  it("of a worker that ends is asked about by the next one", async () => {
    const status = { url: "https://shop.example.com/status/{order}" };
    const { id, asked, run, job } = await confirmed(toolWith({ status }), [
      lost,
      lost,
      lost,
      lost,
      { state: "failed", text: "" },
    ]);
    const ending = new AbortController();
    const sending = carryOutAction(run(ending.signal), job);
    sending.catch(() => undefined);
    await vi.waitFor(() => expect(asked).toEqual([`call ${id}`, `ask ${id}`]));
    ending.abort(new Stopped("released"));
    await expect(sending).rejects.toThrow("released");
    expect((await readActionToRun(jobs.db.pool, id))?.state).toBe("sent");
    expect(await carryOutAction(run(), job)).toMatchObject({ state: "failed" });
    expect(asked.filter((each) => each.startsWith("call"))).toHaveLength(1);
  });

  it("whose job has ended and whose sender is gone is unknown, and goes to a person", async () => {
    const { id, conversationId, run, job } = await confirmed(toolWith({}), []);
    const { pool } = jobs.db;
    await pool.query("update actions set state = 'sent', sent_at = now() - interval '1 h' where id = $1", [id]);
    expect(await findStrandedActions(pool)).toEqual([]);
    await pool.query("update jobs set status = 'failed' where id = $1", [job.id]);
    expect(await findStrandedActions(pool)).toEqual([id]);
    await settleStranded(run(), id);
    expect(await findStrandedActions(pool)).toEqual([]);
    const { rows } = await pool.query("select handoff_due from conversations where id = $1", [conversationId]);
    expect(rows).toEqual([{ handoff_due: "unknown-action" }]);
  });
});
