import { toUnits, type Unit } from "./units.ts";

/** Line of a document's text. A heading has its level. */
export interface TextLine {
  text: string;
  heading?: 1 | 2 | 3 | 4 | 5 | 6;
}

/** Text under one heading. */
export interface TextSection {
  /** Headings from the outermost to its own. */
  path: string[];
  /** Its own heading as a part of the text, after those above it that have no text of their own. */
  headings: Unit[];
  units: Unit[];
  words: number;
  /** True if its own heading asks a question. */
  isQuestion: boolean;
}

/** Maximum characters of a heading in a path. Longer ones are text that was marked as a heading. */
const maxHeading = 120;
const question = /[?？؟;՞]\s*$/u;

/** Splits lines at their headings. `text` is these lines, joined by line breaks. */
export function splitSections(lines: readonly TextLine[], text: string): TextSection[] {
  const sections: TextSection[] = [];
  const above: { level: number; text: string }[] = [];
  let section = newSection([], []);
  let start = 0;
  for (const line of lines) {
    const end = start + line.text.length;
    const units = toUnits(text, { start, end });
    if (line.heading !== undefined && units.length > 0) {
      const textless = isTextless(section, line.heading, above.at(-1)?.level) ? section.headings : [];
      if (textless.length === 0) sections.push(section);
      while ((above.at(-1)?.level ?? 0) >= line.heading) above.pop();
      above.push({ level: line.heading, text: shorten(line.text) });
      section = newSection(
        above.map((heading) => heading.text),
        [...textless, ...wholeLine(units)],
      );
    } else for (const unit of units) addUnit(section, unit);
    start = end + 1;
  }
  sections.push(section);
  return sections.map(withLoneHeading).filter((found) => found.units.length > 0);
}

/** True if a section is but a heading above the next one. */
function isTextless(section: TextSection, nextLevel: number, level = 0): boolean {
  return section.units.length === 0 && nextLevel > level;
}

/** A heading above nothing is text: pages mark sentences as headings. */
function withLoneHeading(section: TextSection): TextSection {
  const { headings, units, path } = section;
  if (units.length > 0) return section;
  const words = headings.reduce((sum, heading) => sum + heading.words, 0);
  return { path: path.slice(0, -1), headings: [], units: headings, words, isQuestion: false };
}

/** Joins the headings above a passage for display and search. */
export function joinHeadings(path: readonly string[]): string {
  return path.join(" › ");
}

function newSection(path: string[], headings: Unit[]): TextSection {
  return { path, headings, units: [], words: 0, isQuestion: question.test(path.at(-1) ?? "") };
}

function addUnit(section: TextSection, unit: Unit): void {
  section.units.push(unit);
  section.words += unit.words;
}

/** A heading is one unit, also if it has two sentences. */
function wholeLine(units: readonly Unit[]): Unit[] {
  const [first] = units;
  const last = units.at(-1);
  if (first === undefined || last === undefined) return [];
  return [{ start: first.start, end: last.end, words: units.reduce((sum, { words }) => sum + words, 0) }];
}

function shorten(heading: string): string {
  const line = heading.replace(/\s+/gu, " ").trim();
  const characters = Array.from(line);
  return characters.length <= maxHeading ? line : `${characters.slice(0, maxHeading - 1).join("")}…`;
}
