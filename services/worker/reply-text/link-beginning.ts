/**
 * Decides how the rest of a link is judged. `host` and `www`: by its host. `slashes`: by its host, if it looks like one
 * at all. `mail`: by its mail address. `never`: not judged, since no link of this kind is allowed.
 */
export type LinkKind = "host" | "www" | "slashes" | "mail" | "never";

/** Enough preceding text to tell the kind of a beginning. */
const contextChars = 64;

/**
 * Start of a link's destination in Markdown and in HTML: the text that follows is a destination, whatever it looks
 * like. The pattern also matches the characters that renderers and URL parsers skip before a destination, in the form
 * `contextOf` gives them. In a quote, the next line begins with `>`.
 */
const destination = String.raw`\](?:\(|:)[ &>]*<?[ &>]*|<|(?:href|src|action) ?= ?["']?`;
const openAngle = /<[ &>]*$/;

/**
 * In each pattern, the last character triggers the match. A backslash is a slash to browsers, and an escape in
 * Markdown.
 */
const afterColon: readonly [LinkKind, RegExp][] = [
  // `tel` and `sms` are excluded: a telephone number is no host.
  [
    "never",
    new RegExp(String.raw`(?<=${destination})(?!(?:https?|mailto|tel|sms)[/\\]?:)[a-z][a-z\d+.&\\-]+[/\\]?:$`, "i"),
  ],
  // Renderers recognise these two in the middle of a word, too.
  ["host", /https?[/\\]?:$/i],
  ["mail", /mailto[/\\]?:$/i],
  ["never", /(?<![a-z\d])(?:javascript|vbscript|data|blob)[/\\]?:$/i],
];
const afterSlash: readonly [LinkKind, RegExp][] = [
  ["never", /(?:[a-z][a-z\d+.-]*[/\\]?)?:[/\\]{2}$/i],
  ["host", new RegExp(String.raw`(?<=${destination})[/\\]{2}$`, "i")],
  // Excludes a doubled slash within a path.
  ["slashes", /(?<![a-z\d:/\\])[/\\]{2}$/i],
];
const afterDot: readonly [LinkKind, RegExp][] = [["www", /www\.$/i]];
const none: readonly [LinkKind, RegExp][] = [];

function beginnings(char: string): readonly [LinkKind, RegExp][] {
  if (char === ":") return afterColon;
  if (isSlash(char)) return afterSlash;
  return char === "." ? afterDot : none;
}

/** True if a link may begin with the character. Only then must the next characters be seen before it is passed on. */
export function mayBeginLink(char: string): boolean {
  return /^[a-z\d+.\-:/\\]$/i.test(char);
}

export function isSlash(char: string): boolean {
  return char === "/" || char === "\\";
}

/** All white space and control characters in every Unicode category, since readers differ in which ones count. */
const blanks = /[\p{White_Space}\p{C}\p{Z}]+/gu;

const reference = /&#?\w{1,31};/g;
/** A longer run adds no information, and must not push the text before it out of the context. */
const longRun = /([ &>]{2})[ &>]+|([a-z\d+.-]{8})[a-z\d+.-]{9,}(?=[a-z\d+.-]{8})/gi;

/**
 * Shortens the end of a text to the part that decides the kind of a link behind it. Blanks become one space, blanks
 * that URL parsers drop within an address become a tab, and a character reference becomes `&`.
 */
export function contextOf(text: string): string {
  const short = text.replace(reference, "&").replace(blanks, (run) => (/^[\t\r]+$/.test(run) ? "\t" : " "));
  return short.replace(longRun, "$1$2").slice(-contextChars);
}

export interface Beginning {
  kind: LinkKind;
  /** Index in the text. */
  at: number;
  /** True if it follows a `<`, so that its destination may hold blanks. */
  angle: boolean;
}

/**
 * Finds the beginning of a link at the end of a text.
 * @param preceding the text before it, or the context of that text
 */
export function findBeginning(preceding: string, text: string): Beginning | undefined {
  const patterns = beginnings(text.at(-1) ?? "");
  if (patterns.length === 0) return undefined;
  const context = contextOf(preceding);
  const readings = context.includes("\t") ? [context.replaceAll("\t", " "), context.replaceAll("\t", "")] : [context];
  for (const before of readings) {
    for (const [kind, pattern] of patterns) {
      const found = pattern.exec(before + text);
      if (!found) continue;
      const at = Math.max(0, found.index - before.length);
      return { kind, at, angle: openAngle.test(contextOf(before + text.slice(0, at))) };
    }
  }
  return undefined;
}
