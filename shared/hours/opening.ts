import { Temporal } from "temporal-polyfill";
import { type Hours, type HoursSpan, weekdays } from "./hours.ts";

/** Days looked ahead. A site that stays closed for longer has no hours, as far as visitors are concerned. */
const maxDays = 60;

/** @param at Unix milliseconds */
export function isWithinHours(hours: Hours, at: number): boolean {
  const local = onWall(hours, at);
  const minute = local.hour * 60 + local.minute;
  return spansOf(hours, local.toPlainDate()).some(({ from, to }) => from <= minute && minute < to);
}

export interface Opening {
  /** Unix milliseconds. */
  at: number;
  /** On the same day of the site's calendar. */
  sameDay: boolean;
}

/**
 * Finds the next time at which somebody begins to answer.
 * @param after Unix milliseconds
 * @returns `undefined` if there is none in the next two months
 */
export function findNextOpening(hours: Hours, after: number): Opening | undefined {
  const today = onWall(hours, after).toPlainDate();
  for (let days = 0; days <= maxDays; days += 1) {
    const date = today.add({ days });
    for (const { from } of spansOf(hours, date)) {
      const at = atOnWall(hours, date, from);
      if (at > after) return { at, sameDay: days === 0 };
    }
  }
  return undefined;
}

function onWall({ zone }: Hours, at: number): Temporal.ZonedDateTime {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone);
}

/** A time that a clock change skips comes as much later; of one that comes twice, the first. */
function atOnWall({ zone }: Hours, date: Temporal.PlainDate, minute: number): number {
  const plainTime = { hour: Math.floor(minute / 60), minute: minute % 60 };
  return date.toZonedDateTime({ timeZone: zone, plainTime }).epochMilliseconds;
}

function spansOf({ week, dates }: Hours, date: Temporal.PlainDate): readonly HoursSpan[] {
  const weekday = weekdays[date.dayOfWeek - 1];
  return dates[date.toString()] ?? (weekday === undefined ? [] : week[weekday]);
}
