import { Problem } from "../../../shared/errors.ts";

const placeForm = /^(\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)_([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

/**
 * Parses the place in a list after which its next page begins: the time and the id of the last entry.
 * @throws {Problem} 400 for what no list has named
 */
export function parsePlace(before: string): { time: string; id: string } {
  const [, time, id] = placeForm.exec(before) ?? [];
  if (time !== undefined && id !== undefined && !Number.isNaN(Date.parse(time))) return { time, id };
  const message = "must be the nextBefore of a list";
  throw new Problem("invalid-request", `before: ${message}`, { errors: [{ path: "before", message }] });
}
