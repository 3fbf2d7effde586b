import { expect, it } from "vitest";
import type { JobRecord } from "../../../shared/db/operators/conversation.ts";
import { toolEvents } from "./tool-events.ts";

const run = { run: 1, attempt: 1, worker: "host:1", outcome: null, claimedAt: 1000, firstDeltaAt: null, endedAt: null };
const action = {
  id: "a1",
  tool: "cancel_order",
  arguments: { order: "1042", all: true },
  proposedAt: 2000,
  endedAt: null,
};

function story(given: { runs?: JobRecord["runs"]; actions?: JobRecord["actions"] }): string[] {
  const events = toolEvents({ id: "job", runs: [], actions: [], ...given });
  return events.filter(({ at }) => at !== null).map(({ at, what }) => `${at} ${what}`);
}

it("a job's story tells what was read, with the kinds of the arguments alone", () => {
  const read = { tool: "order_status", arguments: { order: "text of 4" }, afterMs: 50, tookMs: 120 };
  const toolCalls = [
    { ...read, outcome: "done" as const, status: 200 },
    { ...read, outcome: "refused" as const, status: null },
  ];
  expect(story({ runs: [{ ...run, skippedCalls: null, toolCalls }] })).toEqual([
    "1050 attempt 1: order_status (order: text of 4) read: done with status 200 in 120 ms",
    "1050 attempt 1: order_status (order: text of 4) read: refused before it was sent",
  ]);
});

it("a job's story tells of an action where it was proposed, answered, and made without a question", () => {
  const call = "cancel_order (order: text of 4, all: true), action a1";
  const proposed = {
    ...action,
    state: "waiting" as const,
    proposedBy: "job",
    answeredBy: null,
    answeredAt: null,
    sentAt: null,
  };
  expect(story({ actions: [proposed] })).toEqual([`2000 asks to do ${call}`]);
  expect(story({ actions: [{ ...proposed, state: "expired", endedAt: 9000 }] })).toEqual([
    `2000 asks to do ${call}`,
    "9000 action a1: expired",
  ]);
  const answered = { ...proposed, proposedBy: "other", answeredBy: "job", answeredAt: 3000 };
  expect(story({ actions: [{ ...answered, state: "done", sentAt: 4000, endedAt: 5000 }] })).toEqual([
    `3000 the visitor answers ${call}: yes`,
    `4000 sends ${call}`,
    "5000 action a1: done",
  ]);
  expect(story({ actions: [{ ...answered, state: "refused", endedAt: 3000 }] })).toEqual([
    `3000 the visitor answers ${call}: no`,
    "3000 action a1: refused",
  ]);
  const unasked = { ...proposed, answeredBy: "job", state: "done" as const, sentAt: 4000, endedAt: 5000 };
  expect(story({ actions: [unasked] })).toEqual([`4000 sends ${call}`, "5000 action a1: done"]);
});
