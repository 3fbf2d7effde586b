import { nodesOf, textOf, valuesOf, withoutPrefix, type SchemaNode, type StructuredFact } from "./schema-node.ts";

const days = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

export function isPlaceWithHours(node: SchemaNode): boolean {
  return hoursOf(node).length > 0 || valuesOf(node, "openingHours").length > 0;
}

/** Describes when a place is open, in a line, with its telephone number. Days are named in the page's language. */
export function describeHours(place: SchemaNode, language: string | undefined): StructuredFact | undefined {
  const namesOfDays = namedDays(language);
  const written = valuesOf(place, "openingHours").filter((value) => typeof value === "string");
  const specified = hoursOf(place).map((hours) => describeSpecification(hours, namesOfDays));
  const hours = [...written.map((value) => spellDays(value, namesOfDays)), ...specified].filter((text) => text !== "");
  if (hours.length === 0) return undefined;
  const name = textOf(place, "name");
  const telephone = textOf(place, "telephone");
  return {
    text: [name, ...hours, telephone].filter((part) => part !== "").join(" · "),
    values: [...hours, telephone].filter((part) => part !== ""),
  };
}

function hoursOf(place: SchemaNode): SchemaNode[] {
  const kinds = ["openingHoursSpecification", "hoursAvailable", "specialOpeningHoursSpecification"];
  return kinds.flatMap((kind) => nodesOf(place, kind));
}

function describeSpecification(hours: SchemaNode, names: readonly string[]): string {
  const indexes = valuesOf(hours, "dayOfWeek")
    .map((day) =>
      days.findIndex((name) => withoutPrefix(String(day)).toLowerCase().startsWith(name.slice(0, 2).toLowerCase())),
    )
    .filter((index) => index >= 0);
  const from = textOf(hours, "validFrom").slice(0, 10);
  const through = textOf(hours, "validThrough").slice(0, 10);
  const dates = [...new Set([from, through])].filter((date) => date !== "").join("–");
  const when = [joinDays(indexes, names), dates].filter((part) => part !== "").join(", ");
  const opens = clockTime(textOf(hours, "opens"));
  const closes = clockTime(textOf(hours, "closes"));
  // Equal times are how schema.org says that a place stays closed.
  const open = opens === closes ? "closed" : `${opens}–${closes}`;
  return when === "" ? open : `${when}: ${open}`;
}

function clockTime(time: string): string {
  return /^\d{1,2}:\d{2}/.exec(time.replace(/^.*T/, ""))?.[0] ?? time;
}

/** Names runs of days by their ends: Monday–Friday, Sunday. */
function joinDays(indexes: readonly number[], names: readonly string[]): string {
  const sorted = [...new Set(indexes)].toSorted((one, other) => one - other);
  const runs: [number, number][] = [];
  for (const index of sorted) {
    const last = runs.at(-1);
    if (last?.[1] === index - 1) last[1] = index;
    else runs.push([index, index]);
  }
  return runs
    .map(([first, last]) => [...new Set([names[first], names[last]])].join(last - first === 1 ? ", " : "–"))
    .join(", ");
}

/** Spells the days of a short form out: `Mo-Fr 09:00-17:00`. */
function spellDays(written: string, names: readonly string[]): string {
  const spelled = written.trim().replaceAll(/\b(Mo|Tu|We|Th|Fr|Sa|Su)\b/g, (short) => {
    return names[days.findIndex((day) => day.startsWith(short))] ?? short;
  });
  return spelled.replaceAll(/(?<=\S)\s*-\s*(?=\S)/g, "–").replace(/(?<=\p{L})\s+(?=\d)/u, ": ");
}

/** Names of the days in a language, or in English for one that is not known. */
function namedDays(language: string | undefined): string[] {
  const format = new Intl.DateTimeFormat([language ?? "en", "en"], { weekday: "long", timeZone: "UTC" });
  // The first of January 2024 was a Monday.
  return days.map((_, index) => format.format(Date.UTC(2024, 0, index + 1)));
}
