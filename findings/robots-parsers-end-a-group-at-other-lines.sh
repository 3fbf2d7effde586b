#!/usr/bin/env bash
# robots-parser 3.0.1, robots-txt-guard 1.0.2 with robots-txt-parse 2.0.1; beside them exclusion 0.2.0.
# Expected: a `Sitemap` line between two `User-agent` lines does not end the group (RFC 9309, 2.2.4), and a group of one crawler that is
#   written in two places is one (2.2.1). A group without rules forbids nothing.
# Observed: robots-parser ends the group at the `Sitemap`, so the crawler above it may fetch what the rules below forbid; and a crawler whose
#   group has no rules is held to those of `*`. The guard ends it there too, and knows the first of two groups only. exclusion has all three
#   right.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund robots-parser@3.0.1 exclusion@0.2.0 robots-txt-guard@1.0.2 robots-txt-parse@2.0.1
cat >groups.mjs <<'JS'
import { Readable } from "node:stream";
import { RobotsTxt } from "exclusion";
import robotsParser from "robots-parser";
import guard from "robots-txt-guard";
import parse from "robots-txt-parse";
const site = "https://shop.example";
const cases = [
  [["User-agent: shop-bot", `Sitemap: ${site}/sitemap.xml`, "User-agent: other-bot", "Disallow: /cart"], "/cart", { "robots-parser": true, guard: true, exclusion: false }],
  [["User-agent: shop-bot", "Disallow: /cart", "", "User-agent: *", "Disallow: /", "", "User-agent: shop-bot", "Disallow: /account"], "/account", { "robots-parser": false, guard: true, exclusion: false }],
  [["User-agent: *", "Disallow: /", "", "User-agent: shop-bot"], "/help", { "robots-parser": false, guard: true, exclusion: true }],
];
let holds = true;
for (const [lines, path, seen] of cases) {
  const text = `${lines.join("\n")}\n`;
  const allowed = {
    "robots-parser": robotsParser(`${site}/robots.txt`, text).isAllowed(site + path, "shop-bot"),
    guard: guard(await parse(Readable.from([text]))).isAllowed("shop-bot", path),
    exclusion: new RobotsTxt(text).isPathAllowed(path, "shop-bot"),
  };
  console.log(lines.join(" / "), path, allowed);
  holds &&= Object.entries(seen).every(([name, value]) => allowed[name] === value);
}
process.exit(holds ? 0 : 1);
JS
node groups.mjs
