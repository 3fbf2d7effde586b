import { Problem } from "../../../shared/errors.ts";

const timeForm = String.raw`(\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)`;
const placeForm = new RegExp(String.raw`^${timeForm}_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$`);
const groupPlaceForm = new RegExp(`^${timeForm}_([\\da-f]{64})$`);

/**
 * Parses the place in a list after which its next page begins: the time and the id of the last entry.
 * @throws {Problem} 400 for what no list has named
 */
export function parsePlace(before: string): ListPlace {
  return parse(before, placeForm);
}

/** Parses a place in a list of unanswered questions, likewise. */
export function parseGroupPlace(before: string): ListPlace {
  return parse(before, groupPlaceForm);
}

interface ListPlace {
  time: string;
  id: string;
}

function parse(before: string, form: RegExp): ListPlace {
  const [, time, id] = form.exec(before) ?? [];
  if (time !== undefined && id !== undefined && !Number.isNaN(Date.parse(time))) return { time, id };
  const message = "must be the nextBefore of a list";
  throw new Problem("invalid-request", `before: ${message}`, { errors: [{ path: "before", message }] });
}
