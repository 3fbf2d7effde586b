#!/usr/bin/env bash
# best-effort-json-parser 1.5.1, incomplete-json-parser 1.1.5; beside them partial-json 0.1.7.
# Expected: a number with an exponent, as RFC 8259 (section 6) has it, is one number, whether or not the text goes on to its end.
# Observed: in a text that is cut further on, best-effort-json-parser ends the number before the `e` and reads the rest as the next element
#   or key, so the keys that follow have other names. incomplete-json-parser leaves out an `e` that has a sign, so that `1e+2` is 12, in a
#   whole text too. Neither says so.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund best-effort-json-parser@1.5.1 incomplete-json-parser@1.1.5 partial-json@0.1.7
cat >exponent.mjs <<'JS'
import bestEffort from "best-effort-json-parser";
import { IncompleteJsonParser } from "incomplete-json-parser";
import { parse } from "partial-json";
bestEffort.disableErrorLogging();
const incomplete = (text) => {
  const parser = new IncompleteJsonParser();
  parser.write(text);
  return parser.getObjects();
};
const cases = [
  [bestEffort.parse, '{"amount":1.2e3,"note":"sent', { amount: 1.2, 'e3,"note"': "sent" }, { amount: 1200, note: "sent" }],
  [bestEffort.parse, "[2.5e-7,4", [2.5, "e-7", 4], [2.5e-7, 4]],
  [incomplete, '[1e+2,"sent"]', [12, "sent"], [100, "sent"]],
];
let holds = true;
for (const [read, text, ...readings] of cases) {
  const [wrong, right] = readings.map((reading) => JSON.stringify(reading));
  const [theirs, reference] = [JSON.stringify(read(text)), JSON.stringify(parse(text))];
  console.log(`${text}\n  ${theirs}\n  partial-json: ${reference}`);
  holds &&= theirs === wrong && reference === right;
}
process.exit(holds ? 0 : 1);
JS
node exponent.mjs
