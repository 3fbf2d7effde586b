import { afterEach, describe, expect, it, onTestFinished } from "vitest";
import { siteTools } from "../../../shared/assistants/tools/site-tool.ts";
import { readJob } from "../../../shared/db/jobs/read-job.ts";
import type { SiteToolClient, ToolOutcome } from "../../../shared/site-tools/tool-outcome.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { type FakeProvider, startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import { deliver } from "../deliver.ts";
import { createCompatibleProvider } from "../providers/compatible/compatible.ts";
import { openWorker } from "../worker-fixture.testsuite.ts";

const tools = siteTools.parse([
  {
    name: "order_status",
    description: "Looks up an order",
    parameters: { type: "object" },
    effect: "read",
    request: { method: "GET", url: "https://shop.example/" },
  },
]);

let jobs: TestJobContext;
let fake: FakeProvider;
afterEach(async () => {
  await jobs[Symbol.asyncDispose]();
  await fake.close();
});

describe.each(jobStores)("a run that is cancelled while a tool reads, on $name", ({ available, openJobs }) => {
  it.runIf(available)("ends at once, and its provider's answer is paid", async () => {
    jobs = await openJobs();
    fake = await startFakeProvider();
    fake.next({ steps: ["I am looking.", { call: { name: "order_status", arguments: "{}" } }] });
    const own = openWorker(jobs);
    onTestFinished(() => own.circuits.close());
    const compatible = createCompatibleProvider({ baseUrl: fake.url, model: "test-model" });
    const providers = new Map([...own.providers, ["compatible" as const, compatible]]);
    const assistants = new Map([...own.assistants].map(([type, each]) => [type, { ...each, tools }]));
    const reads = Promise.withResolvers<void>();
    const call: SiteToolClient["call"] = (_tool, _args, { signal }) => {
      reads.resolve();
      const { promise, resolve } = Promise.withResolvers<ToolOutcome>();
      signal?.addEventListener("abort", () => resolve({ state: "failed", text: "" }));
      return promise;
    };
    const { id } = await startConversation(jobs.db.pool, { provider: "compatible" });
    const answered = deliver({ ...own, providers, assistants, siteTools: { ...own.siteTools, call } }, id);
    await reads.promise;
    own.leases.stop({ id, run: 1 }, "cancelled");
    await answered;
    expect(await readJob(jobs.db.pool, id)).toMatchObject({ status: "cancelled", replyText: "I am looking." });
    await expect
      .poll(async () => (await jobs.db.pool.query<object>("select outcome from calls where job_id = $1", [id])).rows)
      .toEqual([{ outcome: "answered" }]);
  });
});
