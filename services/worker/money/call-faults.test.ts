import { describe, expect, it, onTestFinished } from "vitest";
import { queryTyped } from "../../../shared/db/typed-statement.ts";
import { operatorJobsStatement } from "../../../shared/db/operators/conversation.ts";
import { startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { startFakeProvider } from "../../../tools/fake-provider/fake-provider.ts";
import type { Script } from "../../../tools/fake-provider/fake-script.ts";
import { deliver } from "../deliver.ts";
import { createCompatibleProvider } from "../providers/compatible/compatible.ts";
import { ProviderError } from "../providers/provider.ts";
import { openWorker, type TestWorker } from "../worker-fixture.testsuite.ts";
import { describeFault } from "./describe-fault.ts";

let jobs: TestJobContext;

/** A worker whose real provider has a scripted upstream. */
async function open(openJobs: () => Promise<TestJobContext>, ...scripts: Script[]): Promise<TestWorker> {
  jobs = await openJobs();
  onTestFinished(() => jobs[Symbol.asyncDispose]());
  const fake = await startFakeProvider();
  onTestFinished(() => fake.close());
  fake.next(...scripts);
  const worker = openWorker(jobs);
  onTestFinished(() => worker.circuits.close());
  const compatible = createCompatibleProvider({ baseUrl: fake.url, model: "default" });
  return { ...worker, providers: new Map([...worker.providers, ["compatible" as const, compatible]]) };
}

/** Answers a message. @returns what is stored of its calls, made or not */
async function answer(worker: TestWorker): Promise<{ calls: unknown[]; skipped: unknown }> {
  const { id, conversationId } = await startConversation(jobs.db.pool);
  await deliver(worker, id);
  const [job] = await queryTyped(jobs.db.pool, operatorJobsStatement, conversationId);
  const calls = job?.calls.map(({ outcome, errorCode, errorStatus }) => [outcome, errorCode, errorStatus]) ?? [];
  return { calls, skipped: job?.runs[0]?.skippedCalls };
}

describe.each(jobStores)("reason of a call without a reply, on $name", ({ available, openJobs }) => {
  it.runIf(available)("is stored for each call, and absent from an answered one", async () => {
    const worker = await open(
      openJobs,
      { status: 503, body: "{}" },
      { steps: ["Half", { cut: true }] },
      { steps: ["Yes."] },
    );
    expect(await answer(worker)).toEqual({
      calls: [
        ["failed", "overloaded", 503],
        ["failed", "cut", null],
        ["answered", null, null],
      ],
      skipped: null,
    });
  });

  it.runIf(available)("is stored with the run if an open circuit prevented the call", async () => {
    const worker = await open(openJobs);
    const circuit = worker.circuits.of({
      name: "compatible",
      probe: () => Promise.reject(new ProviderError("unreachable", "still down")),
      stream: () => {
        throw new ProviderError("unreachable", "not called");
      },
    });
    const late = () => Promise.reject(new ProviderError("timeout", "no text within 1 ms"));
    await expect(circuit.run(late, () => false)).rejects.toThrow("no text");
    expect(await answer(worker)).toEqual({
      calls: [],
      skipped: [expect.objectContaining({ provider: "compatible", attempt: 1, code: "circuit_open", detail: null })],
    });
  });

  it.runIf(available)("is stored with the run if the daily budget prevented the call", async () => {
    const worker = await open(openJobs);
    const usual = worker.assistants.get("default");
    if (!usual) throw new Error("there is no assistant");
    const assistants = new Map([["default", { ...usual, provider: "compatible" as const, model: "m", budget: 1e-9 }]]);
    const prices = new Map([["m", { input: 1, output: 1 }]]);
    expect(await answer({ ...worker, assistants, prices })).toEqual({
      calls: [],
      skipped: [expect.objectContaining({ provider: "compatible", code: "budget" })],
    });
  });
});

describe("detail of a stored reason", () => {
  it("keeps well-known names of the upstream, and no other", () => {
    const error = new ProviderError("rejected", "HTTP 400 (model_not_found, what-the-visitor-wrote): check MODEL", {
      status: 400,
    });
    expect(describeFault(error)).toEqual({
      code: "rejected",
      status: 400,
      detail: "HTTP 400 (model_not_found): check MODEL",
    });
  });

  it("is absent for an unexpected error, whose message may quote anything", () => {
    expect(describeFault(new TypeError("a visitor's text"))).toEqual({ code: "error", status: null, detail: null });
  });
});
