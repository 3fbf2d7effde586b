#!/usr/bin/env bash
# @sentool/fetch-event-source 0.6.0, a client of server-sent events.
# Expected: an event arrives whole, however the network cuts its bytes; a stream knows nothing of the stream before it.
# Observed: a piece that ends in the middle of a line gives an event without data besides, so JSON.parse(event.data) throws at random moments.
#   What is left over when one request ends stands before the first line of the next request, in whose event it is read: the text of
#   one conversation in that of another.
# Exits 0 while that is so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @sentool/fetch-event-source@0.6.0
cat >split.mjs <<'JS'
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { fetchEventSource } from "@sentool/fetch-event-source";
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
const read = async () => {
  const texts = [];
  await fetchEventSource(url, { onmessage: ({ data }) => texts.push(data ?? null) });
  return texts;
};
pieces = ["data: whole\n\n"];
const whole = await read();
pieces = ["data: Your or", "der is on its way\n\n"];
const cut = await read();
pieces = ["data: first\n\n", "data: left over"];
await read();
pieces = ["data: another answer\n\n"];
const next = await read();
console.log(`in one piece: ${JSON.stringify(whole)}; in two: ${JSON.stringify(cut)}; after a request that left a rest: ${JSON.stringify(next)}`);
process.exit(whole.join() === "whole" && cut[0] === null && cut[1] === "Your order is on its way" && next.join() === "left overdata: another answer" ? 0 : 1);
JS
node split.mjs
