/** Shorter values are found in ordinary words and numbers. */
const minChars = 4;

/**
 * Takes the values of a visitor's identity out of a text that an endpoint wrote, in any shape in which they are sent. One
 * within a longer word or number is another value.
 */
export function maskIdentity(text: string, values: Readonly<Record<string, unknown>> = {}): string {
  return Object.values(values)
    .filter((value) => typeof value === "string" || typeof value === "number")
    .map(String)
    .filter((value) => value.length >= minChars)
    .flatMap((value) => [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)])
    .toSorted((one, other) => other.length - one.length)
    .reduce((masked, shape) => masked.replaceAll(wholly(shape), "[identity]"), text);
}

function wholly(shape: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}])${shape.replaceAll(/[\\^$.*+?()[\]{}|/]/g, "\\$&")}(?![\\p{L}\\p{N}])`, "gu");
}
