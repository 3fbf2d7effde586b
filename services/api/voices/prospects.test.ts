import { describe, expect, it } from "vitest";
import type { Hours } from "../../../shared/hours/hours.ts";
import { describeProspects } from "./prospects.ts";

const day = [{ from: 9 * 60, to: 17 * 60 }];
const hours: Hours = {
  zone: "Europe/Berlin",
  week: {
    mon: day,
    tue: [
      { from: 540, to: 720 },
      { from: 780, to: 1020 },
    ],
    wed: day,
    thu: [],
    fri: [],
    sat: [],
    sun: [],
  },
  dates: {},
};
const none: Hours = { ...hours, week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] } };

describe("a visitor who waits for a person", () => {
  it.each<[string, { present: boolean; at: string; hours?: Hours }, object]>([
    ["now, while somebody is online", { present: true, at: "2026-11-29T03:00:00Z", hours }, { state: "now" }],
    ["today, within the hours", { present: false, at: "2026-11-30T10:00:00Z", hours }, { state: "today" }],
    [
      "not today, shortly before the end of the hours",
      { present: false, at: "2026-11-30T15:45:00Z", hours },
      { state: "later", at: "2026-12-01T08:00:00.000Z" },
    ],
    [
      "today, at the end of the break",
      { present: false, at: "2026-12-01T10:45:00Z", hours },
      { state: "today", at: "2026-12-01T12:00:00.000Z" },
    ],
    [
      "today, at the beginning",
      { present: false, at: "2026-11-30T05:00:00Z", hours },
      { state: "today", at: "2026-11-30T08:00:00.000Z" },
    ],
    [
      "later, on the next day that is not closed",
      { present: false, at: "2026-12-02T18:00:00Z", hours },
      { state: "later", at: "2026-12-07T08:00:00.000Z" },
    ],
    ["nobody knows when, without hours", { present: false, at: "2026-11-30T10:00:00Z" }, { state: "address" }],
    [
      "nobody knows when, if never open",
      { present: false, at: "2026-11-30T10:00:00Z", hours: none },
      { state: "address" },
    ],
  ])("is told %s", async (_, { present, at, hours: known }, said) => {
    const expected = await describeProspects({ present, at: Date.parse(at) }, known);
    expect(expected).toEqual({ ...said, emailAsked: !present });
  });
});
