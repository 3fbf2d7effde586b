import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import type { Hint } from "../../../shared/live/live.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { startFakeProvider, type FakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { deliver } from "../deliver.ts";
import { createCompatibleProvider } from "../providers/compatible/compatible.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";

let jobs: TestJobContext;
let fake: FakeProvider;
afterEach(async () => {
  await jobs[Symbol.asyncDispose]();
  await fake.close();
});

/** Has one message answered by a real provider whose upstream is scripted. */
async function ask(...scripts: Script[]): Promise<{ id: string; hints: Hint[]; answered: Promise<unknown> }> {
  fake = await startFakeProvider();
  fake.next(...scripts);
  const own = openWorker(jobs);
  onTestFinished(() => own.circuits.close());
  const compatible = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
  const { id } = await startConversation(jobs.db.pool, { provider: "compatible" });
  const hints: Hint[] = [];
  onTestFinished(await jobs.live.listen(id, (hint) => hints.push(hint)));
  const providers = new Map([...own.providers, ["compatible" as const, compatible]]);
  return { id, hints, answered: deliver({ ...own, providers }, id) };
}

describe.each(jobStores)("thoughts in the text of a model, on $name", ({ available, openJobs }) => {
  it.runIf(available)("are neither shown nor stored", async () => {
    jobs = await openJobs();
    const { id, hints, answered } = await ask({
      steps: ["<thi", "nk>They are angry.", "</think>\n\n", "I am ", "sorry."],
    });
    await answered;
    expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "completed", replyText: "I am sorry." });
    expect(JSON.stringify(hints)).not.toContain("angry");
  });

  it.runIf(available)("are replaced if they were shown because their opening tag is missing", async () => {
    jobs = await openJobs();
    const { promise: shown, resolve } = Promise.withResolvers<void>();
    const steps = ["They are angry.", { until: shown }, "</think>", "I am sorry."];
    const { id, answered } = await ask({ steps }, { steps });
    await expect.poll(() => jobs.live.readDraft(id, 1, 0), { interval: 5 }).toBeDefined();
    resolve();
    await answered;
    expect(fake.calls).toHaveLength(2);
    expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "completed", replyText: "I am sorry." });
  });

  it.runIf(available)("without any text are no reply: a preset answers", async () => {
    jobs = await openJobs();
    const thoughts: Script = { steps: ["<think>They are ", "angry."] };
    const { id, answered } = await ask(thoughts, thoughts, thoughts);
    await answered;
    const job = await readJob(jobs.db.pool, id);
    expect(job).toMatchObject({ status: "completed", provider: "preset" });
    expect(job?.replyText).not.toContain("angry");
  });
});
