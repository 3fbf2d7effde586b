#!/usr/bin/env bash
# robots-parser 3.0.1, exclusion 0.2.0; beside them robots-txt-guard 1.0.2 with robots-txt-parse 2.0.1.
# Expected: `Disallow: /*?filter[`, by which shops keep crawlers out of their filtered lists, forbids `/shoes?filter[color]=red`: rule and
#   address have the same octets, and reserved ones are encoded in both before they are compared (RFC 9309, 2.2.2).
# Observed: robots-parser and exclusion encode the brackets of the one and not of the other, so the rule never matches that address, and
#   the list is allowed. So is it with the whole parameter in the rule, which the third parser has right too.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund robots-parser@3.0.1 exclusion@0.2.0 robots-txt-guard@1.0.2 robots-txt-parse@2.0.1
cat >brackets.mjs <<'JS'
import { Readable } from "node:stream";
import { RobotsTxt } from "exclusion";
import robotsParser from "robots-parser";
import guard from "robots-txt-guard";
import parse from "robots-txt-parse";
const site = "https://shop.example";
const cases = [
  ["/*?filter[", "/shoes?filter[color]=red", { "robots-parser": true, exclusion: true, guard: false }],
  ["/*filter[color]=", "/shoes?filter[color]=red", { "robots-parser": true, exclusion: true, guard: false }],
  ["/*?sort=", "/shoes?sort=price", { "robots-parser": false, exclusion: false, guard: false }],
];
let holds = true;
for (const [rule, address, seen] of cases) {
  const text = `User-agent: *\nDisallow: ${rule}\n`;
  const allowed = {
    "robots-parser": robotsParser(`${site}/robots.txt`, text).isAllowed(site + address, "shop-bot"),
    exclusion: new RobotsTxt(text).isPathAllowed(address, "shop-bot"),
    guard: guard(await parse(Readable.from([text]))).isAllowed("shop-bot", address),
  };
  console.log(rule, address, allowed);
  holds &&= Object.entries(seen).every(([name, value]) => allowed[name] === value);
}
process.exit(holds ? 0 : 1);
JS
node brackets.mjs
