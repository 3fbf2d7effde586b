import { afterEach, describe, expect, it } from "vitest";
import type { Assistant } from "../../../shared/assistants/assistants.ts";
import { type ClaimedJob, maxPromptMessages } from "../../../shared/db/jobs/claim.ts";
import { claim, startConversation } from "../../../shared/testing/fixtures/conversations.ts";
import { jobStores, type TestJobContext } from "../../../shared/testing/fixtures/job-context.ts";
import { limitsOf } from "../money/call-limits.ts";
import { buildPrompt } from "./prompt.ts";
import type { Provider, ProviderRequest } from "../providers/provider.ts";
import { Thread } from "./thread.ts";
import { openWorker, says } from "../worker-fixture.testsuite.ts";

let jobs: TestJobContext;
afterEach(() => jobs[Symbol.asyncDispose]());

const done = () => Promise.resolve();
const threadless: Provider = { name: "openai-assistants", stream: () => says("An answer.") };
const provider: Provider = {
  ...threadless,
  threads: { required: true, create: () => Promise.resolve("the new one"), fill: done, delete: done },
};
const question = { sender: "user", text: "a question", imported: false } as const;
const reply = { sender: "ai", text: "a reply", imported: false } as const;

describe.each(jobStores)("conversation in a thread on $name", ({ available, openJobs }) => {
  const open = async (history: ClaimedJob["history"], budget: number | undefined) => {
    jobs = await openJobs();
    const worker = openWorker(jobs);
    const { id } = await startConversation(jobs.db.pool);
    const claimed = await claim(jobs.db.pool, id);
    const job = { ...claimed, thread: { provider: provider.name, id: "the old one", turn: 0 }, history };
    const usual = worker.assistants.get("default");
    if (!usual) throw new Error("there is a default assistant");
    const assistant: Assistant = { ...usual, maxHistoryTokens: 100, budget };
    const request: ProviderRequest = { assistant, prompt: buildPrompt(job, assistant), conversationTag: "a-tag" };
    return { worker, job, request };
  };

  it.runIf(available).each([
    ["goes on with it", maxPromptMessages - 1, 1, "the old one"],
    [
      "goes on with it, however much it holds, where no budget is to be kept",
      maxPromptMessages,
      undefined,
      "the old one",
    ],
    [
      "gets a new one where it may hold more than is known, and a budget is to be kept",
      maxPromptMessages,
      1,
      "the new one",
    ],
  ])("%s", async (_, messages, budget, threadId) => {
    const { worker, job, request } = await open(
      Array.from({ length: messages }, () => question),
      budget,
    );
    const thread = new Thread(worker, job, worker.log);
    expect(await thread.attachTo(request, provider, new AbortController().signal)).toMatchObject({ threadId });
  });

  it.runIf(available)("is charged for everything it may contain, and for its replies at their limit", async () => {
    const history = [...Array.from({ length: 20 }, () => [question, reply]).flat(), question];
    const { job, request } = await open(history, 1);
    const { inputTokens, outputTokens } = limitsOf(provider, request, job);
    expect(inputTokens).toBeGreaterThan(20 * (question.text.length + outputTokens));
    expect(limitsOf(threadless, request, job).inputTokens).toBeLessThan(1000);
  });
});
