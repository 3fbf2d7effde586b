#!/usr/bin/env bash
# jsonrepair 3.15.0 (and 3.14.1); beside it 3.14.0.
# Expected: JSON that is valid comes out as it went in, and in a cut text only the cut place is mended.
# Observed: when the last string of an array has a bracket that it does not close, it is broken at that bracket, without an error:
#   `["Ctrl","["]` becomes `["Ctrl","",[""]]`. In a cut text all that follows is drawn into that new array. 3.14.0 leaves such strings alone.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund jsonrepair@3.15.0 before@npm:jsonrepair@3.14.0
cat >split.mjs <<'JS'
import { jsonrepair as before } from "before";
import { jsonrepair } from "jsonrepair";
const cases = [
  ['{"keys":["Ctrl","["]}', '{"keys":["Ctrl","",[""]]}'],
  ['{"notes":["sizes [M, L"]}', '{"notes":["sizes", ["M", "L"]]}'],
  ['{"keys":["Ctrl","["],"note":"see', '{"keys":["Ctrl","",["]","note",":","see"]]}'],
];
let holds = true;
for (const [written, wrong] of cases) {
  const [now, then] = [jsonrepair(written), before(written)];
  console.log(`${written}\n  3.15.0  ${now}\n  3.14.0  ${then}`);
  holds &&= now === wrong && then.startsWith(written);
}
process.exit(holds ? 0 : 1);
JS
node split.mjs
