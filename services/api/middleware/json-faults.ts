import type { InputFault } from "../../../shared/errors.ts";

/** Our own bodies need three levels. */
const maxDepth = 16;
/**
 * Maximum names, objects and arrays together. Fifty turns and full metadata take 550; zod takes long for more than
 * this.
 */
const maxParts = 4096;
/** Maximum characters of a field name repeated in an error. */
const maxNameChars = 64;

const [quote, backslash, colonByte] = [0x22, 0x5c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];

/**
 * Finds a body that is too expensive to parse, in one pass before parsing. Parsing 230 KB of `{},` takes 10 ms; this
 * takes a tenth of that, as it stops at the first part over the limit.
 * @param bytes any bytes; the parser decides whether they are JSON
 * @param most maximum names, objects and arrays together
 */
export function findSizeFault(bytes: Uint8Array, most = maxParts): InputFault | undefined {
  let depth = 0;
  let parts = 0;
  let inString = false;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (inString) {
      if (byte === backslash) at += 1;
      else if (byte === quote) inString = false;
    } else if (byte === quote) {
      inString = true;
    } else if (byte === openBrace || byte === openBracket) {
      depth += 1;
      parts += 1;
      if (depth > maxDepth) return tooDeep;
    } else if (byte === closeBrace || byte === closeBracket) {
      depth -= 1;
    } else if (byte === colonByte) {
      parts += 1;
    }
    if (parts > most) return { path: "", message: `must have at most ${most} names, objects and arrays` };
  }
  return undefined;
}

/** Matches a string, or the start or end of an object or array. Valid JSON needs no other checks. */
const landmark = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g;
const colon = /\s*:/y;

/**
 * Finds constructs that JSON allows and no honest client sends. These are very deep nesting, a name repeated in one
 * object (parsers keep one or the other), and `__proto__`. The last may be more than a name to code that copies
 * objects.
 * @param text valid JSON
 */
export function findJsonFault(text: string): InputFault | undefined {
  /** Names of each open object; `undefined` for arrays. */
  const open: (Set<string> | undefined)[] = [];
  for (const { 0: found, index } of text.matchAll(landmark)) {
    if (found === "}" || found === "]") {
      open.pop();
    } else if (found === "{" || found === "[") {
      open.push(found === "{" ? new Set() : undefined);
      if (open.length > maxDepth) return tooDeep;
    } else if (isName(text, index + found.length)) {
      const name = JSON.parse(found) as string;
      const path = name.slice(0, maxNameChars).toWellFormed();
      if (name === "__proto__") return { path, message: "is not allowed as a property name" };
      if (open.at(-1)?.has(name)) return { path, message: "must not appear more than once" };
      open.at(-1)?.add(name);
    }
  }
  return undefined;
}

const tooDeep: InputFault = { path: "", message: `must not be nested deeper than ${maxDepth} levels` };

/** True if a colon follows the string. */
function isName(text: string, end: number): boolean {
  colon.lastIndex = end;
  return colon.test(text);
}
