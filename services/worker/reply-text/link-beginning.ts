/**
 * What a link begins with says how the rest of it is judged: by its host; by its host, if it looks like one at all; by the
 * address of a mail; or not, since nothing of its kind is allowed.
 */
export type LinkKind = "host" | "www" | "slashes" | "mail" | "never";

/** Enough to tell what a text is by what stands before it. */
const contextChars = 64;

/**
 * In Markdown and in HTML: what follows is a destination, whatever it looks like. Before it stands what renderers and URL
 * parsers pass over, as a context has it; in a quote its next line begins with `>`.
 */
const destination = String.raw`\](?:\(|:)[ &>]*<?[ &>]*|<|(?:href|src|action) ?= ?["']?`;
const openAngle = /<[ &>]*$/;

/** In each, the last character is the one that tells; a backslash is a slash to browsers, and escapes in Markdown. */
const afterColon: readonly [LinkKind, RegExp][] = [
  // A telephone is no host.
  [
    "never",
    new RegExp(String.raw`(?<=${destination})(?!(?:https?|mailto|tel|sms)[/\\]?:)[a-z][a-z\d+.&\\-]+[/\\]?:$`, "i"),
  ],
  // Renderers find these two in the middle of a word, too.
  ["host", /https?[/\\]?:$/i],
  ["mail", /mailto[/\\]?:$/i],
  ["never", /(?<![a-z\d])(?:javascript|vbscript|data|blob)[/\\]?:$/i],
];
const afterSlash: readonly [LinkKind, RegExp][] = [
  ["never", /(?:[a-z][a-z\d+.-]*[/\\]?)?:[/\\]{2}$/i],
  ["host", new RegExp(String.raw`(?<=${destination})[/\\]{2}$`, "i")],
  // Not a doubled slash within a path.
  ["slashes", /(?<![a-z\d:/\\])[/\\]{2}$/i],
];
const afterDot: readonly [LinkKind, RegExp][] = [["www", /www\.$/i]];
const none: readonly [LinkKind, RegExp][] = [];

function beginnings(char: string): readonly [LinkKind, RegExp][] {
  if (char === ":") return afterColon;
  if (isSlash(char)) return afterSlash;
  return char === "." ? afterDot : none;
}

/** Whether a link may begin with it: only then the next characters must be seen before it is let go. */
export function mayBeginLink(char: string): boolean {
  return /^[a-z\d+.\-:/\\]$/i.test(char);
}

export function isSlash(char: string): boolean {
  return char === "/" || char === "\\";
}

/** White space and control characters, whatever Unicode calls them: readers differ in which count. */
const blanks = /[\p{White_Space}\p{C}\p{Z}]+/gu;

const reference = /&#?\w{1,31};/g;
/** More of the same tells nothing new, and must not push what stands before it out of the context. */
const longRun = /([ &>]{2})[ &>]+|([a-z\d+.-]{8})[a-z\d+.-]{9,}(?=[a-z\d+.-]{8})/gi;

/**
 * The end of a text, as far as the kind of a link behind it hangs on it: blanks as one space, those that URL parsers drop
 * from within an address as a tab, a character reference as `&`.
 */
export function contextOf(text: string): string {
  const short = text.replace(reference, "&").replace(blanks, (run) => (/^[\t\r]+$/.test(run) ? "\t" : " "));
  return short.replace(longRun, "$1$2").slice(-contextChars);
}

export interface Beginning {
  kind: LinkKind;
  /** Where in the text it is. */
  at: number;
  /** It stands behind a `<`, so that its destination may hold blanks. */
  angle: boolean;
}

/**
 * Whether a text ends with what a link begins with.
 * @param preceding what stood before the text, or its context
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
