import type { Parsed } from "./block-lines.ts";
import { fence } from "./block-starts.ts";
import { noncharacters } from "./inline/take-marks.ts";

interface OpenFence {
  readonly closing: RegExp;
  readonly indent: RegExp;
  readonly language: string;
  /** Text of the lines that are final; `undefined` without a line. */
  readonly text: string | undefined;
}

export function parseFence(lines: readonly string[], at: number, open: boolean): Parsed {
  const [, indent = "", marks = "", info = ""] = fence.exec(lines[at] ?? "") ?? [];
  const opening = {
    closing: new RegExp(`^ {0,3}${marks[0]}{${marks.length},}[ \\t]*$`),
    indent: new RegExp(`^ {0,${indent.length}}`),
    language: withoutMarks(info).trim().split(/\s+/)[0] ?? "",
    text: undefined,
  };
  return readBody(lines, at + 1, open, opening);
}

function readBody(lines: readonly string[], at: number, open: boolean, opening: OpenFence): Parsed {
  const { closing, indent, language, text } = opening;
  const body = text === undefined ? [] : [text];
  let end = at;
  for (; end < lines.length && !closing.test(lines[end] ?? ""); end++)
    body.push(withoutMarks((lines[end] ?? "").replace(indent, "")));
  const closed = end < lines.length;
  const last = lines.length - 1;
  const settled = closed || last < at ? undefined : { ...opening, text: joinAll(body.slice(0, -1)) };
  // The last line may be the start of the closing fence.
  if (!closed && open && /^ {0,3}(?:`+|~+)$/.test(body.at(-1) ?? "")) body.pop();
  return {
    block: { type: "code", language, text: body.join("\n") },
    end: closed ? end + 1 : end,
    resume: settled && { at: last, parse: (more, scope) => readBody(more, 0, scope.open, settled) },
  };
}

/** Code stays as it is written. */
function withoutMarks(line: string): string {
  return line.replaceAll(noncharacters, "");
}

function joinAll(lines: readonly string[]): string | undefined {
  return lines.length === 0 ? undefined : lines.join("\n");
}
