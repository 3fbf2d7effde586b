import { expect, it } from "vitest";
import { messageOf } from "../harness/scripted-provider.ts";
import { eventually, onEachBackend } from "../harness/suite.ts";

interface CallRow {
  attempt: number;
  outcome: string;
  input_tokens: number;
  output_tokens: number;
  estimated: boolean;
}

onEachBackend("a provider that fails", { workers: 2 }, (product) => {
  const ledger = (jobId: string) =>
    product().query<CallRow>(
      `select attempt, outcome, input_tokens, output_tokens, estimated from calls
       where job_id = $1 and settled_at is not null order by begun_at`,
      [jobId],
    );
  const callsOf = (message: string) => product().provider.calls.filter((call) => messageOf(call) === message).length;

  it("goes unnoticed if it recovers before the first word", async () => {
    const { client, provider } = product();
    provider.answer(
      "too fast",
      { status: 429, headers: { "retry-after": "1" }, body: "{}" },
      { status: 503, body: "{}" },
    );
    const chat = await client.submit("too fast");
    const stream = await client.events(chat);
    await stream.ended;
    expect(stream.names).not.toContain("reset");
    expect(stream.terminal).toMatchObject({
      event: "done",
      data: { attempt: 1, reply: { text: "You said: too fast", fallback: false } },
    });
    expect(callsOf("too fast")).toBe(3);
    expect((await ledger(chat.jobId)).map(({ outcome, output_tokens }) => [outcome, output_tokens])).toEqual([
      ["failed", 0],
      ["failed", 0],
      ["answered", 4],
    ]);
  });

  it("restarts a reply that breaks off: the client drops its text, and gets the whole reply", async () => {
    const { client, provider } = product();
    provider.answer("break off", { steps: ["Half of ", "a re", { cut: true }] });
    const chat = await client.submit("break off");
    const stream = await client.events(chat);
    await stream.ended;
    expect(stream.text).toBe("You said: break off");
    expect(stream.terminal).toMatchObject({
      event: "done",
      data: { attempt: 2, reply: { text: "You said: break off" } },
    });
    expect((await ledger(chat.jobId)).map(({ attempt, outcome, estimated }) => [attempt, outcome, estimated])).toEqual([
      [1, "failed", true],
      [2, "answered", false],
    ]);
  });

  it("is replaced by a preset when no provider answers, marked as a fallback", async () => {
    const { client, provider } = product();
    provider.answer("nobody home", ...Array.from({ length: 3 }, () => ({ status: 500, body: "{}" })));
    const job = await client.ended(await client.submit("nobody home"));
    expect(job).toMatchObject({ status: "completed", provider: "preset", reply: { fallback: true } });
    expect(job.reply?.text).not.toBe("");
    expect(callsOf("nobody home")).toBe(3);
  });

  it("does not get a rejected request again", async () => {
    const { client, provider } = product();
    provider.answer("not like this", { status: 400, body: "{}" });
    const job = await client.ended(await client.submit("not like this"));
    expect(job).toMatchObject({ status: "completed", provider: "preset", reply: { fallback: true } });
    expect(callsOf("not like this")).toBe(1);
  });

  it("is called again after an empty reply, which is never shown", async () => {
    const { client, provider } = product();
    provider.answer("say nothing", { steps: [] });
    const job = await client.ended(await client.submit("say nothing"));
    expect(job).toMatchObject({ provider: "compatible", attempt: 1, reply: { text: "You said: say nothing" } });
    expect(callsOf("say nothing")).toBe(2);
  });

  it("has its calls in the ledger with exactly the tokens it counted", async () => {
    const { client, provider } = product();
    const counted = { inputTokens: 1234, cachedInputTokens: 1000, outputTokens: 56 };
    provider.answer("count me", { steps: ["Counted."], usage: counted });
    const chat = await client.submit("count me");
    expect(await client.ended(chat)).toMatchObject({ usage: { inputTokens: 1234, outputTokens: 56, costUsd: null } });
    expect(await ledger(chat.jobId)).toEqual([
      { attempt: 1, outcome: "answered", input_tokens: 1234, output_tokens: 56, estimated: false },
    ]);
  });

  it("has a cancelled call settled by an estimate", async () => {
    const { client, provider } = product();
    provider.answer("stop in time", { steps: ["As much as this", { stall: true }] });
    const chat = await client.submit("stop in time");
    const stream = await (await client.events(chat)).untilText("As much as this");
    await client.cancel(chat);
    await stream.ended;
    // A cancel does not wait for the ledger.
    const call = await eventually("the call is settled", async () => (await ledger(chat.jobId))[0]);
    expect(call).toMatchObject({ outcome: "stopped", estimated: true });
    expect(call.output_tokens).toBeGreaterThan(0);
  });
});
