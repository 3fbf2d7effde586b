import { beforeAll, expect, it } from "vitest";
import type { FakeCallEnd } from "../../../tools/fake-provider/fake-calls.ts";
import type { FakeCall } from "../../../tools/fake-provider/fake-provider.ts";
import type { ConversationRef, ApiClient } from "../harness/api-client.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { onSharedProducts } from "../harness/suite.ts";

/** Far above what an answer takes here, and below the time after which a job that was lost is found again. */
const promptMs = 8000;

onSharedProducts("the order of answers", (product) => {
  // A second one, as order must hold among workers, too.
  beforeAll(() => product().startWorker());

  it(
    "equals the order of messages in each of fifty conversations, none of which delays another",
    { timeout: 60_000 },
    async () => {
      const { client, provider } = product();
      const names = Array.from({ length: 50 }, (_, index) => `conversation ${index}`);
      const chats = await Promise.all(names.map((name) => fiveQuickMessages(client, name)));
      await Promise.all(
        chats.map(async ({ chat, messages }) => {
          const { messages: history } = await client.history(chat);
          expect(history.map(({ text }) => text)).toEqual(messages.flatMap((message) => [message, echoOf(message)]));
        }),
      );
      for (const name of names) {
        const calls = provider.calls.filter(({ request }) => request.messages[1]?.text.startsWith(`${name}:`));
        expect(calls.map(({ request }) => request.messages.length)).toEqual([2, 4, 6, 8, 10]);
        await expectOneAtATime(calls);
      }
    },
  );

  it("is kept for messages that arrive at the same moment", async () => {
    const { client } = product();
    const chat = await client.submit("at once: 0");
    const jobs = await Promise.all([1, 2, 3, 4].map((number) => client.submit(`at once: ${number}`, { to: chat })));
    const views = await Promise.all(jobs.map((job) => client.ended(job)));
    expect(views.map(({ status }) => status)).toEqual(["completed", "completed", "completed", "completed"]);
    const texts = (await client.history(chat)).messages.map(({ text }) => text);
    const asked = texts.filter((_, index) => index % 2 === 0);
    expect(texts.filter((_, index) => index % 2 === 1)).toEqual(asked.map(echoOf));
    expect(asked.toSorted()).toEqual([0, 1, 2, 3, 4].map((number) => `at once: ${number}`));
  });

  it("holds when two messages meet in an idle conversation, and both are answered", { timeout: 60_000 }, async () => {
    const { client, provider } = product();
    await Promise.all(
      Array.from({ length: 10 }, async (_, pair) => {
        const chat = await client.submit(`pair ${pair}: hello`);
        await client.ended(chat);
        for (let round = 0; round < 5; round++) {
          const jobs = await Promise.all(
            ["left", "right"].map((side) => client.submit(`pair ${pair}: ${side} ${round}`, { to: chat })),
          );
          await expectPrompt(client, jobs);
        }
        await expectOneAtATime(
          provider.calls.filter(({ request }) => request.messages[1]?.text === `pair ${pair}: hello`),
        );
      }),
    );
  });

  it(
    "holds when a message arrives as the previous reply ends, and both are answered",
    { timeout: 60_000 },
    async () => {
      const { client, provider } = product();
      await Promise.all(
        Array.from({ length: 12 }, async (_, pair) => {
          let chat: ConversationRef | undefined;
          for (let round = 0; round < 10; round++) {
            const message = `beside ${pair}: ${round}`;
            const { script, release } = heldReply("held until the next one", " comes");
            provider.answer(message, script);
            const held = await client.submit(message, { to: chat });
            await provider.called(message);
            release();
            // A round trip later each time: from before the end to after it.
            for (let later = 0; later < round; later++) await client.request("/livez");
            const next = await client.submit(`${message}, next`, { to: held });
            await expectPrompt(client, [held, next]);
            chat = held;
          }
          await expectOneAtATime(
            provider.calls.filter(({ request }) => request.messages[1]?.text === `beside ${pair}: 0`),
          );
        }),
      );
    },
  );

  it("allows five unanswered messages, and answers the sixth with a Retry-After", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("held");
    provider.answer("first of five", script);
    const chat = await client.submit("first of five");
    const jobs = [chat];
    for (let number = 2; number <= 5; number++) {
      jobs.push(await client.submit(`${number} of five`, { to: chat, key: `key-${number}` }));
    }
    const sixth = await client.post("one too many", { to: chat });
    expect(sixth.status).toBe(429);
    expect(sixth.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    expect(Number(sixth.headers.get("retry-after"))).toBeGreaterThan(0);
    const repeated = await client.submit("5 of five", { to: chat, key: "key-5" });
    expect(repeated.jobId).toBe(jobs[4]?.jobId);

    release();
    await client.ended(chat);
    await client.submit("now there is room", { to: chat });
    const views = await Promise.all(jobs.map((job) => client.ended(job)));
    expect(views.map(({ status }) => status)).toEqual(Array.from({ length: 5 }, () => "completed"));
  });
});

async function fiveQuickMessages(client: ApiClient, name: string) {
  const messages = [1, 2, 3, 4, 5].map((number) => `${name}: ${number}`);
  let chat: ConversationRef | undefined;
  const jobs = [];
  for (const message of messages) {
    // So many at once that a busy machine may turn one away for a moment.
    const job = await client.submitPatiently(message, { to: chat });
    chat ??= job;
    jobs.push(job);
  }
  for (const job of jobs) expect(await client.ended(job)).toMatchObject({ status: "completed", attempt: 1 });
  if (chat === undefined) throw new Error("no message was sent");
  return { chat, messages };
}

/** Nothing was lost and found again later. */
async function expectPrompt(
  client: ApiClient,
  jobs: readonly { jobId: string; conversationId: string; token: string }[],
) {
  for (const job of jobs) {
    const view = await client.ended(job);
    expect(view).toMatchObject({ status: "completed", attempt: 1 });
    expect(Date.parse(view.finishedAt ?? "") - Date.parse(view.createdAt)).toBeLessThan(promptMs);
  }
}

/** The provider never had two open calls of these. */
async function expectOneAtATime(calls: readonly FakeCall[]): Promise<void> {
  const ends: FakeCallEnd[] = await Promise.all(calls.map(({ ended }) => ended));
  calls.slice(1).forEach((call, index) => {
    expect(call.startedAt).toBeGreaterThanOrEqual(ends[index]?.at ?? Infinity);
  });
}
