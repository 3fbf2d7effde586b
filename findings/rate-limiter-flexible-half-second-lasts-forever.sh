#!/usr/bin/env bash
# rate-limiter-flexible 11.4.0 with ioredis 6.0.0; needs redis-server.
# Expected: two calls in half a second (duration 0.5, in seconds) are a limit that is open again after half a second. RateLimiterMemory does so.
# Observed: RateLimiterRedis cuts the duration to whole seconds, here 0, and keeps the key without an end (TTL -1): once the calls are used up,
#   every later one is refused for good, with msBeforeNext -1. No error says so.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
port=$((20000 + $$ % 20000))
redis-server --port "$port" --save '' --dir "$folder" >/dev/null &
trap 'kill %1; wait; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund rate-limiter-flexible@11.4.0 ioredis@6.0.0
cat >half.mjs <<'JS'
import { Redis } from "ioredis";
import { RateLimiterMemory, RateLimiterRedis } from "rate-limiter-flexible";
import { setTimeout as sleep } from "node:timers/promises";
const redis = new Redis(Number(process.argv[2]));
const options = { points: 2, duration: 0.5, keyPrefix: "half" };
const limiters = { memory: new RateLimiterMemory(options), redis: new RateLimiterRedis({ ...options, storeClient: redis }) };
const later = {};
for (const [name, limiter] of Object.entries(limiters)) {
  await limiter.consume("visitor", 2);
  await sleep(1200);
  later[name] = await limiter.consume("visitor").then(() => "allowed", ({ msBeforeNext }) => `refused, msBeforeNext ${msBeforeNext}`);
}
const ttl = await redis.pttl("half:visitor");
console.log(`after 1.2 s: ${JSON.stringify(later)}; TTL of the key: ${ttl}`);
redis.disconnect();
process.exit(later.memory === "allowed" && later.redis === "refused, msBeforeNext -1" && ttl === -1 ? 0 : 1);
JS
node half.mjs "$port"
