import type { InputFault } from "../../../shared/errors.ts";

/** Ours need three. */
const maxDepth = 16;
/** Names, objects and arrays together. Fifty turns and full metadata take 550; what zod makes of more takes long. */
const maxParts = 4096;
/** Of a name that is repeated to whoever sent it. */
const maxNameChars = 64;

/** A string, or the begin or end of an object or array; in valid JSON nothing else needs to be looked at. */
const landmark = /"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\]]/g;
const colon = /\s*:/y;

/**
 * Finds what JSON allows and no honest client sends: values nested without end, thousands of them, a name that stands twice in one object (of
 * which parsers take one or the other), and `__proto__`, which may be more than a name to code that copies objects.
 * @param text valid JSON
 */
export function findJsonFault(text: string): InputFault | undefined {
  /** The names of each open object; arrays have none. */
  const open: (Set<string> | undefined)[] = [];
  let parts = 0;
  for (const { 0: found, index } of text.matchAll(landmark)) {
    if (found === "}" || found === "]") {
      open.pop();
    } else if (found === "{" || found === "[") {
      open.push(found === "{" ? new Set() : undefined);
      if (open.length > maxDepth) return { path: "", message: `must not be nested deeper than ${maxDepth} levels` };
      if (++parts > maxParts) return tooMany;
    } else if (isName(text, index + found.length)) {
      const name = JSON.parse(found) as string;
      const path = name.slice(0, maxNameChars).toWellFormed();
      if (name === "__proto__") return { path, message: "is not allowed as a name" };
      if (open.at(-1)?.has(name)) return { path, message: "must not appear twice" };
      open.at(-1)?.add(name);
      if (++parts > maxParts) return tooMany;
    }
  }
  return undefined;
}

const tooMany: InputFault = { path: "", message: `must have at most ${maxParts} names, objects and arrays` };

/** A string that a colon follows. */
function isName(text: string, end: number): boolean {
  colon.lastIndex = end;
  return colon.test(text);
}
