#!/usr/bin/env bash
# Node 24.21.0 (npm package node@24.21.0): AbortSignal.any
#
# Expected: a composite signal that nothing refers to is collected together with its sources and its listener, as an
# ordinary signal is, whatever the listener refers to.
# Observed: Node holds a composite with a listener from a root of its own for as long as a source lives. If the listener
# reaches a source, as a closure of the same job usually does, that is for ever: 10,000 jobs of 4 KB keep 40 MB. The same
# with an ordinary signal keeps nothing.
# Consequence: a worker that waits for "this job was stopped, or its time is over" keeps every job it has ever done, unless
# each listener is removed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true, "allowScripts": {"node": true}}' >package.json
npm install --no-audit --no-fund --loglevel=error node@24.21.0 >/dev/null

cat >check.mjs <<'JS'
const count = 10_000;

async function heap() {
  for (let turn = 0; turn < 6; turn++) {
    gc();
    await new Promise(setImmediate);
  }
  return process.memoryUsage().heapUsed;
}

async function keptBytes(signalOf) {
  const run = async (times) => {
    for (let index = 0; index < times; index++) {
      const job = { stop: new AbortController(), late: new AbortController(), text: new Array(500).fill(index) };
      signalOf(job).addEventListener("abort", () => job.text);
      if (index % 500 === 0) await new Promise(setImmediate);
    }
  };
  await run(1000);
  const before = await heap();
  await run(count);
  return ((await heap()) - before) / count;
}

const plain = await keptBytes(({ stop }) => stop.signal);
const composite = await keptBytes(({ stop, late }) => AbortSignal.any([stop.signal, late.signal]));
console.log(`${process.version}: ${plain.toFixed(0)} bytes kept of a job with a listener on its own signal`);
console.log(`${process.version}: ${composite.toFixed(0)} bytes kept of one with the listener on AbortSignal.any`);
process.exit(plain < 100 && composite > 3000 ? 0 : 1);
JS
node_modules/.bin/node --expose-gc check.mjs
