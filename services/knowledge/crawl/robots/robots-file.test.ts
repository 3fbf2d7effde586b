import { describe, expect, it } from "vitest";
import { agentToken } from "./agent-token.ts";
import { isAllowed, maxRobotsBytes, readRobotsFile } from "./robots-file.ts";

interface Case {
  name: string;
  /** Lines of the file; `path` is asked for by `agent`. */
  robots: string;
  path: string;
  allowed: boolean;
  agent?: string;
}

function ask({ robots, path, agent = "FormBot" }: Omit<Case, "name" | "allowed">): boolean {
  return isAllowed(readRobotsFile(Buffer.from(robots), agent), new URL(path, "https://garden.test"));
}

const everyone = (rules: string) => `User-agent: *\n${rules}\n`;

const groups: Case[] = [
  {
    name: "a sitemap does not end a list of crawlers",
    robots: "User-agent: FormBot\nSitemap: https://garden.test/map.xml\nUser-agent: Other\nDisallow: /basket",
    path: "/basket",
    allowed: false,
  },
  {
    name: "neither does a delay",
    robots: "User-agent: FormBot\nCrawl-delay: 3\nUser-agent: Other\nDisallow: /basket",
    path: "/basket",
    allowed: false,
  },
  {
    name: "nor an unknown field",
    robots: "User-agent: FormBot\nHost: garden.test\nClean-param: ref\nUser-agent: Other\nDisallow: /basket",
    path: "/basket",
    allowed: false,
  },
  {
    name: "a rule ends it",
    robots: "User-agent: FormBot\nDisallow: /a\nUser-agent: Other\nDisallow: /basket",
    path: "/basket",
    allowed: true,
  },
  {
    name: "an empty rule ends it, too",
    robots: "User-agent: FormBot\nDisallow:\nUser-agent: Other\nDisallow: /basket",
    path: "/basket",
    allowed: true,
  },
  {
    name: "groups of one crawler are merged",
    robots: "User-agent: FormBot\nDisallow: /a\n\nUser-agent: Z\nDisallow: /z\n\nUser-agent: formbot\nDisallow: /b",
    path: "/b",
    allowed: false,
  },
  {
    name: "groups of all crawlers are merged",
    robots: "User-agent: *\nDisallow: /a\n\nUser-agent: Z\nDisallow: /z\n\nUser-agent: *\nDisallow: /b",
    path: "/b",
    allowed: false,
  },
  {
    name: "an own group replaces the one of all crawlers",
    robots: "User-agent: *\nDisallow: /\n\nUser-agent: FormBot\nDisallow: /a",
    path: "/b",
    allowed: true,
  },
  {
    name: "an own group without rules allows all",
    robots: "User-agent: *\nDisallow: /\n\nUser-agent: FormBot",
    path: "/b",
    allowed: true,
  },
  {
    name: "a rule before any group counts for nobody",
    robots: "Disallow: /\nUser-agent: *\nDisallow: /a",
    path: "/b",
    allowed: true,
  },
  {
    name: "a header names the crawler",
    robots: "User-agent: FormBot\nDisallow: /a",
    path: "/a",
    allowed: false,
    agent: "FormBot/2.1 (+https://form.test)",
  },
  {
    name: "a header like a browser's names it, too",
    robots: "User-agent: FormBot\nDisallow: /a",
    path: "/a",
    allowed: false,
    agent: "Mozilla/5.0 (compatible; FormBot/2.1; +https://form.test)",
  },
  {
    name: "words after the token do not count",
    robots: "User-agent: FormBot Reader/3\nDisallow: /a",
    path: "/a",
    allowed: false,
  },
  {
    name: "the beginning of a token is another token",
    robots: "User-agent: Form\nDisallow: /a",
    path: "/a",
    allowed: true,
  },
  {
    name: "a longer token is another token",
    robots: "User-agent: FormBotNews\nDisallow: /a",
    path: "/a",
    allowed: true,
  },
  { name: "* with words means all", robots: "User-agent: * all of them\nDisallow: /a", path: "/a", allowed: false },
  {
    name: "a name of JavaScript is a name",
    robots: "User-agent: __proto__\nDisallow: /a\n\nUser-agent: *\nDisallow: /b",
    path: "/b",
    allowed: false,
    agent: "constructor",
  },
  { name: "robots.txt itself is allowed", robots: everyone("Disallow: /"), path: "/robots.txt", allowed: true },
];

