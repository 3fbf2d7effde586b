import { texts } from "../texts.ts";

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const day = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

/** Time of day; with its date if that is not today's. */
export function clockTime(time: number | string): string {
  const date = new Date(time);
  return (date.toDateString() === new Date().toDateString() ? clock : day).format(date);
}

/** Duration in one unit, as a glance takes it in. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return texts.seconds(seconds);
  if (seconds < 3600) return texts.minutes(Math.floor(seconds / 60));
  if (seconds < 86_400) return texts.hours(Math.floor(seconds / 3600));
  return texts.days(Math.floor(seconds / 86_400));
}

export function formatCost(usd: number): string {
  return `$${usd.toFixed(usd !== 0 && usd < 0.1 ? 4 : 2)}`;
}

const namedIn = ["name", "email"];

/** A visitor's name: as their page gave it, or else a mark that tells two of them apart. */
export function visitorName({ id, metadata }: { id: string; metadata: Readonly<Record<string, string>> }): string {
  const given = namedIn.map((key) => metadata[key]?.trim()).find(Boolean);
  return given ?? texts.visitorOf(id.slice(-4));
}

export function initials(name: string): string {
  const words = name.match(/[\p{L}\p{N}]\S*/gu) ?? [name];
  return [...new Set([words.at(0), words.at(-1)])]
    .map((word = "") => /.\p{M}*/su.exec(word)?.[0] ?? "")
    .join("\u200c")
    .toLocaleUpperCase();
}
