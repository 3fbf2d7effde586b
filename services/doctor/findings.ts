/** Result of a check. `note`: it works, but the operator should know. */
export interface Finding {
  state: "ok" | "note" | "fault";
  text: string;
  /** The suggested fix. */
  fix?: string;
}

export interface Section {
  title: string;
  findings: Finding[];
}

export function ok(text: string): Finding {
  return { state: "ok", text };
}

export function note(text: string, fix?: string): Finding {
  return { state: "note", text, ...(fix !== undefined && { fix }) };
}

export function fault(text: string, fix?: string): Finding {
  return { state: "fault", text, ...(fix !== undefined && { fix }) };
}

/** Formats the findings for a terminal. */
export function print(sections: readonly Section[]): string {
  const lines = sections.flatMap(({ title, findings }) => [title, ...findings.flatMap(printFinding), ""]);
  const faults = count(sections, "fault");
  const notes = count(sections, "note");
  return [...lines, `${faults} fault(s), ${notes} note(s).`, ""].join("\n");
}

export function count(sections: readonly Section[], state: Finding["state"]): number {
  return sections.flatMap(({ findings }) => findings).filter((finding) => finding.state === state).length;
}

function printFinding({ state, text, fix }: Finding): string[] {
  const indent = " ".repeat(9);
  const body = text.replaceAll("\n", `\n${indent}`);
  return [`  ${state.padEnd(6)} ${body}`, ...(fix === undefined ? [] : [`${indent}-> ${fix}`])];
}
