/**
 * What a link begins with says how the rest of it is judged: by its host; by its host, if it looks like one at all; by the
 * address of a mail; or not, since nothing of its kind is allowed.
 */
export type LinkKind = "host" | "www" | "slashes" | "mail" | "never";

/** In Markdown and in HTML: what follows is a destination, whatever it looks like. */
const destination = String.raw`\]\(\s?<?|\]:\s?<?|<|(?:href|src|action)\s?=\s?["']?`;

/** In each, the last character is the one that tells; a backslash is a slash to browsers, and escapes in Markdown. */
const afterColon: readonly [LinkKind, RegExp][] = [
  // Renderers find these two in the middle of a word, too.
  ["host", /https?[/\\]?:$/i],
  ["mail", /(?<![a-z\d])mailto[/\\]?:$/i],
  ["never", /(?<![a-z\d])(?:javascript|vbscript|data|blob)[/\\]?:$/i],
  // A telephone is no host.
  ["never", new RegExp(String.raw`(?<=${destination})(?!(?:tel|sms)[/\\]?:)[a-z][a-z\d+.-]+[/\\]?:$`, "i")],
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

/**
 * Whether a text ends with what a link begins with, and where in it that is.
 * @param context what stood before the text
 */
export function findBeginning(context: string, text: string): { kind: LinkKind; at: number } | undefined {
  for (const [kind, pattern] of beginnings(text.at(-1) ?? "")) {
    const found = pattern.exec(context + text);
    if (found) return { kind, at: Math.max(0, found.index - context.length) };
  }
  return undefined;
}
