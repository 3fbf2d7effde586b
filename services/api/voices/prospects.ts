import type { Hours } from "../../../shared/hours/hours.ts";
import type { Expected } from "../../../shared/protocol/handling.ts";

/** Time before an end of the hours in which nobody new is promised. */
const lastMs = 30 * 60_000;

interface Moment {
  /** An operator is online. */
  present: boolean;
  /** Unix milliseconds, by the database's clock. */
  at: number;
}

/**
 * Says what a visitor who waits for a person may expect: never more than presence and hours can keep. Within the hours,
 * while nobody is online, it is today, without a time.
 */
export async function describeProspects({ present, at }: Moment, hours: Hours | undefined): Promise<Expected> {
  if (present) return { state: "now", emailAsked: false };
  if (!hours) return { state: "address", emailAsked: true };
  // Loaded where there are hours: calendars are large.
  const { findNextOpening, isWithinHours } = await import("../../../shared/hours/opening.ts");
  if (isWithinHours(hours, at) && isWithinHours(hours, at + lastMs)) return { state: "today", emailAsked: true };
  const next = findNextOpening(hours, at);
  if (!next) return { state: "address", emailAsked: true };
  return { state: next.sameDay ? "today" : "later", at: new Date(next.at).toISOString(), emailAsked: true };
}
