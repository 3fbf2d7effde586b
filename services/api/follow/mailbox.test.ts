import { describe, expect, it } from "vitest";
import { Mailbox } from "./mailbox.ts";

const delta = (offset: number, text: string, attempt = 1) => ({ type: "delta", attempt, offset, text }) as const;
const open = () => new Mailbox(new AbortController().signal);

describe("mailbox", () => {
  it("keeps entries until they are taken, all at once", async () => {
    const stop = new AbortController();
    const mailbox = new Mailbox(stop.signal);
    mailbox.put(delta(0, "a"));
    mailbox.put({ type: "change" });
    mailbox.put(delta(1, "b"));
    mailbox.putPosition(7);
    expect(await mailbox.take()).toEqual({
      row: true,
      draft: false,
      deltas: [
        { attempt: 1, offset: 0, text: "a" },
        { attempt: 1, offset: 1, text: "b" },
      ],
      position: 7,
    });
    const next = mailbox.take();
    stop.abort();
    expect(await next).toBeUndefined();
  });

  it("wakes a waiting taker", async () => {
    const mailbox = open();
    const mail = mailbox.take();
    mailbox.put(delta(0, "a"));
    expect(await mail).toMatchObject({ deltas: [{ text: "a" }] });
    const position = mailbox.take();
    mailbox.putPosition(0);
    expect(await position).toEqual({ row: false, draft: false, deltas: [], position: 0 });
  });

  it("asks for the row after a change, and for row and draft after a gap", async () => {
    const mailbox = open();
    mailbox.put({ type: "change" });
    expect(await mailbox.take()).toEqual({ row: true, draft: false, deltas: [] });
    mailbox.put({ type: "gap" });
    expect(await mailbox.take()).toEqual({ row: true, draft: true, deltas: [] });
  });

  it("asks for the draft after a delta without text", async () => {
    const mailbox = open();
    mailbox.put(delta(0, "a"));
    mailbox.put({ type: "delta", attempt: 1, offset: 1 });
    mailbox.put(delta(2, "c"));
    expect(await mailbox.take()).toEqual({ row: false, draft: true, deltas: [] });
  });

  it("holds a bounded amount of text for a slow reader, who then reads the draft", async () => {
    const mailbox = open();
    const text = "x".repeat(1000);
    for (let time = 0; time < 3; time += 1) {
      for (let count = 0; count < 32; count += 1) mailbox.put(delta(count * 1000, text));
      expect((await mailbox.take())?.deltas).toHaveLength(32);
    }
    for (let count = 0; count < 10_000; count += 1) mailbox.put(delta(count * 1000, text));
    expect(await mailbox.take()).toEqual({ row: false, draft: true, deltas: [] });
    mailbox.put(delta(0, text));
    expect(await mailbox.take()).toMatchObject({ draft: false, deltas: [{ text }] });
  });

  it("is empty once closed", async () => {
    const stop = new AbortController();
    const mailbox = new Mailbox(stop.signal);
    mailbox.put({ type: "change" });
    stop.abort();
    expect(await mailbox.take()).toBeUndefined();
    expect(await new Mailbox(AbortSignal.abort()).take()).toBeUndefined();
  });

  it("records when it last received something; a queue position does not count", () => {
    const mailbox = open();
    const { heardAt } = mailbox;
    mailbox.putPosition(1);
    expect(mailbox.heardAt).toBe(heardAt);
    mailbox.put({ type: "change" });
    expect(mailbox.heardAt).toBeGreaterThan(heardAt);
  });
});
