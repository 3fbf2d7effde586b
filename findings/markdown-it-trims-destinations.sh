#!/usr/bin/env bash
# markdown-it 15.0.3
# Expected: white space beyond ASCII is a part of a link's destination, as CommonMark has it and micromark 4.0.3 renders it:
#   a relative address that begins with %C2%A0, or %E3%80%80.
# Observed: the destination is trimmed as JavaScript trims, so the same text links to another address, with another scheme.
set -euo pipefail
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --save-exact markdown-it@15.0.3 micromark@4.0.3
cat >try.mjs <<'JS'
import MarkdownIt from "markdown-it";
import { micromark } from "micromark";
const href = (html) => /href="([^"]*)"/.exec(html)?.[1];
let same = true;
for (const [space, encoded] of [["\u00a0", "%C2%A0"], ["\u3000", "%E3%80%80"]]) {
  const text = `[a](<${space}https://example.com/>)`;
  const [theirs, reference] = [href(new MarkdownIt().render(text)), href(micromark(text, { allowDangerousProtocol: true }))];
  console.log({ "markdown-it": theirs, micromark: reference });
  same &&= theirs === "https://example.com/" && reference === `${encoded}https://example.com/`;
}
process.exit(same ? 0 : 1);
JS
node try.mjs
