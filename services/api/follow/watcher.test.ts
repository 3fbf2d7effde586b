import { describe, expect, it } from "vitest";
import { Watcher } from "./watcher.ts";

describe("job watcher", () => {
  const open = () => new Watcher(new AbortController().signal);

  it("reports a row only if it differs from what the follower reported", async () => {
    const watcher = open();
    watcher.report({ status: "active", attempt: 2, bytes: 10 });
    watcher.compareRow({ status: "active", attempt: 2 });
    const mail = watcher.take();
    watcher.compareRow({ status: "active", attempt: 3 });
    expect(await mail).toEqual({ row: true, draft: false, deltas: [] });
    watcher.compareRow({ status: "completed", attempt: 2 });
    expect(await watcher.take()).toMatchObject({ row: true });
  });

  it("reports a draft only if it is longer than what the follower reported", async () => {
    const watcher = open();
    watcher.report({ status: "active", attempt: 1, bytes: 10 });
    watcher.compareDraft(10);
    const mail = watcher.take();
    watcher.hearPosition(1);
    expect(await mail).toMatchObject({ row: false, draft: false, position: 1 });
    watcher.compareDraft(11);
    expect(await watcher.take()).toMatchObject({ draft: true });
  });

  it("starts as queued until its follower reports another status", () => {
    const watcher = open();
    expect(watcher.isQueued).toBe(true);
    watcher.report({ status: "active", attempt: 1, bytes: 0 });
    expect(watcher.isQueued).toBe(false);
  });
});
