import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { requestCancel } from "../../../shared/db/jobs/end.ts";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import type { Hint } from "../../../shared/live/live.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { deliver } from "../deliver.ts";
import type { Provider, ProviderEvent } from "../providers/provider.ts";
import { openWorker, says, stopped, type TestWorker } from "../worker-fixture.testsuite.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

/** Its assistant lets links lead to one host; its provider calls an upstream. */
function worker(stream: Provider["stream"]): TestWorker {
  const opened = openWorker(jobs);
  const assistant = opened.assistants.get("default");
  if (!assistant) throw new Error("there is a default assistant");
  const compatible: Provider = { name: "compatible", upstream: "http://127.0.0.1:1", stream };
  onTestFinished(() => opened.circuits.close());
  return {
    ...opened,
    assistants: new Map([["default", { ...assistant, allowedLinkHosts: ["good.com"] }]]),
    providers: new Map([...opened.providers, ["compatible", compatible]]),
  };
}

describe.each(jobStores)("assistant with limited links, on $name", ({ available, openJobs }) => {
  it.runIf(available)("shows and stores the same text however a link is split", async () => {
    jobs = await openJobs();
    const pieces = [
      "See [th",
      "is](ht",
      "tps://ev",
      "il.com/a) and ht",
      "tps://good",
      ".com/b, 🙂 not //",
      "evil.com.",
    ];
    const expected = "See [this]((link removed)) and https://good.com/b, 🙂 not (link removed).";
    // Slow enough that no two pieces are joined.
    const slowly: Provider["stream"] = async function* () {
      for await (const event of says(...pieces)) {
        yield event;
        await sleep(60);
      }
    };
    const { id } = await startConversation(jobs.db.pool);
    const hints: Hint[] = [];
    onTestFinished(await jobs.live.listen(id, (hint) => hints.push(hint)));
    expect(await deliver(worker(slowly), id)).toMatchObject({ type: "done" });
    expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "completed", replyText: expected });
    const deltas = () => hints.flatMap((hint) => (hint.type === "delta" ? [hint] : []));
    await expect.poll(() => deltas().length).toBeGreaterThan(3);
    let shown = "";
    for (const { offset, text = "" } of deltas()) {
      expect(offset).toBe(Buffer.byteLength(shown));
      shown += text;
    }
    // Text that came with the end is not hinted any more.
    expect(expected.startsWith(shown)).toBe(true);
  });

  it.runIf(available)("shows no half of a link when stopped within one", async () => {
    jobs = await openJobs();
    const stream: Provider["stream"] = async function* (_, signal): AsyncGenerator<ProviderEvent> {
      yield { type: "delta", text: "Go to https://evil.co" };
      await stopped(signal);
      throw signal.reason as Error;
    };
    const { id } = await startConversation(jobs.db.pool);
    const own = worker(stream);
    const delivery = deliver(own, id);
    await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
    await requestCancel(jobs.db.pool, id);
    await own.leases.hearCancel(id);
    await delivery;
    expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "cancelled", replyText: "Go to " });
  });

  it.runIf(available)("leaves presets unchanged: they are the operator's own words", async () => {
    jobs = await openJobs();
    const own = worker(() => says(""));
    const assistant = own.assistants.get("default");
    if (!assistant) throw new Error("there is a default assistant");
    const presets = [{ keywords: [], reply: "Look at https://help.example.", default: true as const }];
    const { id } = await startConversation(jobs.db.pool, { provider: "preset" });
    await deliver({ ...own, assistants: new Map([["default", { ...assistant, presets }]]) }, id);
    expect((await readJob(jobs.db.pool, id))?.replyText).toBe("Look at https://help.example.");
  });
});
