/** Pattern of an `Allow` or `Disallow` line, in the form in which it is compared. */
export interface PathPattern {
  /** Literal parts between the wildcards. */
  parts: readonly string[];
  /** True if the pattern ends with `$`: the address must end there, too. */
  anchored: boolean;
  /** Length in octets. The longest pattern that matches decides (RFC 9309 2.2.2). */
  octets: number;
}

/**
 * Compiles the path of a rule.
 * @param path octets, one character each
 * @returns `undefined` for a path that matches nothing: it begins with neither `/` nor `*`
 */
export function compilePattern(path: string): PathPattern | undefined {
  if (!/^[/*]/.test(path)) return undefined;
  const anchored = path.endsWith("$");
  const units = splitOctets(anchored ? path.slice(0, -1) : path);
  const octets = units.reduce((sum, unit) => sum + unit.length, anchored ? 1 : 0);
  const comparable = toComparable(units, (unit) => unit === "*");
  // Adjacent wildcards are one; they count for the length all the same.
  return { parts: comparable.replace(/\*+/g, "*").split("*"), anchored, octets };
}

/** Brings the path and query of an address into the form in which patterns are compared. Both are ASCII in a `URL`. */
export function comparablePath({ pathname, search }: URL): string {
  return toComparable(splitOctets(pathname + search), () => false);
}

/** Matches from the start of a path. Each part is searched once, from left to right, so there is no backtracking. */
export function matchesPath({ parts, anchored }: PathPattern, path: string): boolean {
  const [first = "", ...others] = parts;
  if (!path.startsWith(first)) return false;
  let at = first.length;
  const last = anchored ? others.pop() : undefined;
  for (const part of others) {
    const found = path.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  if (!anchored) return true;
  return last === undefined ? at === path.length : at + last.length <= path.length && path.endsWith(last);
}

const unreserved = /^[\w.~-]$/;

/** Splits octets into units: an escaped octet (`%2F`) or a single one. Escaped letters and digits are unescaped. */
function splitOctets(octets: string): string[] {
  return (octets.match(/%[\da-f]{2}|[^]/gi) ?? []).map((unit) => {
    if (unit.length === 3) {
      const character = String.fromCharCode(Number.parseInt(unit.slice(1), 16));
      return unreserved.test(character) ? character : unit.toUpperCase();
    }
    return unit > "\x7f" ? escapeOctet(unit) : unit;
  });
}

/** Characters that divide a path or a query. They stay as they are: `/` and `%2F` are two things in a path. */
const divider = /^[/?&=+]$/;

/** Escaped dividers that mean the same as bare ones behind the `?` (RFC 9309 2.2.2 has an address there). */
const bareInQuery: Record<string, string> = { "%2F": "/", "%3F": "?" };

/** Escapes all other reserved characters, so that `[` and `%5B` are equal. */
function toComparable(units: readonly string[], keep: (unit: string) => boolean): string {
  const query = units.indexOf("?");
  return units
    .map((unit, index) => {
      if (unit.length === 3) return (query !== -1 && index > query ? bareInQuery[unit] : undefined) ?? unit;
      return keep(unit) || unreserved.test(unit) || divider.test(unit) ? unit : escapeOctet(unit);
    })
    .join("");
}

function escapeOctet(octet: string): string {
  return `%${octet.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
