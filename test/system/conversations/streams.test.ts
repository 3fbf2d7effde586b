import { describe, expect, it } from "vitest";
import { ApiClient, type JobRef } from "../harness/api-client.ts";
import type { JobEventStream } from "../harness/event-stream.ts";
import { echoOf, heldReply } from "../harness/scripted-provider.ts";
import { onEachBackend } from "../harness/suite.ts";

/** Characters of one, two, three and four bytes, in all neighbourhoods. */
const mixed = "aé漢😀b漢é😀漢aé";
const mixedBytes = Buffer.from(mixed);

/** Ids that no API can have sent for an event of a first attempt whose text is `mixed`. */
const impossibleIds = [
  "0:3",
  "2:3",
  `1:${mixedBytes.length + 1}`,
  "1:99999999999",
  "1:-3",
  "1:",
  ":3",
  "1:3:4",
  "1:1e1",
  "1.0:3",
  " 1 : 3",
  "banana",
  "null",
  "\u00e9",
];

onEachBackend("an event stream", { apis: 2, wordy: true }, (product) => {
  const otherApi = () => new ApiClient(product().apis[1]?.url ?? "");

  it("shows every event of a job, and its text equals the stored reply", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("Gleich", " kommt – 漢字 und 😀.");
    provider.answer("Follow me", script);
    const chat = await client.submit("Follow me");
    const stream = await client.events(chat);
    await stream.untilText("Gleich");
    release();
    await stream.ended;

    expect(stream.headers.get("content-type")).toMatch(/^text\/event-stream/);
    expect(stream.headers.get("cache-control")).toBe("no-store, no-transform");
    expect(stream.headers.get("x-accel-buffering")).toBe("no");
    expect(stream.retries).toEqual([1000]);
    expect(stream.names).not.toContain("reset");
    expect(stream.of("status").at(-1)).toEqual({ status: "active", attempt: 1 });
    expect(stream.text).toBe("Gleich kommt – 漢字 und 😀.");
    expect(stream.terminal?.event).toBe("done");
    expect(stream.terminal?.data).toEqual(await client.job(chat));
    expect(stream.terminal?.data.reply?.text).toBe(stream.text);
    const rows = await product().query("select text from messages where id = $1", [stream.terminal?.data.reply?.id]);
    expect(rows).toEqual([{ text: stream.text }]);
  });

  it("starts with the text so far, and after the end with the whole text, as one delta", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("One two three", " four");
    provider.answer("Join late", script);
    const chat = await client.submit("Join late");
    await (await client.events(chat)).untilText("One two three");
    const late = await (await otherApi().events(chat)).untilText("One two three");
    expect(late.names).toEqual(["status", "delta"]);
    release();
    await late.ended;
    const afterwards = await otherApi().events(chat);
    await afterwards.ended;
    expect(afterwards.names).toEqual(["status", "delta", "done"]);
    expect(afterwards.text).toBe("One two three four");
  });

  it("resets its text when a reply breaks off and restarts", async () => {
    const { client, provider } = product();
    const { script, release } = heldReply("This will not");
    provider.answer("Break off", { ...script, steps: [...(script.steps ?? []), { cut: true }] });
    const chat = await client.submit("Break off");
    const stream = await (await client.events(chat)).untilText("This will not");
    release();
    await stream.ended;
    expect(stream.of("reset")).toEqual([{ attempt: 2 }]);
    expect(stream.text).toBe(echoOf("Break off"));
    expect(stream.terminal).toMatchObject({ event: "done", data: { attempt: 2, reply: { text: stream.text } } });
  });

  describe("when resumed", () => {
    it("continues at every byte while the reply is written, on another API process", async () => {
      const { client, provider } = product();
      const { script, release } = heldReply(mixed);
      provider.answer("Resume me", script);
      const chat = await client.submit("Resume me");
      await (await client.events(chat)).untilText(mixed);
      const resumed = await resumeEverywhere(otherApi(), chat);
      const refused = await resumeWithImpossibleIds(otherApi(), chat);
      await Promise.all([...resumed, ...refused].map((stream) => stream.untilText(mixed)));
      release();
      await Promise.all([...resumed, ...refused].map((stream) => stream.ended));
      resumed.forEach(expectOnlyWhatIsMissing);
      refused.forEach(expectAllAnew);
    });

    it("continues at every byte after the end, on another API process", async () => {
      const { client, provider } = product();
      provider.answer("Resume me later", { steps: [mixed] });
      const chat = await client.submit("Resume me later");
      await client.ended(chat);
      const resumed = await resumeEverywhere(otherApi(), chat);
      const refused = await resumeWithImpossibleIds(otherApi(), chat);
      await Promise.all([...resumed, ...refused].map((stream) => stream.ended));
      resumed.forEach(expectOnlyWhatIsMissing);
      refused.forEach(expectAllAnew);
    });

    it("continues where it stopped, repeatedly, from one process to the other", async () => {
      const { client, provider } = product();
      const gates = Array.from({ length: 8 }, () => Promise.withResolvers<void>());
      provider.answer("Change trains", {
        // No blank at the end: one is held back, since a mark of a source takes it along.
        steps: gates.flatMap(({ promise }, index) => [`stop ${index} é😀;`, { until: promise }]),
      });
      const chat = await client.submit("Change trains");
      let have: { lastEventId?: string; text: string } = { text: "" };
      for (const [index, gate] of gates.entries()) {
        const stream = await (index % 2 === 0 ? client : otherApi()).events(chat, have);
        await stream.until(({ text }) => text.endsWith(`stop ${index} é😀;`));
        expect(stream.names).not.toContain("reset");
        await stream.close();
        have = { text: stream.text, ...(stream.lastEventId !== undefined && { lastEventId: stream.lastEventId }) };
        gate.resolve();
      }
      const last = await client.events(chat, have);
      await last.ended;
      expect(last.text).toBe(gates.map((_, index) => `stop ${index} é😀;`).join(""));
      expect(last.text).toBe(last.terminal?.data.reply?.text);
    });

    it("answers 204 after the end was received", async () => {
      const { client } = product();
      const chat = await client.submit("Stop me");
      const stream = await client.events(chat);
      await stream.ended;
      expect(stream.lastEventId).toBe("end");
      const again = await client.request(`/api/jobs/${chat.jobId}/events`, {
        token: chat.token,
        headers: { "last-event-id": "end" },
      });
      expect(again).toMatchObject({ status: 204, text: "" });
    });

    it("takes the id from the query without a header, and prefers the header", async () => {
      const { client, provider } = product();
      provider.answer("Ask in the query", { steps: [mixed] });
      const chat = await client.submit("Ask in the query");
      await client.ended(chat);
      const events = async (query: string, headers: Record<string, string> = {}) => {
        const path = `/api/jobs/${chat.jobId}/events?${query}`;
        const { status, text } = await client.request(path, { token: chat.token, headers });
        return [status, ...text.matchAll(/^event: (.*)/gm)].map((each) => (typeof each === "number" ? each : each[1]));
      };
      expect(await events("lastEventId=1:1")).toEqual([200, "status", "delta", "done"]);
      expect(await events(`lastEventId=1%3A${mixedBytes.length}`)).toEqual([200, "status", "done"]);
      expect(await events("lastEventId=banana")).toEqual([200, "status", "reset", "delta", "done"]);
      expect(await events("lastEventId=")).toEqual([200, "status", "delta", "done"]);
      expect(await events("lastEventId=end")).toEqual([204]);
      // A page names where it is, and a polyfill adds where it has come to.
      expect(await events("lastEventId=1:1&lastEventId=end")).toEqual([204]);
      // Some clients send either of them empty until they have seen an id.
      expect(await events("lastEventId=end&lastEventId=")).toEqual([204]);
      expect(await events("lastEventId=end", { "last-event-id": "" })).toEqual([204]);
      expect(await events("lastEventId=end", { "last-event-id": "1:1" })).toEqual([200, "status", "delta", "done"]);
      expect(await events("lastEventId=1:1", { "last-event-id": "end" })).toEqual([204]);
    });

    it("treats an empty id as absent", async () => {
      const { client } = product();
      const chat = await client.submit("Nothing yet");
      await client.ended(chat);
      const stream = await client.events(chat, { lastEventId: "" });
      await stream.ended;
      expect(stream.names).toEqual(["status", "delta", "done"]);
    });
  });

  describe("with malformed text", () => {
    it.each([
      ["NUL is dropped", ["a\0b", "\0", "\0c\0"], "abc"],
      ["halves of a pair in two deltas are joined", ["x\ud83d", "\ude00y"], "x😀y"],
      ["halves of a pair with NULs between them are joined", ["\ud83d\0", "\0", "\ude00"], "😀"],
      ["lone halves become U+FFFD", ["\ude00a", "\ud83d", "b\ud83d", "\ud83d\ude00"], "\ufffda\ufffdb\ufffd😀"],
      ["a half at the end becomes U+FFFD", ["end\ud83d"], "end\ufffd"],
    ])("%s", async (title, steps, expected) => {
      const { client, provider } = product();
      provider.answer(title, { steps: steps.flatMap((step) => [step, { waitMs: 50 }]) });
      const chat = await client.submit(title);
      const stream = await client.events(chat);
      await stream.ended;
      expect(stream.text).toBe(expected);
      expect(stream.terminal?.data.reply?.text).toBe(expected);
      expect(stream.names).not.toContain("reset");
    });

    it("of NULs alone gets no reply: the provider is called again", async () => {
      const { client, provider } = product();
      provider.answer("Nothing but NULs", { steps: ["\0", "\0\0"] });
      const stream = await client.events(await client.submit("Nothing but NULs"));
      await stream.ended;
      expect(stream.text).toBe(echoOf("Nothing but NULs"));
      expect(stream.terminal?.event).toBe("done");
      expect((await provider.called("Nothing but NULs", 2)).request.messages.at(-1)?.text).toBe("Nothing but NULs");
    });
  });

  it("delivers a long reply to many readers, and to one that reads nothing before the end", async () => {
    const { client, provider } = product();
    const line = "Ein langer Satz mit 漢字 und 😀, immer wieder…";
    const gate = Promise.withResolvers<void>();
    // Most of the 192,000 that the limit of this assistant lets a reply have.
    const half = Array.from({ length: 12 }, () => line.repeat(160));
    provider.answer("At length", { steps: [...half, { until: gate.promise }, ...half] });
    const chat = await client.submit({ message: "At length", assistantType: "technical" });
    const readers = await Promise.all(
      Array.from({ length: 6 }, (_, index) => (index % 2 === 0 ? client : otherApi()).events(chat)),
    );
    const over = Promise.withResolvers<void>();
    const slow = await client.events(chat, { readAfter: over.promise });
    await readers[0]?.until(({ text }) => text.length === line.length * 12 * 160);
    gate.resolve();
    await Promise.all(readers.map((reader) => reader.ended));
    over.resolve();
    await slow.ended;
    for (const { text, terminal } of [...readers, slow]) {
      expect(terminal?.event).toBe("done");
      // Compared so that a failure does not print it.
      expect(text === line.repeat(24 * 160)).toBe(true);
    }
  });

  it("keeps the replies of many conversations apart", async () => {
    const { client } = product();
    const messages = Array.from({ length: 30 }, (_, index) => `Number ${index} of many`);
    await Promise.all(
      messages.map(async (message, index) => {
        const stream = await (index % 2 === 0 ? client : otherApi()).events(await client.submit(message));
        await stream.ended;
        expect(stream.text).toBe(echoOf(message));
      }),
    );
  });
});