const lines: Case[] = [
  { name: "a byte order mark", robots: "\uFEFFUser-agent: *\nDisallow: /a", path: "/a", allowed: false },
  {
    name: "a byte order mark before a comment",
    robots: "\uFEFF# ours\nUser-agent: *\nDisallow: /a",
    path: "/a",
    allowed: false,
  },
  { name: "mixed line ends", robots: "User-agent: *\r\n\rDisallow: /a\n\r", path: "/a", allowed: false },
  { name: "U+2028 is no line end", robots: "User-agent: *\nDisallow: /x\u2028Disallow: /a", path: "/a", allowed: true },
  { name: "blanks before the colon", robots: "User-agent : *\nDisallow\t : /a", path: "/a", allowed: false },
  { name: "no blank after the colon", robots: "user-agent:*\ndisallow:/a", path: "/a", allowed: false },
  { name: "a blank line in a group", robots: "User-agent: *\n\n\nDisallow: /a", path: "/a", allowed: false },
  { name: "a comment after a rule", robots: everyone("Disallow: /a # not here"), path: "/a", allowed: false },
  { name: "blanks after a path", robots: everyone("Disallow: /a \t "), path: "/a", allowed: false },
  ...["Disalow", "Dissallow", "Dissalow", "Diasllow", "Disallaw", "DISALLOW"].map((field) => ({
    name: `the field ${field}`,
    robots: everyone(`${field}: /a`),
    path: "/a",
    allowed: false,
  })),
  { name: "the field User agent", robots: "User agent: *\nDisallow: /a", path: "/a", allowed: false },
  { name: "the field Useragent", robots: "Useragent: *\nDisallow: /a", path: "/a", allowed: false },
  { name: "a missing colon", robots: "User-agent *\nDisallow /a", path: "/a", allowed: false },
  { name: "words are no rule", robots: everyone("Disallow all of the pages"), path: "/all", allowed: true },
  {
    name: "a page in place of the file",
    robots: "<!DOCTYPE html><title>Gone</title><p>User-agent: * Disallow: /",
    path: "/a",
    allowed: true,
  },
  { name: "nothing", robots: "", path: "/a", allowed: true },
];

const paths: Case[] = [
  { name: "a path without a slash", robots: everyone("Disallow: a"), path: "/a", allowed: true },
  { name: "a whole address", robots: everyone("Disallow: https://garden.test/a"), path: "/a", allowed: true },
  { name: "a wildcard without a slash", robots: everyone("Disallow: *.pdf$"), path: "/x/y.pdf", allowed: false },
  { name: "an end before a query", robots: everyone("Disallow: /*.pdf$"), path: "/x.pdf?v=1", allowed: true },
  { name: "an end after a query", robots: everyone("Disallow: /*v=1$"), path: "/x.pdf?v=1", allowed: false },
  { name: "a dollar before the end", robots: everyone("Disallow: /a$$"), path: "/a$", allowed: false },
  { name: "a dollar inside", robots: everyone("Disallow: /a$b"), path: "/a$b", allowed: false },
  { name: "the end of the root alone", robots: everyone("Disallow: /$"), path: "/a", allowed: true },
  { name: "parts that overlap", robots: everyone("Disallow: /ab*bc$"), path: "/abc", allowed: true },
  { name: "parts in order", robots: everyone("Disallow: /*a*b*c"), path: "/xaybzc", allowed: false },
  { name: "parts out of order", robots: everyone("Disallow: /*b*a"), path: "/xayb", allowed: true },
  { name: "an anchored wildcard at the end", robots: everyone("Disallow: /a*$"), path: "/a/b", allowed: false },
  {
    name: "the longest pattern decides",
    robots: everyone("Allow: /help/\nDisallow: /*/private"),
    path: "/help/private",
    allowed: false,
  },
  { name: "the order does not", robots: everyone("Disallow: /\nAllow: /help"), path: "/help/x", allowed: true },
  {
    name: "of equal ones the allowing",
    robots: everyone("Disallow: /help\nAllow: /help"),
    path: "/help",
    allowed: true,
  },
  {
    name: "wildcards count for the length",
    robots: everyone("Allow: /help\nDisallow: /help****"),
    path: "/help",
    allowed: false,
  },
  {
    name: "lower-case escapes in the file",
    robots: everyone("Disallow: /caf%c3%a9"),
    path: "/caf%C3%A9",
    allowed: false,
  },
  {
    name: "lower-case escapes in the address",
    robots: everyone("Disallow: /caf%C3%A9"),
    path: "/caf%c3%a9",
    allowed: false,
  },
  { name: "bare UTF-8 in the file", robots: everyone("Disallow: /café"), path: "/caf%C3%A9", allowed: false },
  { name: "an escaped letter in the file", robots: everyone("Disallow: /%61ccount"), path: "/account", allowed: false },
  {
    name: "an escaped letter in the address",
    robots: everyone("Disallow: /account"),
    path: "/%61ccount",
    allowed: false,
  },
  { name: "an escaped slash is another path", robots: everyone("Disallow: /a/b"), path: "/a%2Fb", allowed: true },
  { name: "a bare percent", robots: everyone("Disallow: /20%-less"), path: "/20%-less", allowed: false },
  { name: "an escaped wildcard", robots: everyone("Disallow: /a%2Ab"), path: "/a*b", allowed: false },
  { name: "an escaped wildcard is none", robots: everyone("Disallow: /a%2Ab"), path: "/axb", allowed: true },
  { name: "an escaped dollar", robots: everyone("Disallow: /a%24"), path: "/a$b", allowed: false },
  {
    name: "square brackets",
    robots: everyone("Disallow: /*?filter[size]="),
    path: "/s?filter[size]=4",
    allowed: false,
  },
  {
    name: "escaped square brackets",
    robots: everyone("Disallow: /*?filter[size]="),
    path: "/s?filter%5Bsize%5D=4",
    allowed: false,
  },
  { name: "other brackets and bars", robots: everyone("Disallow: /{a}|b^c"), path: "/{a}|b^c", allowed: false },
  { name: "a quote", robots: everyone("Disallow: /o'hara"), path: "/o'hara", allowed: false },
  {
    name: "an address in a query",
    robots: everyone("Disallow: /go?to=https://x.test"),
    path: "/go?to=https%3A%2F%2Fx.test",
    allowed: false,
  },
  { name: "a query alone", robots: everyone("Disallow: /?s="), path: "/?s=x", allowed: false },
  { name: "dots in the address", robots: everyone("Disallow: /private"), path: "/x/../private", allowed: false },
  {
    name: "a double slash is another path",
    robots: everyone("Disallow: /private"),
    path: "https://garden.test//private",
    allowed: true,
  },
  { name: "a fragment is no path", robots: everyone("Disallow: /a"), path: "/b#/a", allowed: true },
  { name: "an empty rule beside another", robots: everyone("Disallow:\nDisallow: /a"), path: "/a", allowed: false },
  {
    name: "the port of the scheme",
    robots: everyone("Disallow: /a"),
    path: "https://garden.test:443/a",
    allowed: false,
  },
];

