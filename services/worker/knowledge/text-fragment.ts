/** Words at each end of a long quote by which a browser finds it. */
const edgeWords = 5;
const words = new Intl.Segmenter("en", { granularity: "word" });

/**
 * Address of a page that opens at a quote, by a text fragment. Browsers that do not know text fragments open the page at its
 * top, or at the address's own fragment.
 * @returns an empty text where the passage has no address on the web
 */
export function addressOfQuote(url: string, quote: string): string {
  if (!/^https?:/i.test(url)) return "";
  const text = fragmentOf(quote.toWellFormed());
  const [page = ""] = url.split(":~:");
  if (text === "") return page.replace(/#$/, "");
  return `${page}${page.includes("#") ? "" : "#"}:~:text=${text}`;
}

/** An end of a fragment lies within one line: a browser finds it within one block only. */
function fragmentOf(quote: string): string {
  const lines = quote.split(/[\n\r\u2028\u2029]+/).filter((line) => wordsOf(line).length > 0);
  const [first = "", last = first] = [lines[0], lines.at(-1)];
  const [begin, end] = [wordsOf(first), wordsOf(last)];
  if (lines.length === 0) return "";
  if (lines.length === 1 && begin.length <= 2 * edgeWords) return encode(first.trim());
  const start = first.slice(begin[0]?.start, begin.slice(0, edgeWords).at(-1)?.end);
  const stop = last.slice(end.slice(-edgeWords)[0]?.start, end.at(-1)?.end);
  return `${encode(start)},${encode(stop)}`;
}

function wordsOf(line: string): { start: number; end: number }[] {
  return Array.from(words.segment(line))
    .filter(({ isWordLike }) => isWordLike)
    .map(({ index, segment }) => ({ start: index, end: index + segment.length }));
}

/** The hyphen marks a prefix or suffix in a text directive. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll("-", "%2D");
}
