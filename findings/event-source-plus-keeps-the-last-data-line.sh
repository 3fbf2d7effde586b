#!/usr/bin/env bash
# event-source-plus 0.1.15, a client of server-sent events.
# Expected: the data of an event are all its data lines, joined by line breaks (HTML standard, 9.2.6).
# Observed: each data line takes the place of the one before: of a text with line breaks only the last line arrives.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund event-source-plus@0.1.15
cat >lines.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { EventSourcePlus } from "event-source-plus";
// Sends the pieces of a stream by themselves, then ends the connection.
let pieces = [];
const server = createServer(async (request, response) => {
  response.writeHead(200, { "Content-Type": "text/event-stream" });
  for (const piece of pieces) {
    response.write(piece);
    await sleep(50);
  }
  response.end();
}).listen(0);
await new Promise((resolve) => server.once("listening", resolve));
const url = `http://127.0.0.1:${server.address().port}/`;
pieces = ["data: Two plates.\ndata: One cup.\ndata: No spoon.\n\n", "data: one line\n\n"];
const texts = [];
await new Promise((resolve) => {
  const events = new EventSourcePlus(url, { maxRetryCount: 1 });
  const listening = events.listen({
    onMessage({ data }) {
      texts.push(data);
      if (texts.length === 2) resolve(listening.abort());
    },
  });
});
console.log(`three lines and one: ${JSON.stringify(texts)}`);
process.exit(JSON.stringify(texts) === JSON.stringify(["No spoon.", "one line"]) ? 0 : 1);
JS
node lines.mjs
