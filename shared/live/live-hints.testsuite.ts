import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { Hint, TypingHint } from "./live.ts";
import { inbox, openOne, text, type StartFixture } from "./live-fixture.testsuite.ts";

export function describeHints(start: StartFixture, longestHintedDelta: number): void {
  it("arrive in order, from any process", async () => {
    const { fixture, live } = await openOne(start);
    const writer = await fixture.open();
    const jobId = randomUUID();
    const heard = inbox<Hint>();
    await live.listen(jobId, heard.put);
    await writer.hintChange(jobId);
    expect(await heard.next()).toEqual({ type: "change" });
    let offset = 0;
    for (const word of ["first: ", "né\n", "漢字", "🙂"]) {
      await writer.append({ jobId, attempt: 4, offset, text: word });
      expect(await heard.next()).toEqual({ type: "delta", attempt: 4, offset, text: word });
      offset += Buffer.byteLength(word);
    }
    expect(heard.waiting).toEqual([]);
  });

  it("are not sent for a delta that was not written", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    const heard = inbox<Hint>();
    await live.listen(jobId, heard.put);
    await live.append({ jobId, attempt: 1, offset: 7, text });
    await live.hintChange(jobId);
    expect(await heard.next()).toEqual({ type: "change" });
  });

  it("omit the text if it is too long or the draft was rewritten", async () => {
    const { live } = await openOne(start);
    const heard = inbox<Hint>();
    const hinted = async (length: number) => {
      const jobId = randomUUID();
      const long = "x".repeat(length);
      await live.listen(jobId, heard.put);
      await live.append({ jobId, attempt: 1, offset: 0, text: long });
      expect((await live.readDraft(jobId, 1, 0))?.length).toBe(length);
      return heard.next();
    };
    const fits = await hinted(longestHintedDelta);
    expect(fits).toHaveProperty("text.length", longestHintedDelta);
    const grew = { type: "delta", attempt: 1, offset: 0 };
    expect(await hinted(longestHintedDelta + 1)).toEqual(grew);

    const jobId = randomUUID();
    await live.listen(jobId, heard.put);
    await live.rewrite({ jobId, attempt: 1, text });
    expect(await heard.next()).toEqual(grew);
  });

  it("reach every listener of the job and no other, until it leaves", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    const [stays, leaves, other] = [inbox<Hint>(), inbox<Hint>(), inbox<Hint>()];
    await live.listen(jobId, stays.put);
    const leave = await live.listen(jobId, leaves.put);
    await live.listen(randomUUID(), other.put);
    await live.hintChange(jobId);
    expect([await stays.next(), await leaves.next()]).toEqual([{ type: "change" }, { type: "change" }]);

    leave();
    leave();
    await live.hintChange(jobId);
    expect(await stays.next()).toEqual({ type: "change" });
    expect([...leaves.waiting, ...other.waiting]).toEqual([]);
  });

  it("reach a new listener while others leave", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    const comeAndGo = async () => {
      const leave = await live.listen(jobId, () => undefined);
      leave();
    };
    for (let round = 0; round < 20; round += 1) {
      const [heard] = [inbox<Hint>(), await Promise.all([comeAndGo(), comeAndGo()])];
      const [leave] = await Promise.all([live.listen(jobId, heard.put), comeAndGo(), comeAndGo()]);
      await live.hintChange(jobId);
      expect(await heard.next()).toEqual({ type: "change" });
      leave();
    }
  });

  it("reach the others if one listener throws, which is reported", async () => {
    const { fixture, live } = await openOne(start);
    const jobId = randomUUID();
    const heard = inbox<Hint>();
    const fault = new Error("a listener's fault");
    await live.listen(jobId, () => {
      throw fault;
    });
    await live.listen(jobId, heard.put);
    await live.hintChange(jobId);
    expect(await heard.next()).toEqual({ type: "change" });
    expect(fixture.errors).toEqual([fault]);
  });

  it("of a cancel reach every worker", async () => {
    const { fixture, live } = await openOne(start);
    const other = await fixture.open();
    const jobId = randomUUID();
    const [here, there] = [inbox<string>(), inbox<string>()];
    await live.listenForCancels(here.put);
    await other.listenForCancels(there.put);
    await live.hintCancel(jobId);
    expect([await here.next(), await there.next()]).toEqual([jobId, jobId]);
  });

  it("of typing reach every process, with the name of an operator", async () => {
    const { fixture, live } = await openOne(start);
    const other = await fixture.open();
    const [here, there] = [inbox<TypingHint>(), inbox<TypingHint>()];
    await live.listenForTyping(here.put);
    const leave = await other.listenForTyping(there.put);
    const conversationId = randomUUID();
    const sent: TypingHint[] = [
      { conversationId, by: "user" },
      { conversationId, by: "operator", name: "Zoë: 漢字 🙂" },
    ];
    for (const typing of sent) {
      await live.hintTyping(typing);
      expect([await here.next(), await there.next()]).toEqual([typing, typing]);
    }
    leave();
    await live.hintTyping({ conversationId, by: "user" });
    expect(await here.next()).toEqual({ conversationId, by: "user" });
    expect(there.waiting).toEqual([]);
  });
}
