#!/usr/bin/env bash
# ioredis 6.0.0, with a redis-server (tried with 7.0.15).
# Expected: a client made with `db: 9` for a server that has four databases does not become ready: none of its commands may
#   reach another database than the one it was made for.
# Observed: it emits `error` once ("ERR DB index is out of range"), becomes ready, and runs every command in database 0.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
server=""
trap 'if [ -n "$server" ]; then kill "$server"; wait "$server" || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund ioredis@6.0.0
redis-server --unixsocket "$folder/redis.sock" --port 0 --save "" --dir "$folder" --databases 4 >/dev/null &
server=$!
until [ -S "$folder/redis.sock" ]; do sleep 0.1; done
cat >select.mjs <<'JS'
import { Redis } from "ioredis";
const path = `${process.cwd()}/redis.sock`;
const wrong = new Redis({ path, db: 9 });
wrong.on("error", (error) => console.log(`error event: ${error.message}`));
await wrong.set("meant for database 9", "1");
const zero = new Redis({ path });
const found = await zero.exists("meant for database 9");
console.log(found === 1 ? "the key is in database 0" : "the key is not in database 0");
process.exit(found === 1 ? 0 : 1);
JS
node select.mjs
