import { randomUUID } from "node:crypto";
import { expect, it, vi } from "vitest";
import type { Hint, Live } from "./live.ts";
import { inbox, openOne, patiently, text, type StartFixture } from "./live-fixture.testsuite.ts";

export function describeFailures(start: StartFixture): void {
  it("every listener gets a gap after its connection was cut, and then hints", async () => {
    const { fixture, live } = await openOne(patiently(start));
    const jobs = [randomUUID(), randomUUID()].map((jobId) => ({ jobId, heard: inbox<Hint>() }));
    const cancels = inbox<string>();
    for (const { jobId, heard } of jobs) await live.listen(jobId, heard.put);
    await live.listenForCancels(cancels.put);

    await fixture.cutListeners();
    for (const { jobId, heard } of jobs) {
      expect(await heard.next()).toEqual({ type: "gap" });
      await vi.waitFor(() => live.hintChange(jobId));
      expect(await heard.next()).toEqual({ type: "change" });
    }
    await live.hintCancel(jobs[0]?.jobId ?? "");
    expect(await cancels.next()).toBe(jobs[0]?.jobId);
  });

  it("every call rejects within a second while it is down, and works once it is back", async () => {
    const { fixture, live } = await openOne(start);
    await vi.waitFor(async () => expect(await callAll(live)).toHaveProperty("failed", []));
    await fixture.goAway();
    const { failed, tookMs } = await callAll(live);
    expect(failed).toEqual(allOfThem);
    expect(tookMs).toBeLessThan(rejectsWithinMs);

    await fixture.comeBack();
    await vi.waitFor(async () => expect(await callAll(live)).toHaveProperty("failed", []), soon);
  });

  it("every call rejects within a second while it is frozen, and works once it is not", async () => {
    const { fixture, live } = await openOne(start);
    await vi.waitFor(async () => expect(await callAll(live)).toHaveProperty("failed", []));
    fixture.freeze();
    const { failed, tookMs } = await callAll(live);
    expect(failed).toEqual(allOfThem);
    expect(tookMs).toBeLessThan(rejectsWithinMs);

    fixture.thaw();
    await vi.waitFor(async () => expect(await callAll(live)).toHaveProperty("failed", []), soon);
  });

  it("a listener added while it was down gets a gap once it is back, then hints", async () => {
    const { fixture, live } = await openOne(start);
    await fixture.goAway();
    const jobId = randomUUID();
    const heard = inbox<Hint>();
    const started = performance.now();
    await live.listen(jobId, heard.put);
    expect(performance.now() - started).toBeLessThan(rejectsWithinMs);

    await fixture.comeBack();
    expect(await heard.next()).toEqual({ type: "gap" });
    await vi.waitFor(() => live.hintChange(jobId));
    expect(await heard.next()).toEqual({ type: "change" });
  });

  it("a process that starts while it is down works once it is back", async () => {
    const { fixture } = await openOne(start);
    await fixture.goAway();
    const started = performance.now();
    const late = await fixture.open();
    expect(performance.now() - started).toBeLessThan(rejectsWithinMs);
    expect(await callAll(late)).toHaveProperty("failed", allOfThem);

    await fixture.comeBack();
    await vi.waitFor(async () => expect(await callAll(late)).toHaveProperty("failed", []), soon);
    const heard = inbox<Hint>();
    const jobId = randomUUID();
    await late.listen(jobId, heard.put);
    await vi.waitFor(async () => {
      await late.hintChange(jobId);
      expect(heard.waiting).toContainEqual({ type: "change" });
    });
  });

  it.each(["there", "away", "frozen"])("no connection is left after close when it is %s", async (state) => {
    const { fixture, live } = await openOne(start);
    await live.listen(randomUUID(), () => undefined);
    expect(await fixture.countConnections()).toBeGreaterThan(0);
    if (state === "away") await fixture.goAway();
    if (state === "frozen") fixture.freeze();
    const started = performance.now();
    await live.close();
    expect(performance.now() - started).toBeLessThan(rejectsWithinMs);
    if (state === "away") await fixture.comeBack();
    if (state === "frozen") fixture.thaw();
    await vi.waitFor(async () => expect(await fixture.countConnections()).toBe(0), { timeout: 5000 });
  });

  it("a silent connection is detected and replaced", async () => {
    const { fixture, live } = await openOne(start);
    const heard = inbox<Hint>();
    await live.listen(randomUUID(), heard.put);
    fixture.freeze();
    await vi.waitFor(() => expect(fixture.errors).not.toEqual([]), { timeout: 10_000 });
    fixture.thaw();
    expect(await heard.next()).toEqual({ type: "gap" });
  });
}

const rejectsWithinMs = 1000;
/** Options of a wait: connections are retried every second. */
const soon = { timeout: 8000, interval: 20 };

/** Every call that needs the store. */
const calls: Record<string, (live: Live) => Promise<unknown>> = {
  append: (live) => live.append({ jobId: randomUUID(), attempt: 1, offset: 0, text }),
  rewrite: (live) => live.rewrite({ jobId: randomUUID(), attempt: 1, text }),
  readDraft: (live) => live.readDraft(randomUUID(), 1, 0),
  draftLengths: (live) => live.draftLengths([{ jobId: randomUUID(), attempt: 1 }]),
  dropDraft: (live) => live.dropDraft(randomUUID(), 1),
  hintChange: (live) => live.hintChange(randomUUID()),
  hintCancel: (live) => live.hintCancel(randomUUID()),
  ping: (live) => live.ping(),
};

/** Makes each call once; returns which failed, and the total time. */
async function callAll(live: Live): Promise<{ failed: string[]; tookMs: number }> {
  const started = performance.now();
  const failed: string[] = [];
  const settle = ([name, call]: [string, (live: Live) => Promise<unknown>]) =>
    call(live).catch(() => failed.push(name));
  await Promise.all(Object.entries(calls).map(settle));
  return { failed: failed.toSorted(), tookMs: performance.now() - started };
}

const allOfThem = Object.keys(calls).toSorted();
