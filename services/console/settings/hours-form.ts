import type { HoursText } from "../../../shared/protocol/people/hours.ts";

export const daysOfWeek = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"] as const;

/** Stretches of a day in one line; an empty one is a closed day. */
export function lineOf(stretches: readonly string[]): string {
  return stretches.join(", ");
}

/** Dates that differ, a line for each. */
export function dateLines(dates: HoursText["dates"], closed: string): string {
  return Object.entries(dates)
    .toSorted(([one], [other]) => one.localeCompare(other))
    .map(([date, stretches]) => `${date} ${stretches.length === 0 ? closed : lineOf(stretches)}`)
    .join("\n");
}

/**
 * Reads the form. What is no stretch or no date is left to the service, which says so.
 * @param given by the names of the fields
 */
export function readHoursForm(given: Readonly<Record<string, string>>, closed: string): HoursText {
  const week = Object.fromEntries(daysOfWeek.map((day) => [day, stretchesIn(given[day] ?? "", closed)]));
  const lines = (given["dates"] ?? "").split("\n").map((line) => line.trim());
  const dates = lines.flatMap((line) => {
    const [, date, rest = ""] = /^(\S+)\s*(.*)$/.exec(line) ?? [];
    return date === undefined ? [] : [[date, stretchesIn(rest, closed)] as const];
  });
  return { zone: (given["zone"] ?? "").trim(), week: week as HoursText["week"], dates: Object.fromEntries(dates) };
}

/** A dash may be a longer one with blanks around it, and a clock as short as people write it: `9 – 17:30`. */
function stretchesIn(line: string, closed: string): string[] {
  return line
    .replaceAll(/\s*[-–—]\s*/g, "-")
    .split(/[\s,;]+/)
    .filter((stretch) => stretch !== "" && stretch.toLowerCase() !== closed)
    .map((stretch) => stretch.replaceAll(/\b(\d{1,2})(:\d\d)?(?=-|$)/g, wholeClock));
}

function wholeClock(_: string, hour: string, minute = ":00"): string {
  return hour.padStart(2, "0") + minute;
}

/** Names the field of a fault as the form does, in place of its path. */
export function namePath(
  message: string,
  { zone, days }: { zone: string; days: Readonly<Record<string, string>> },
): string {
  return message
    .replace(/^week\.(\w+)(?:\.\d+)?/, (path, day: string) => days[day] ?? path)
    .replace(/^dates\.([\d-]+)(?:\.\d+)?/, "$1")
    .replace(/^zone\b/, zone);
}
