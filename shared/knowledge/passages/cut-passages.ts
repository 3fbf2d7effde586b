import { joinHeadings, splitSections, type TextSection, type TextLine } from "./sections.ts";
import type { TextRange } from "./sentences.ts";
import { cutUnits, type Unit } from "./units.ts";

/** Bounds of a passage in words. A shorter section joins its neighbours; a longer one is cut between sentences. */
export const passageWords = { least: 80, most: 300 };
/** Aim of a cut: long enough for an answer with its conditions, short enough to quote. */
const aimedWords = 180;

export interface CutPassage {
  /** Offsets into the UTF-8 of the text, in bytes. */
  start: number;
  end: number;
  /** Headings above it, from the outermost, joined by ` › `; empty without any. */
  heading: string;
}

export interface CutText {
  /** Lines joined by line breaks; lone surrogates are replaced, so that its UTF-8 is what the offsets count. */
  text: string;
  passages: CutPassage[];
}

/**
 * Cuts a document into passages of 80 to 300 words, by headings and sentences. A section whose heading is a question is one
 * passage however short, as it is a question with its answer. A sentence of more than 300 words is cut between words.
 */
export function cutPassages(lines: readonly TextLine[]): CutText {
  const wellFormed = lines.map((line) => ({ ...line, text: line.text.toWellFormed() }));
  const text = wellFormed.map((line) => line.text).join("\n");
  const pieces = joinSections(splitSections(wellFormed, text)).flatMap((section) => splitSection(section, text));
  return { text, passages: toBytes(text, pieces) };
}

/** Makes one passage of a whole text, as of a question with its answer. */
export function cutWhole(heading: string, text: string): CutText {
  const wellFormed = text.toWellFormed();
  return { text: wellFormed, passages: toBytes(wellFormed, [{ start: 0, end: wellFormed.length, heading }]) };
}

interface Piece extends TextRange {
  heading: string;
}

/** Joins sections that are too short with those after them, and the last ones with those before. */
function joinSections(sections: readonly TextSection[]): TextSection[] {
  const joined: TextSection[] = [];
  for (const section of sections) {
    const before = joined.at(-1);
    if (before !== undefined && mayJoin(before, section)) joined.splice(-1, 1, join(before, section));
    else joined.push(section);
  }
  return joined;
}

function mayJoin(before: TextSection, section: TextSection): boolean {
  if (before.isQuestion || section.isQuestion) return false;
  const tooShort = before.words < passageWords.least || section.words < passageWords.least;
  return tooShort && join(before, section).words <= passageWords.most;
}

/** The range of joined sections has the headings between them, and the first one's if their paths differ. */
function join(before: TextSection, section: TextSection): TextSection {
  const differs = before.path.findIndex((heading, level) => heading !== section.path[level]);
  const path = differs === -1 ? before.path : before.path.slice(0, differs);
  const isShared = path.length === before.path.length;
  const units = [
    ...(isShared ? [] : before.headings.slice(-1)),
    ...before.units,
    ...section.headings,
    ...section.units,
  ];
  const words = units.reduce((sum, unit) => sum + unit.words, 0);
  return { path, headings: isShared ? before.headings : [], units, words, isQuestion: false };
}

function splitSection(section: TextSection, text: string): Piece[] {
  const heading = joinHeadings(section.path);
  const units = cutUnits(text, section.units, passageWords.most);
  const total = units.reduce((sum, { words }) => sum + words, 0);
  const parts = total <= passageWords.most ? 1 : Math.ceil(total / aimedWords);
  return groupUnits(units, total / parts).flatMap((group) => {
    const [first] = group;
    const last = group.at(-1);
    return first === undefined || last === undefined ? [] : [{ start: first.start, end: last.end, heading }];
  });
}

/** Fills groups up to an aim, none beyond the maximum; a rest below the minimum joins the group before it. */
function groupUnits(units: readonly Unit[], aim: number): Unit[][] {
  const groups: { units: Unit[]; words: number }[] = [];
  for (const unit of units) {
    const group = groups.at(-1);
    const filled =
      group === undefined || group.words + unit.words > passageWords.most || isFull(group.words, unit, aim);
    if (filled) groups.push({ units: [unit], words: unit.words });
    else {
      group.units.push(unit);
      group.words += unit.words;
    }
  }
  const [last, before] = [groups.at(-1), groups.at(-2)];
  if (last && before && last.words < passageWords.least && last.words + before.words <= passageWords.most) {
    before.units.push(...last.units);
    groups.pop();
  }
  return groups.map((group) => group.units);
}

/** True if the aim is nearer without the unit than with it. */
function isFull(words: number, unit: Unit, aim: number): boolean {
  return words >= passageWords.least && words + unit.words / 2 > aim;
}

/** Converts offsets from UTF-16 units to bytes of UTF-8, in one pass: the pieces are in the order of the text. */
function toBytes(text: string, pieces: readonly Piece[]): CutPassage[] {
  let units = 0;
  let bytes = 0;
  const advance = (to: number) => {
    bytes += Buffer.byteLength(text.slice(units, to), "utf8");
    units = to;
    return bytes;
  };
  return pieces.map(({ start, end, heading }) => ({ start: advance(start), end: advance(end), heading }));
}
