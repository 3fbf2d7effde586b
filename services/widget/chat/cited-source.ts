/** Source that a reply names, at one place of its text. */
export interface CitedSource {
  /** Its number, from 1. A source that is named twice has one number. */
  readonly n: number;
  readonly title: string;
  /** Empty if no page has it. */
  readonly url: string;
  /** Words that the reply rests on; empty while the reply is written. */
  readonly quote: string;
  /** Place of the number: bytes of UTF-8 in the reply's text. */
  readonly end: number;
  /** True if the site has deleted it: nothing else of it is known then. */
  readonly removed?: boolean | undefined;
}

/** A service of an earlier version names no sources. */
interface Citing {
  readonly text: string;
  readonly sources?: readonly CitedSource[] | undefined;
}

/** Sources of a reply; `undefined` without any, so that replies at rest stay equal. */
export function sourcesOf(reply: Citing | undefined): readonly CitedSource[] | undefined {
  const sources = reply?.sources?.map(({ n, title, url, quote, end, removed }) => ({
    n,
    title,
    url,
    quote,
    end,
    removed,
  }));
  return sources?.length ? sources : undefined;
}

/** Adds a source, unless it is known: after a reconnect, each arrives again. */
export function withSource(
  sources: readonly CitedSource[],
  { n, title, url, offset }: { n: number; title: string; url: string; offset: number },
): readonly CitedSource[] {
  if (sources.some((known) => known.n === n && known.end === offset)) return sources;
  return [...sources, { n, title, url, quote: "", end: offset }];
}
