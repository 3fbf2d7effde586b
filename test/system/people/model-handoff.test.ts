import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { FakeCall } from "../../../tools/fake-provider/fake-provider.ts";
import { eventually, onSharedProducts } from "../harness/suite.ts";

const handoff = (reason: string) => ({ call: { name: "handoff", arguments: JSON.stringify({ reason }) } });

/** Names of the tools that a call offers. */
function offeredIn({ request }: FakeCall): string[] {
  const { tools = [] } = request.body as { tools?: { function: { name: string } }[] };
  return tools.map((tool) => tool.function.name);
}

onSharedProducts("a model", (product) => {
  /** Waits for the handoff, which follows the end of the reply. */
  const reasonOf = (conversationId: string) =>
    eventually("a handoff", async () => {
      const [stretch] = await product().query<{ reason: string }>(
        "select reason from stretches where conversation_id = $1 and handled_by = 'waiting'",
        [conversationId],
      );
      return stretch?.reason;
    });

  it("hands the conversation to a person, with the words that it said before", async () => {
    const { client, provider } = product();
    const asked = `My parcel is broken. ${randomUUID()}`;
    provider.answer(asked, { steps: ["I am sorry. ", "A colleague goes on.", handoff("model")] });
    const chat = await client.submit(asked);
    const job = await client.ended(chat);
    expect(job).toMatchObject({ status: "completed", reply: { text: "I am sorry. A colleague goes on." } });
    expect(await reasonOf(chat.conversationId)).toBe("model");
    expect(await client.conversation(chat)).toMatchObject({ handledBy: "waiting" });
    expect(offeredIn(await provider.called(asked))).toEqual(["handoff"]);
    expect(provider.calls.filter(({ request }) => request.messages.some(({ text }) => text === asked))).toHaveLength(1);
  });

  it("is asked for a word to the visitor, if it handed over without one", async () => {
    const { client, provider, query } = product();
    const asked = `I want a person. ${randomUUID()}`;
    provider.answer(asked, { steps: [handoff("asked")] }, { steps: ["Somebody", " goes on from here."] });
    const chat = await client.submit(asked);
    expect(await client.ended(chat)).toMatchObject({
      status: "completed",
      reply: { text: "Somebody goes on from here.", finishReason: "stop" },
    });
    expect(await reasonOf(chat.conversationId)).toBe("asked");
    const { request } = await provider.called(asked, 2);
    expect(request.messages.slice(-2)).toMatchObject([
      { role: "assistant", text: "" },
      { role: "tool", text: expect.stringContaining("The team has been told") as string },
    ]);
    // Both calls stand in the ledger, and in the job's figures.
    const calls = await query("select outcome, output_tokens as tokens from calls where job_id = $1 order by id", [
      chat.jobId,
    ]);
    expect(calls).toEqual([
      { outcome: "answered", tokens: 1 },
      { outcome: "answered", tokens: 2 },
    ]);
    const [job] = await query("select input_tokens as input, output_tokens as output from jobs where id = $1", [
      chat.jobId,
    ]);
    expect(job).toEqual({ input: 20, output: 3 });
  });

  it("has handed over also where every provider fails after it", async () => {
    const { client, provider } = product();
    const asked = `A person, please. ${randomUUID()}`;
    provider.answer(asked, { steps: [handoff("asked")] }, { status: 400, steps: [] });
    const chat = await client.submit(asked);
    expect(await client.ended(chat)).toMatchObject({
      status: "completed",
      provider: "preset",
      reply: { fallback: true },
    });
    expect(await reasonOf(chat.conversationId)).toBe("asked");
  });

  it("may mend one call that cannot be understood, and then answers in words", async () => {
    const { client, provider } = product();
    const asked = `Can you help? ${randomUUID()}`;
    const wrong = [{ steps: [handoff("bored")] }, { steps: [{ call: { name: "refund", arguments: "{" } }] }];
    provider.answer(asked, ...wrong, { steps: ["I can."] });
    const chat = await client.submit(asked);
    expect(await client.ended(chat)).toMatchObject({ status: "completed", reply: { text: "I can." } });
    expect(await client.conversation(chat)).toMatchObject({ handledBy: "ai" });
    const { request } = await provider.called(asked, 3);
    expect(request.body).toMatchObject({ tool_choice: "none" });
    expect(request.messages.filter(({ role }) => role === "tool").map(({ text }) => text)).toEqual([
      expect.stringContaining('"reason" must be one of'),
      expect.stringContaining("There is no tool of this name"),
    ]);
  });

  it("goes on with its text in a paragraph of its own", async () => {
    const { client, provider } = product();
    const asked = `Is it there? ${randomUUID()}`;
    const unknown = { call: { name: "stock", arguments: "{}" } };
    provider.answer(asked, { steps: ["Let me look.", unknown] }, { steps: ["I cannot see that."] });
    const stream = await client.events(await client.submit(asked));
    await stream.ended;
    expect(stream.text).toBe("Let me look.\n\nI cannot see that.");
    expect(stream.terminal?.data).toMatchObject({ reply: { text: stream.text } });
  });

  it("whose server passes a call on as text is asked again, without tools", async () => {
    const { client, provider } = product();
    const asked = `Where is the shop? ${randomUUID()}`;
    provider.answer(
      asked,
      { steps: ["One moment. ", '<tool_call>{"name":"handoff"}'] },
      { steps: ["In the high street."] },
    );
    const stream = await client.events(await client.submit(asked));
    await stream.ended;
    expect(stream.text).toBe("In the high street.");
    expect(offeredIn(await provider.called(asked, 2))).toEqual([]);
  });
});
