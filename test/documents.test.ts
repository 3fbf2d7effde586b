import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, normalize } from "node:path";
import { marked, type Token } from "marked";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const documents = globSync(["*.md", "docs/**/*.md", "findings/*.md", ".github/**/*.md"], { cwd: root });
const files = new Set(
  globSync("**/*", { cwd: root, exclude: (name) => name === "node_modules" || name === ".git" }).concat(
    globSync(".*", { cwd: root }),
    globSync(".{ci,github}/**/*", { cwd: root }),
  ),
);

describe("documents", () => {
  it("link to files and headings that exist", async () => {
    const contents = new Map(await Promise.all(documents.map(async (path) => [path, await tokensOf(path)] as const)));
    const headings = new Map([...contents].map(([path, tokens]) => [path, new Set(anchorsOf(tokens))]));
    const broken = [...contents].flatMap(([path, tokens]) =>
      linksOf(tokens)
        .filter((href) => !/^([a-z]+:|…)/.test(href))
        .filter((href) => {
          const [file = "", anchor] = href.split("#");
          const target = file === "" ? path : normalize(join(dirname(path), file)).replace(/\/$/, "");
          if (!files.has(target)) return true;
          return anchor !== undefined && headings.get(target)?.has(anchor) === false;
        })
        .map((href) => `${path}: ${href}`),
    );
    expect(broken).toEqual([]);
  });

  it("name source files that exist", async () => {
    const missing: string[] = [];
    for (const path of documents) {
      for (const [, name = ""] of (await readFile(join(root, path), "utf8")).matchAll(namedFile)) {
        if (!files.has(name)) missing.push(`${path}: ${name}`);
      }
    }
    expect(missing).toEqual([]);
  });
});

/** Path of a source file in code marks, from the root of the repository. */
const namedFile = /`((?:services|shared|tools|test|bench|scripts|migrations|deploy)\/[\w./-]+\.(?:ts|cjs|yml|sh))`/g;

async function tokensOf(path: string): Promise<Token[]> {
  return marked.lexer(await readFile(join(root, path), "utf8"));
}

function linksOf(tokens: Token[]): string[] {
  const links: string[] = [];
  void marked.walkTokens(tokens, (token) => {
    if (token.type === "link" || token.type === "image") links.push(token.href as string);
  });
  return links;
}

/** Anchors of headings, derived as GitHub does: lower case, no punctuation, spaces as hyphens. */
function anchorsOf(tokens: Token[]): string[] {
  const headings = tokens.filter((token) => token.type === "heading");
  return headings.map((token) =>
    (token as { text: string }).text
      .replaceAll(/[`*]|\[|\]\([^)]*\)/g, "")
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\- ]/gu, "")
      .replaceAll(" ", "-"),
  );
}
