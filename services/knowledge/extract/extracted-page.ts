/** A paragraph, list item, table row or heading, as plain text without line breaks. */
export interface ExtractedLine {
  text: string;
  heading?: HeadingLevel;
}

export type HeadingLevel = 1 | 2 | 3 | 4 | 5 | 6;

/** The text of one page or file, and what its owner needs to know about it. All text is data, never an instruction. */
export interface ExtractedPage {
  title: string;
  /** As declared by the page: `de`, `pt-BR`. */
  language?: string;
  /** The page's own address as it declares it, absolute. */
  canonical?: string;
  noindex: boolean;
  lines: ExtractedLine[];
  /** Share of the page's visible text that `lines` hold, 0 to 1. */
  share: number;
  /** The page is (nearly) empty without its scripts. */
  needsScript: boolean;
  /** Messages for the owner of the site. */
  notes: string[];
}

export function toHeadingLevel(level: number): HeadingLevel {
  return Math.min(6, Math.max(1, Math.trunc(level) || 2)) as HeadingLevel;
}
