import { z } from "zod";
import type { HoursText } from "../protocol/people/hours.ts";
import { parseFile, readJsonFile } from "../config/json-file.ts";

/** A stretch of a day in minutes since midnight, by the clock on the wall. */
export interface HoursSpan {
  from: number;
  to: number;
}

const minutesADay = 24 * 60;
const spanForm = /^(\d{2}):(\d{2})-(\d{2}):(\d{2})$/;

const span = z.string().transform((text, context): HoursSpan => {
  const [, ...parts] = spanForm.exec(text) ?? [];
  const [fromHour = NaN, fromMinute = NaN, toHour = NaN, toMinute = NaN] = parts.map(Number);
  const [from, to] = [fromHour * 60 + fromMinute, toHour * 60 + toMinute];
  if (fromMinute < 60 && toMinute < 60 && from < to && to <= minutesADay) return { from, to };
  context.addIssue(
    'must be a stretch of one day, like "09:00-17:30"; past midnight it goes on as "00:00-…" of the next day',
  );
  return z.NEVER;
});

const day = z
  .array(span)
  .transform((spans) => spans.toSorted((a, b) => a.from - b.from))
  .refine((spans) => spans.every(({ from }, place) => from >= (spans[place - 1]?.to ?? 0)), "must not overlap");

const week = z.strictObject({
  mon: day.default([]),
  tue: day.default([]),
  wed: day.default([]),
  thu: day.default([]),
  fri: day.default([]),
  sat: day.default([]),
  sun: day.default([]),
});

/** Hours in the form of the file, and of `PUT /api/operator/hours`. */
export const hoursSchema = z.strictObject({
  /** Zone of the wall clock, from the IANA database. */
  zone: z.string().refine(isZone, "must be a zone of the IANA database, like Europe/Berlin"),
  week,
  /** Days that differ, by date; `[]` is a closed one. */
  dates: z.record(z.iso.date("must be a date, like 2026-12-24"), day).default({}),
});

/** Hours in which people of the site answer. */
export type Hours = z.output<typeof hoursSchema>;

export const weekdays = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const satisfies (keyof Hours["week"])[];

export const hoursPath = "config/hours.json";

/**
 * Reads the hours.
 * @returns `undefined` without a file: nothing is known of when somebody is there
 * @throws {ConfigError} naming the file, the path in it and what was expected there
 */
export async function readHours(path: string): Promise<Hours | undefined> {
  const value = await readJsonFile(path);
  return value === undefined ? undefined : parseFile(hoursSchema, value, { path, subject: "The hours" });
}

/** Reads hours that were stored; `undefined` if this version does not understand them. */
export function parseHours(stored: unknown): Hours | undefined {
  return hoursSchema.safeParse(stored).data;
}

/** Writes hours as people do. */
export function toHoursText(hours: Hours): HoursText {
  const { zone, dates } = hours;
  return { zone, week: inText(hours.week) as HoursText["week"], dates: inText(dates) };
}

function inText(days: Record<string, readonly HoursSpan[]>): Record<string, string[]> {
  const texts = Object.entries(days).map(([name, spans]) => [name, spans.map(spanText)]);
  return Object.fromEntries(texts) as Record<string, string[]>;
}

function spanText({ from, to }: HoursSpan): string {
  return `${clock(from)}-${clock(to)}`;
}

function clock(minute: number): string {
  return [Math.floor(minute / 60), minute % 60].map((part) => `${part}`.padStart(2, "0")).join(":");
}

function isZone(name: string): boolean {
  // An offset, like +01:00, is accepted below, too, and knows nothing of summer.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
