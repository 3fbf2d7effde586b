/** Number of a source, and where in a text it belongs. */
export interface Mark {
  readonly n: number;
  readonly at: number;
}

/** Characters that Unicode keeps out of texts; here, each is the number of a source. */
export const noncharacters = /[\ufdd0-\ufdef]/g;

/** Takes the numbers of sources out of a text. */
export function takeMarks(text: string): { readonly plain: string; readonly marks: readonly Mark[] } {
  const marks = Array.from(text.matchAll(noncharacters), ({ 0: mark, index }, before) => ({
    n: mark.charCodeAt(0) - 0xfdd0,
    at: index - before,
  }));
  return { plain: marks.length === 0 ? text : text.replaceAll(noncharacters, ""), marks };
}