/** One stream for each byte of `mixed`, its end included. */
async function resumeEverywhere(client: ApiClient, chat: JobRef): Promise<JobEventStream[]> {
  const offsets = [...mixedBytes.keys(), mixedBytes.length].slice(1);
  return Promise.all(
    offsets.map((bytes) =>
      client.events(chat, { lastEventId: `1:${bytes}`, text: prefix(bytes) ?? "half a character" }),
    ),
  );
}

async function resumeWithImpossibleIds(client: ApiClient, chat: JobRef): Promise<JobEventStream[]> {
  return Promise.all(impossibleIds.map((lastEventId) => client.events(chat, { lastEventId, text: "made up" })));
}

/** The characters of `mixed` that end at this byte; `undefined` inside of one. */
function prefix(bytes: number): string | undefined {
  const text = mixedBytes.subarray(0, bytes).toString();
  return Buffer.byteLength(text) === bytes && mixed.startsWith(text) ? text : undefined;
}

function expectOnlyWhatIsMissing(stream: JobEventStream, index: number): void {
  const have = prefix(index + 1);
  if (have === undefined) {
    expectAllAnew(stream);
    return;
  }
  expect(stream.text).toBe(mixed);
  expect(stream.names).not.toContain("reset");
  expect(stream.of("delta").map(({ text }) => text)).toEqual(have === mixed ? [] : [mixed.slice(have.length)]);
  expect(stream.terminal?.event).toBe("done");
}

function expectAllAnew(stream: JobEventStream): void {
  expect(stream.text).toBe(mixed);
  expect(stream.names.filter((name) => name !== "status")).toEqual(["reset", "delta", "done"]);
}
