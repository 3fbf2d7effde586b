import { randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import type { Hint } from "../live.ts";
import { inbox, openOne, text, type StartFixture } from "../live-fixture.testsuite.ts";

const bytes = Buffer.from(text);

export function describeDrafts(start: StartFixture): void {
  it("begin at 0 and grow at their end, counted in bytes", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    let offset = 0;
    for (const character of text) {
      expect(await live.append({ jobId, attempt: 1, offset, text: character })).toBe(true);
      offset += Buffer.byteLength(character);
    }
    expect(await live.readDraft(jobId, 1, 0)).toEqual({ bytes, length: bytes.length });
  });

  it("do not change if the offset is not their length", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    expect(await live.append({ jobId, attempt: 1, offset: 3, text: "x" })).toBe(false);
    expect(await live.readDraft(jobId, 1, 0)).toBeUndefined();

    await live.append({ jobId, attempt: 1, offset: 0, text });
    for (const offset of [0, 1, bytes.length - 1, bytes.length + 1]) {
      expect(await live.append({ jobId, attempt: 1, offset, text: "x" })).toBe(false);
    }
    expect(await live.readDraft(jobId, 1, 0)).toEqual({ bytes, length: bytes.length });
  });

  it("accept exactly one of many appends at the same offset", async () => {
    const { fixture, live } = await openOne(start);
    const processes = [live, await fixture.open()];
    const jobId = randomUUID();
    for (let offset = 0; offset < 5; offset += 1) {
      const writers = ["a", "b", "c", "d"].flatMap((letter) => processes.map((process) => ({ process, letter })));
      const won = await Promise.all(
        writers.map(({ process, letter }) => process.append({ jobId, attempt: 1, offset, text: letter })),
      );
      expect(won.filter(Boolean)).toHaveLength(1);
      const slice = await live.readDraft(jobId, 1, offset);
      expect(slice).toEqual({ bytes: Buffer.from(writers[won.indexOf(true)]?.letter ?? ""), length: offset + 1 });
    }
  });

  it("can be read from any byte, even within a character", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    await live.append({ jobId, attempt: 1, offset: 0, text });
    for (let from = 0; from <= bytes.length + 1; from += 1) {
      expect(await live.readDraft(jobId, 1, from)).toEqual({ bytes: bytes.subarray(from), length: bytes.length });
    }
  });

  it("are absent before they begin, for another attempt, and for another job", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    const otherId = randomUUID();
    await live.append({ jobId, attempt: 2, offset: 0, text });
    expect(await live.readDraft(jobId, 1, 0)).toBeUndefined();
    expect(await live.readDraft(jobId, 3, 0)).toBeUndefined();
    expect(await live.readDraft(otherId, 2, 0)).toBeUndefined();
  });

  it("are replaced by a later attempt, never by an earlier one", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    await live.append({ jobId, attempt: 1, offset: 0, text: "first" });
    expect(await live.append({ jobId, attempt: 2, offset: 0, text })).toBe(true);
    await live.append({ jobId, attempt: 1, offset: 5, text: " late" });
    await live.append({ jobId, attempt: 1, offset: bytes.length, text: " late" });
    await live.rewrite({ jobId, attempt: 1, text: "first late" });
    expect(await live.readDraft(jobId, 2, 0)).toEqual({ bytes, length: bytes.length });
  });

  it("can be rewritten in any state and continue from there", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    await live.rewrite({ jobId, attempt: 1, text: "lost" });
    await live.rewrite({ jobId, attempt: 1, text });
    expect(await live.append({ jobId, attempt: 1, offset: bytes.length, text: "!" })).toBe(true);
    expect((await live.readDraft(jobId, 1, 0))?.bytes.toString()).toBe(`${text}!`);

    await live.rewrite({ jobId, attempt: 2, text: "second" });
    expect((await live.readDraft(jobId, 2, 0))?.bytes.toString()).toBe("second");
  });

  it("return many lengths at once, in the order asked", async () => {
    const { live } = await openOne(start);
    const long = { jobId: randomUUID(), attempt: 1 };
    const short = { jobId: randomUUID(), attempt: 3 };
    await live.append({ ...long, offset: 0, text });
    await live.append({ ...short, offset: 0, text: "é" });
    const none = { jobId: randomUUID(), attempt: 1 };
    const asked = [none, short, long, { ...long, attempt: 2 }, short];
    expect(await live.draftLengths(asked)).toEqual([0, 2, bytes.length, 0, 2]);
    expect(await live.draftLengths([])).toEqual([]);
  });

  it("are dropped with those of earlier attempts and cannot continue afterwards", async () => {
    const { live } = await openOne(start);
    const jobId = randomUUID();
    for (const attempt of [1, 2]) await live.append({ jobId, attempt, offset: 0, text });
    await live.dropDraft(jobId, 2);
    await live.dropDraft(jobId, 2);
    expect(await live.readDraft(jobId, 1, 0)).toBeUndefined();
    expect(await live.readDraft(jobId, 2, 0)).toBeUndefined();
    expect(await live.append({ jobId, attempt: 2, offset: bytes.length, text })).toBe(false);
  });

  it("grow together with others of the moment, and one that cannot fails alone", async () => {
    const { live } = await openOne(start);
    const jobs = Array.from({ length: 250 }, (_, number) => ({ jobId: randomUUID(), attempt: 1, number }));
    await Promise.all(jobs.map((job) => live.append({ ...job, offset: 0, text })));
    const matches = ({ number }: { number: number }) => number % 7 !== 3;
    const isLong = (number: number) => number % 50 === 1;
    const delta = (number: number) => (isLong(number) ? "漢".repeat(20_000) : `é${number}`);
    const appended = await Promise.all(
      jobs.map((job) =>
        live.append({ ...job, offset: bytes.length + (matches(job) ? 0 : 1), text: delta(job.number) }),
      ),
    );
    expect(appended).toEqual(jobs.map(matches));
    for (const job of jobs) {
      const draft = await live.readDraft(job.jobId, 1, bytes.length);
      expect(draft?.bytes.toString()).toBe(matches(job) ? delta(job.number) : "");
    }
  });

  it("are hinted each with its own text when they grow together", async () => {
    const { live } = await openOne(start);
    const jobs = Array.from({ length: 20 }, () => ({ jobId: randomUUID(), attempt: 1, heard: inbox<Hint>() }));
    for (const { jobId, heard } of jobs) await live.listen(jobId, heard.put);
    for (const offset of [0, 2]) {
      await Promise.all(jobs.map((job, number) => live.append({ ...job, offset, text: `${10 + number}` })));
      for (const [number, { heard }] of jobs.entries()) {
        expect(await heard.next()).toEqual({ type: "delta", attempt: 1, offset, text: `${10 + number}` });
      }
    }
  });
}
