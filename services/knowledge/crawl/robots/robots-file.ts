import { agentToken } from "./agent-token.ts";
import { comparablePath, compilePattern, matchesPath, type PathPattern } from "./path-pattern.ts";

/** Octets that are read of a robots.txt (RFC 9309 2.5 asks for at least 500 KiB). */
export const maxRobotsBytes = 500 * 1024;

/** Octets of a line that are read; longer paths than a server accepts forbid nothing. */
const maxLineOctets = 16_664;

interface Rule {
  allow: boolean;
  pattern: PathPattern;
}

/** Rules of one crawler in one robots.txt. */
export interface RobotsRules {
  rules: readonly Rule[];
  /** Pause between two requests that the site asks for. */
  crawlDelaySeconds: number | undefined;
  /** Addresses of sitemaps, which hold for all crawlers, as they are written. */
  sitemaps: readonly string[];
}

/** Rules of a site without robots.txt. */
export const noRules: RobotsRules = { rules: [], crawlDelaySeconds: undefined, sitemaps: [] };

/**
 * Reads a robots.txt by RFC 9309, and forgives what Google forgives: misspelt names of fields and a missing colon.
 * @param bytes octets after the first `maxRobotsBytes` are ignored, and so is the line that they cut
 * @param userAgent header or product token of the crawler; groups are chosen by the token alone
 */
export function readRobotsFile(bytes: Uint8Array, userAgent: string): RobotsRules {
  const group = new Collector(agentToken(userAgent));
  for (const line of linesOf(bytes)) {
    const field = readField(line);
    if (field !== undefined) group.add(field);
  }
  return group.rules;
}

/** Decides by the longest pattern that matches; of two equally long ones, `Allow` wins. robots.txt itself is allowed. */
export function isAllowed({ rules }: RobotsRules, url: URL): boolean {
  if (url.pathname === "/robots.txt") return true;
  const path = comparablePath(url);
  const matching = rules.filter(({ pattern }) => matchesPath(pattern, path));
  const longest = Math.max(0, ...matching.map(({ pattern }) => pattern.octets));
  const deciding = matching.filter(({ pattern }) => pattern.octets === longest);
  return deciding.length === 0 || deciding.some(({ allow }) => allow);
}

function linesOf(bytes: Uint8Array): string[] {
  // One character per octet: paths are compared by octets, whatever the encoding of the file.
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, maxRobotsBytes)).toString("latin1");
  const lines = text.replace(/^\u00ef\u00bb\u00bf/, "").split(/\r\n|\r|\n/);
  return bytes.length > maxRobotsBytes ? lines.slice(0, -1) : lines;
}

type Field = { name: "user-agent" | "allow" | "disallow" | "crawl-delay" | "sitemap"; value: string };

/** Beginnings of a field's name, as Google reads them. */
const names: [RegExp, Field["name"]][] = [
  [/^user[- ]?agent/i, "user-agent"],
  [/^allow/i, "allow"],
  [/^(?:diss?all?ow|diasllow|disallaw)/i, "disallow"],
  [/^crawl-?delay/i, "crawl-delay"],
  [/^site-?map/i, "sitemap"],
];

/** Reads `name: value`, or `name value` of two words. */
function readField(line: string): Field | undefined {
  const content = line
    .slice(0, maxLineOctets)
    .replace(/#.*$/, "")
    .replace(/^[\t ]+|[\t ]+$/g, "");
  const colon = content.indexOf(":");
  const [, word, rest] = /^([^\t ]+)[\t ]+([^\t ]+)$/.exec(content) ?? [];
  const name = colon === -1 ? word : content.slice(0, colon);
  const value = colon === -1 ? rest : content.slice(colon + 1).replace(/^[\t ]+/, "");
  if (name === undefined || value === undefined) return undefined;
  const found = names.find(([pattern]) => pattern.test(name))?.[1];
  return found === undefined ? undefined : { name: found, value };
}

interface Group {
  seen: boolean;
  rules: Rule[];
  crawlDelaySeconds: number | undefined;
}

/** Collects the groups of one crawler and those of `*`. Groups of the same name are one (RFC 9309 2.2.1). */
class Collector {
  readonly #token: string;
  readonly #own: Group = { seen: false, rules: [], crawlDelaySeconds: undefined };
  readonly #any: Group = { seen: false, rules: [], crawlDelaySeconds: undefined };
  readonly #sitemaps: string[] = [];
  /** Groups that the next rule belongs to. */
  #current = new Set<Group>();
  #inRules = false;

  constructor(token: string) {
    this.#token = token;
  }

  add({ name, value }: Field): void {
    // Only a rule ends a list of crawlers; a sitemap, a delay or an unknown field does not.
    if (name === "user-agent") this.#addAgent(value);
    else if (name === "sitemap") this.#sitemaps.push(value);
    else if (name === "crawl-delay") this.#addDelay(value);
    else this.#addRule(name === "allow", value);
  }

  /** Rules of the own groups if there is one, even an empty one; else those of `*`. */
  get rules(): RobotsRules {
    const { rules, crawlDelaySeconds } = this.#own.seen ? this.#own : this.#any;
    return { rules, crawlDelaySeconds, sitemaps: this.#sitemaps };
  }

  #addAgent(value: string): void {
    if (this.#inRules) this.#current = new Set();
    this.#inRules = false;
    const token = agentToken(value);
    const group = /^\*(?:\s|$)/.test(value) ? this.#any : token !== "" && token === this.#token ? this.#own : undefined;
    if (group === undefined) return;
    group.seen = true;
    this.#current.add(group);
  }

  #addRule(allow: boolean, path: string): void {
    this.#inRules = true;
    const pattern = compilePattern(path);
    if (pattern === undefined) return;
    for (const group of this.#current) group.rules.push({ allow, pattern });
  }

  #addDelay(value: string): void {
    const seconds = Number.parseFloat(value);
    if (!(seconds >= 0)) return;
    for (const group of this.#current) group.crawlDelaySeconds = Math.max(group.crawlDelaySeconds ?? 0, seconds);
  }
}
