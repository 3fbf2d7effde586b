#!/usr/bin/env bash
# eld 2.1.0, the four sizes of its database that the package ships.
# Expected: the shortest questions of Chinese shoppers are detected as Chinese, or as of no language, by each size.
# Observed: 退货 (return of goods) has no language in three sizes, and the large one calls it Japanese, though it has a sign that
#   Japanese does not use. Three of these eight have none in the two smaller sizes, so a larger size is no cure.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund eld@2.1.0
cat >han.mjs <<'JS'
const questions = ["退货", "运费多少", "可以退款吗", "配送时间", "尺码表", "营业时间", "付款方式", "发票"];
const said = new Map();
for (const size of ["extrasmall", "small", "medium", "large"]) {
  const { eld } = await import(`eld/${size}`);
  said.set(size, questions.map((question) => eld.detect(question).language || "none"));
  console.log(`${size}: ${questions.map((question, at) => `${question} ${said.get(size)[at]}`).join(", ")}`);
}
const unknown = (size) => said.get(size).filter((language) => language === "none").length;
process.exit(said.get("large")[0] === "ja" && unknown("extrasmall") === 3 && unknown("small") === 3 ? 0 : 1);
JS
node han.mjs
