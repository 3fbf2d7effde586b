#!/usr/bin/env bash
# bullmq 6.7.0 on ioredis 6.0.0, with a redis-server (tried with 7.0.15).
# Expected: a Worker whose Redis answers its scripts with an error (here: memory full, maxmemory-policy noeviction, as BullMQ
#   asks for) pauses between attempts, as it does where there is no connection (runRetryDelay).
# Observed: it asks again at once: thousands of `error` events in two seconds, and one core busy, for as long as that lasts.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 ioredis@6.0.0
redis-server --unixsocket "$folder/redis.sock" --port 0 --save "" --dir "$folder" --maxmemory-policy noeviction >/dev/null &
server=$!
until [ -S "$folder/redis.sock" ]; do sleep 0.1; done
cat >spin.mjs <<'JS'
import { Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
const connection = { path: `${process.cwd()}/redis.sock`, maxRetriesPerRequest: null };
const queue = new Queue("q", { connection });
await queue.add("job", {});
await new Redis(connection).config("SET", "maxmemory", "1");
let errors = 0;
const worker = new Worker("q", async () => {}, { connection });
worker.on("error", () => (errors += 1));
setTimeout(() => {
  console.log(`${errors} error events in two seconds`);
  process.exit(errors > 1000 ? 0 : 1);
}, 2000);
JS
node spin.mjs
