#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0.
# Expected: RateLimiterMemory refuses the second of two calls where one a month is allowed.
# Observed: it forgets each key by a timer of the whole duration. Timers of Node hold 2^31 - 1 ms, about 24.8 days, and a longer one runs out
#   after 1 ms: with a duration of 24 days the second call is refused, with 25 every call is the first, and nothing is refused, ever. Node
#   prints a warning of the timer, not of the limit. RateLimiterRedis and RateLimiterPostgres hold such durations; where this limiter is
#   their insurance, the limit is gone while the store is away.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund rate-limiter-flexible@11.4.0
cat >months.mjs <<'JS'
import { RateLimiterMemory } from "rate-limiter-flexible";
import { setTimeout as sleep } from "node:timers/promises";
const second = {};
for (const days of [24, 25, 31]) {
  const limiter = new RateLimiterMemory({ points: 1, duration: days * 86_400 });
  await limiter.consume("visitor");
  await sleep(100);
  second[days] = await limiter.consume("visitor").then(() => "allowed", () => "refused");
}
console.log(`one call allowed in so many days, the second one is: ${JSON.stringify(second)}`);
process.exit(second[24] === "refused" && second[25] === "allowed" && second[31] === "allowed" ? 0 : 1);
JS
node months.mjs