describe("robots.txt", () => {
  describe.each([
    ["groups", groups],
    ["lines", lines],
    ["paths", paths],
  ])("%s", (_kind, cases) => {
    it.each(cases)("$name", ({ allowed, ...question }) => expect(ask(question)).toBe(allowed));
  });

  it("is read up to 500 KiB, and not the line that this cuts", () => {
    const rule = "\nDisallow: /abc";
    const filled = (extra: number) =>
      `User-agent: *\n#${"x".repeat(maxRobotsBytes - "User-agent: *\n#".length - rule.length + extra)}${rule}\n`;
    expect(ask({ robots: filled(0), path: "/abc" })).toBe(true);
    expect(ask({ robots: filled(-1), path: "/abc" })).toBe(false);
    expect(ask({ robots: filled(2), path: "/a" })).toBe(true);
  });

  it("names sitemaps, for all crawlers", () => {
    const robots = "Sitemap: https://garden.test/a.xml\nUser-agent: Other\nDisallow: /\nsite-map: /b.xml";
    expect(readRobotsFile(Buffer.from(robots), "FormBot").sitemaps).toEqual(["https://garden.test/a.xml", "/b.xml"]);
  });

  it("names a delay for each crawler of a list", () => {
    const robots = "User-agent: A\nCrawl-delay: 10\n\nUser-agent: *\nCrawl-delay: 0.5\nDisallow: /x";
    expect(readRobotsFile(Buffer.from(robots), "A").crawlDelaySeconds).toBe(10);
    expect(readRobotsFile(Buffer.from(robots), "B").crawlDelaySeconds).toBe(0.5);
    expect(readRobotsFile(Buffer.from(everyone("Crawl-delay: soon")), "B").crawlDelaySeconds).toBeUndefined();
  });

  it("matches a long address against many wildcards without backtracking", () => {
    const robots = everyone(`Disallow: /${"a*".repeat(1000)}b$`);
    const started = performance.now();
    expect(ask({ robots, path: `/${"a".repeat(4000)}` })).toBe(true);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("token of a crawler", () => {
  it("is the name before its version", () => {
    expect(agentToken("Form_Bot-x/1.0 (+https://form.test)")).toBe("form_bot-x");
    expect(agentToken("Mozilla/5.0 AppleWebKit/1 (KHTML, like Gecko; compatible; FormBot/1.0) Chrome/1")).toBe(
      "formbot",
    );
    expect(agentToken("Mozilla/5.0 (Windows)")).toBe("mozilla");
    expect(agentToken("360Reader")).toBe("");
  });
});
