#!/usr/bin/env bash
# esbuild 0.28.2, where it rewrites `using` (any target that lacks it, such as node22 or node24).
# Expected: each round of a loop disposes of its own resources, as the language says and Node 24 does without esbuild.
# Observed: the flag that a block has thrown is a `var` and outlives the round. A round without an error throws, at its end, the error that an
#   earlier round threw and that was caught there: a second try after a failed first one fails with the first one's error.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --allow-scripts=esbuild esbuild@0.28.2 2>/dev/null || npm install --silent --no-audit --no-fund esbuild@0.28.2
cat >rounds.mjs <<'JS'
const open = () => ({ [Symbol.dispose]: () => undefined });
const told = [];
for (const round of [1, 2]) {
  try {
    using resource = open();
    if (round === 1) throw new Error("of round 1");
    told.push(`round ${round}: done`);
  } catch (error) {
    told.push(`round ${round}: error ${error.message}`);
  }
}
console.log(told.join("; "));
JS
npx esbuild rounds.mjs --target=node22 --outfile=rewritten.mjs --log-level=error
node rewritten.mjs
[ "$(node rewritten.mjs)" = "round 1: error of round 1; round 2: done; round 2: error of round 1" ]
