#!/usr/bin/env bash
# untruncate-json 0.0.1; beside it partial-json 0.1.7.
# Expected: what comes out is valid JSON, as its documentation promises for each text that begins a valid one.
# Observed: the quote after a `\u` escape does not end the string. A whole text, as servers that write ASCII alone send it, gets a quote
#   appended that makes it invalid, and of a cut one the end is mended for the wrong place, until another string ends in such an escape.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund untruncate-json@0.0.1 partial-json@0.1.7
cat >escape.mjs <<'JS'
import { parse } from "partial-json";
import untruncate from "untruncate-json";
const cases = [
  [String.raw`{"price":"12 \u20ac"}`, String.raw`{"price":"12 \u20ac"}"}`],
  [String.raw`{"price":"12 \u20ac","note":"se`, String.raw`{"price":"12 \u20ac","note":"se}`],
  [String.raw`{"price":"\u20ac 12","note":"se`, String.raw`{"price":"\u20ac 12","note":"se"}`],
];
const valid = (text) => {
  try {
    return Boolean(JSON.parse(text));
  } catch {
    return false;
  }
};
let holds = true;
for (const [text, mended] of cases) {
  const theirs = untruncate.default(text);
  console.log(`${text}\n  ${theirs} (${valid(theirs) ? "valid" : "invalid"})\n  partial-json: ${JSON.stringify(parse(text))}`);
  holds &&= theirs === mended && valid(theirs) === text.includes("\\u20ac 12") && parse(text).price.includes("€");
}
process.exit(holds ? 0 : 1);
JS
node escape.mjs
