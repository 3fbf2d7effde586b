import { indentOf, isBlank, type Parsed, readMarker, type Scope, stripIndent } from "./block-lines.ts";
import { rule, startsBlock, undecided } from "./block-starts.ts";
import type { ListItem } from "./syntax-tree.ts";

/** Part of a list that is final. */
interface OpenList {
  readonly start: number | undefined;
  readonly items: readonly ListItem[];
}

export function parseList(lines: readonly string[], at: number, scope: Scope): Parsed {
  const number = readMarker(lines[at] ?? "")?.number;
  return readItems(lines, at, scope, { start: number === undefined ? undefined : Number(number), items: [] });
}

function readItems(lines: readonly string[], at: number, scope: Scope, before: OpenList): Parsed {
  const { open } = scope;
  const { start } = before;
  const items = [...before.items];
  const begins: number[] = [];
  let end = at;
  while (end < lines.length) {
    const line = lines[end] ?? "";
    const marker = readMarker(line);
    const another = marker === undefined || (marker.number === undefined) !== (start === undefined) || rule.test(line);
    if (another || (items.length > 0 && open && end === lines.length - 1 && undecided.test(line))) break;
    const inside = takeItem(lines, end, marker.width, marker.indent);
    inside[0] = marker.content;
    begins.push(end);
    end += inside.length;
    items.push(parseItem(inside, scope, open && end === lines.length));
    while (isBlank(lines[end]) && readMarker(lines[end + 1] ?? "") !== undefined) end++;
  }
  // Only signs are on the last line, so it is held back.
  if (open && undecided.test(lines[end] ?? "") && end === lines.length - 1) end = lines.length;
  // Once the line that begins an item is complete, the items before it are final.
  const last = begins.at(-1) === lines.length - 1 ? 2 : 1;
  const begin = begins.at(-last);
  const settled = { start, items: items.slice(0, -last) };
  return {
    block: { type: "list", start, items },
    end,
    resume:
      begin === undefined ? undefined : { at: begin, parse: (more, within) => readItems(more, 0, within, settled) },
  };
}

/** Takes the lines of one item without their indentation. Blank lines at its end are dropped. */
function takeItem(lines: readonly string[], at: number, width: number, indent: number): string[] {
  const inside = [lines[at] ?? ""];
  for (let next = at + 1; next < lines.length; next++) {
    const line = lines[next] ?? "";
    const columns = indentOf(line);
    const isMarker = readMarker(line) !== undefined;
    if (isBlank(line)) inside.push("");
    else if (columns >= width || (isMarker && columns >= indent + 2)) inside.push(stripIndent(line, width));
    else if (inside.at(-1) === "" || isMarker || startsBlock(lines, next)) break;
    else inside.push(line.trimStart());
  }
  while (inside.length > 1 && inside.at(-1) === "") inside.pop();
  return inside;
}

/** @param open the item is at the end of a growing text */
function parseItem(inside: readonly string[], scope: Scope, open: boolean): ListItem {
  const [first = "", ...others] = inside;
  // A box, or a link.
  if (open && others.length === 0 && /^\[(?:[ xX]\]?)?$/.test(first)) return { done: undefined, blocks: [] };
  const [, mark] = /^\[([ xX])\](?: |$)/.exec(first) ?? [];
  const lines = mark === undefined ? inside : [first.slice(4), ...others];
  return { done: mark === undefined ? undefined : mark !== " ", blocks: scope.readInside(lines, open) };
}
