import { describe, expect, it } from "vitest";
import type { Hours } from "./hours.ts";
import { findNextOpening, isWithinHours } from "./opening.ts";

const nineToFive = [{ from: 9 * 60, to: 17 * 60 }];

function hoursOf(more: Partial<Hours> = {}): Hours {
  const week = {
    mon: nineToFive,
    tue: nineToFive,
    wed: nineToFive,
    thu: nineToFive,
    fri: nineToFive,
    sat: [],
    sun: [],
  };
  return { zone: "Europe/Berlin", week, dates: {}, ...more };
}

const at = (iso: string) => Date.parse(iso);
const opening = (hours: Hours, after: string) => {
  const found = findNextOpening(hours, at(after));
  return found && { at: new Date(found.at).toISOString(), sameDay: found.sameDay };
};

describe("the hours of a site", () => {
  it("begin with their first minute and end before the last, by the wall clock of the site", () => {
    const hours = hoursOf();
    expect(isWithinHours(hours, at("2026-11-30T07:59:59Z"))).toBe(false);
    expect(isWithinHours(hours, at("2026-11-30T08:00:00Z"))).toBe(true);
    expect(isWithinHours(hours, at("2026-11-30T15:59:59Z"))).toBe(true);
    expect(isWithinHours(hours, at("2026-11-30T16:00:00Z"))).toBe(false);
    // An hour earlier in summer.
    expect(isWithinHours(hours, at("2026-07-01T07:00:00Z"))).toBe(true);
    expect(isWithinHours(hours, at("2026-11-29T10:00:00Z"))).toBe(false);
  });

  it("go by the site's day, where it is another day elsewhere", () => {
    const hours = hoursOf({ zone: "Pacific/Auckland" });
    // Monday in Auckland, Sunday in Greenwich.
    expect(isWithinHours(hours, at("2026-11-29T20:00:00Z"))).toBe(true);
    // Saturday there, Friday in Greenwich.
    expect(isWithinHours(hours, at("2026-11-27T22:00:00Z"))).toBe(false);
  });

  it("give way to those of a date", () => {
    const hours = hoursOf({ dates: { "2026-12-24": [{ from: 540, to: 720 }], "2026-12-25": [] } });
    expect(isWithinHours(hours, at("2026-12-24T12:00:00Z"))).toBe(false);
    expect(isWithinHours(hours, at("2026-12-25T10:00:00Z"))).toBe(false);
    expect(opening(hours, "2026-12-24T12:00:00Z")).toEqual({ at: "2026-12-28T08:00:00.000Z", sameDay: false });
  });
});

describe("the next opening", () => {
  it("is later on the same day, or on the next that is not closed", () => {
    expect(opening(hoursOf(), "2026-11-30T05:00:00Z")).toEqual({ at: "2026-11-30T08:00:00.000Z", sameDay: true });
    expect(opening(hoursOf(), "2026-11-30T12:00:00Z")).toEqual({ at: "2026-12-01T08:00:00.000Z", sameDay: false });
    expect(opening(hoursOf(), "2026-11-27T17:00:00Z")).toEqual({ at: "2026-11-30T08:00:00.000Z", sameDay: false });
  });

  it("keeps the wall clock over a change of it", () => {
    // Clocks go forward on 28 March 2027, a Sunday, and back on 31 October.
    expect(opening(hoursOf(), "2027-03-26T18:00:00Z")?.at).toBe("2027-03-29T07:00:00.000Z");
    expect(opening(hoursOf(), "2027-10-29T18:00:00Z")?.at).toBe("2027-11-01T08:00:00.000Z");
  });

  it("is an hour later where the clock skips it, and the first where it comes twice", () => {
    const early = [{ from: 150, to: 600 }];
    const hours = hoursOf({ dates: { "2027-03-28": early, "2027-10-31": early } });
    expect(opening(hours, "2027-03-27T20:00:00Z")?.at).toBe("2027-03-28T01:30:00.000Z");
    expect(opening(hours, "2027-10-30T20:00:00Z")?.at).toBe("2027-10-31T00:30:00.000Z");
  });

  it("is unknown for a site that is closed for months, or always", () => {
    const closed = hoursOf({ week: { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] } });
    expect(opening(closed, "2026-11-30T05:00:00Z")).toBeUndefined();
    const soon = { ...closed, dates: { "2027-01-15": nineToFive } };
    expect(opening(soon, "2026-11-30T05:00:00Z")?.at).toBe("2027-01-15T08:00:00.000Z");
    const late = { ...closed, dates: { "2027-03-15": nineToFive } };
    expect(opening(late, "2026-11-30T05:00:00Z")).toBeUndefined();
  });
});
